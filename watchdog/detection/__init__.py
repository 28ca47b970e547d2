"""The toolbox of the detectors: containers, logs, probes, owners, messages, the form of a kind."""
