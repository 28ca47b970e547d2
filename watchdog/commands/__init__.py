"""The commands of `sre-watchdog`. Each imports what is heavy by itself, so `--help` is fast."""
