"""The command line, one module per group of verbs. Only `workstation` imports `quantize`."""
