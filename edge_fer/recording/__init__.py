"""The event recorder, off by default: what the cameras saw around an event, in a capped ring.

`process` is the daemon's side; `child` runs in a process of its own, so that neither a disk that
hangs nor a lack of memory there reaches the vision loop.
"""
