"""Measurements: run by hand, held against goals, written to docs/benchmarks.md."""
