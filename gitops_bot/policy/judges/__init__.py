"""What users may tell a judge: one model for each, named as the judge."""
