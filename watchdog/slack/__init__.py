"""Slack: one message for each incident, its replies, and what people answer there."""
