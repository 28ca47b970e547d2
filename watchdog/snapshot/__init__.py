"""What was seen of a namespace, as plain immutable values. Types only, nothing is read here."""
