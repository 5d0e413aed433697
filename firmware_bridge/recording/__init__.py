"""What was on the wire, kept in a file: written while it is watched, read, replayed and drawn."""
