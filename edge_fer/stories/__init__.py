"""Stories of drivers, told to the policy as synthetic observations: its tests and its benchmark."""
