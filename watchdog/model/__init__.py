"""Values that cross layers: findings and diagnosis, outcomes, incidents, the report."""
