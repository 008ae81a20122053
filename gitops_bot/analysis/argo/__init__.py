"""Argo Rollouts' analysis, run here: its condition language, its measurements, its limits and its templates.

Exact where the tables of the conformance data say what is right; what this version does not serve is refused by name.
Nothing here runs code: a condition is read to a tree and the tree is walked, within limits.
"""
