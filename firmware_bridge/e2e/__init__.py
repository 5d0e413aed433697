"""AUTOSAR end-to-end protection of what crosses the wire, as pure state machines."""
