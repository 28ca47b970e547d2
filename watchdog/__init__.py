"""The SRE watchdog: observe, diagnose, remediate and verify, one pass at a time."""

__version__ = "0.1.0"
