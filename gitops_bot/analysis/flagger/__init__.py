"""Flagger's analysis, re-told: its metric checks, its failed checks and phases, its metrics and their templates.

Exact where the tables of the conformance data say what is right. Nothing here decides: the judge `flagger` does.
"""
