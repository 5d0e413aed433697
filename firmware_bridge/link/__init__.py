"""The sending side: the send schedule, and a connection that reopens a lost port."""
