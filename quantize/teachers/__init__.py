"""Larger networks that label training data; they stay on the workstation."""
