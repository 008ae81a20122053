"""Any bytes as a file, a place and a value: an edit works or is refused."""
