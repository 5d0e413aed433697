"""From timed observations to a driver state: pure functions of evidence and time."""
