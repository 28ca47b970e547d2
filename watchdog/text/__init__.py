"""Text from elsewhere made safe: cleaned, redacted, shortened, formatted. Pure."""
