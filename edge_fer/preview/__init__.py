"""`edge-fer preview`: a local page that shows what the daemon sees, and why it decides as it does.

`feed` takes pictures from the daemon, `bus` its frames, `senses` what is seen since when. `server`
serves the page in `page/`, and `access` says to whom.
"""
