"""What the verb and its workers agree on, without Optuna."""

ENVIRONMENT = "env:"
"""A storage of `env:NAME` is in that environment variable."""
