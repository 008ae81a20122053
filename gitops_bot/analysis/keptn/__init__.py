"""Keptn's evaluations, both generations: `lighthouse` (v1, slo.yaml) and `definition` (AnalysisDefinition)."""
