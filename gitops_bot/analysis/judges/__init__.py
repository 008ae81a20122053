"""The judges, one module each."""
