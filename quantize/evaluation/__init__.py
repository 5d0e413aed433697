"""What a network is right about, and how sure it is."""
