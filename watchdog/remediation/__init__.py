"""From a plan to a change: policy, where values come from, preview, apply and undo."""
