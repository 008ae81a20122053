"""Tests of the adapters, against scripted servers on loopback."""
