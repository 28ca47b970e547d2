"""Views of a Report: text, Markdown, Slack messages, Kubernetes Events."""
