"""Pseudo-terminals, keys and interrupts of a person's terminal."""
