"""The live monitor of frames: sources, screen, log, plot."""
