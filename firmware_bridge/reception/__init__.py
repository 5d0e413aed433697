"""The receiving side: checks each frame, supervises the stream, reports what was rejected."""
