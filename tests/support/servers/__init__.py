"""Real servers for tests: found on the machine or brought into a cache, started on loopback, always stopped."""
