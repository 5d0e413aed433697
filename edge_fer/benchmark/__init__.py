"""Figures of the device: how fast it is, stage by stage and end to end.

`verb.run_device_benchmark` is `edge-fer benchmark`. Figures stand beside the conditions that they
were taken under (`conditions`); a run that the device throttled says so instead of being believed.
"""
