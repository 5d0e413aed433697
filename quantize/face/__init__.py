"""The face network: landmarks, head rotation, mouth and presence, from a grey square."""
