"""The config file: its sections from all packages put together, checked, shown, reloaded."""
