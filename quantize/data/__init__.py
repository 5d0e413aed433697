"""FER2013 and data like it: reading, caching, votes, augmentation, corruptions, batches."""
