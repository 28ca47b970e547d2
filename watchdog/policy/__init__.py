"""What may be written: pure rules between a plan and the API server."""
