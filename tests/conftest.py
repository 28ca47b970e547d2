"""Fixtures that every level of tests may use, and the patience of generated tests."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.cluster_fixtures"]

# How long an example takes says how busy the machine is.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
