"""edge-fer beside what else recognises emotions: one run, the same faces, frames and machine."""
