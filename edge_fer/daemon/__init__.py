"""The process that runs on the device: start, loop, status, journal, resume."""
