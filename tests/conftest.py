"""Fixtures that every level of tests may use."""

pytest_plugins = ["tests.support.cluster_fixtures"]
