"""A pass: its run, its stages, the fast path, and what it hands to people."""
