"""Find a face in a frame and follow it."""
