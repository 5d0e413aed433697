"""Draws what the pipeline sees into its own pictures: for people who want to look.

`overlay` and `panel` draw a `live.scene`, `timeline` the states so far.
`source` reads pictures with their times, `video` writes them, `rows` writes the figures.
`verb` puts these together for `edge-fer annotate`.
"""
