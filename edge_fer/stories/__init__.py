"""Scripted drives as synthetic observations, for the policy's tests and its benchmark."""
