"""What can happen to a serial line, on purpose and repeatably: for tests and for benches.

- `spec`: which faults and how often, from text such as `flip=0.001,drop=0.02,stall=10,seed=3`.
- `line`: one direction of the line. Pure; the caller brings the time.
- `outages`: when the line stalls, is unplugged, or the controller reboots. Pure.
- `wire`: a cable between two pseudo-terminals that does all this to what it carries.
"""
