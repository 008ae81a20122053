"""What the sequential judge is made of: clean counts, hypotheses on them and on means, and the tests that ask them."""
