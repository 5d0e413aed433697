"""Tuning the emotion network to one's own camera and drivers."""
