"""What the daemon measures of itself: rates, latency, temperature, throttling."""
