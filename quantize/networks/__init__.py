"""Network architectures and what is done to a network's graph."""
