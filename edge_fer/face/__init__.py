"""Finds the driver's face in a frame, tracks it, and reads landmarks, head and eyes."""
