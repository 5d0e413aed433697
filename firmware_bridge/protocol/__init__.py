"""What travels: messages, their database, frames, and the lines and packets that carry them."""
