"""Fixtures that every level of tests may use."""

pytest_plugins = ["tests.cluster_fixtures"]
