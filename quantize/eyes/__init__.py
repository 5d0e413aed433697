"""The eye network: open or closed, from a grey patch of 24x24."""
