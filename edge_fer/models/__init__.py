"""Networks on the device: cards, checks, store, runtime, and the files that ship."""
