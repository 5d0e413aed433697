"""The sending side: what is due when, and a connection that is opened again after it was lost."""
