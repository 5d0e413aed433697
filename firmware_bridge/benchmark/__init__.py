"""Bench figures of the link: rates by transport, time to the first byte, time to reconnect.

`verb.run_link_benchmark` is `edge-fer benchmark link`. python-can's own SLCAN is measured beside
ours, on the same kind of pseudo-terminal in the same run: figures of two runs do not compare.
"""
