"""Statistics that may be looked at at any time, on the standard library alone."""
