"""The API server: requests, responses, credentials, and the ports that other code asks through."""
