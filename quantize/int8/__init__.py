"""Conversion to full int8, kernel-invariant, with the proof that it equals the network."""
