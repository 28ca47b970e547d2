"""What a pass costs, on a real API server without nodes: `python -m benchmarks --help`."""
