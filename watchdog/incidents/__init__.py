"""What outlives a pass: incidents, their memory in a ConfigMap, and the Lease around it."""
