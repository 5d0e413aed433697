"""Networks of others that label pictures for ours; they run on the workstation alone."""
