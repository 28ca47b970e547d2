"""Messengers beside Slack, and a signed webhook: a post for each change of an incident."""
