"""Architecture search on Optuna: the paper's random search, and a second one over `edge`."""
