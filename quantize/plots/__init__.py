"""Plots in one style."""
