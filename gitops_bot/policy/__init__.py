"""What users write: schema, loading, rules, templates. Knows the model alone."""
