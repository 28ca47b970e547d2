"""Services beside the cluster that need no client library of their own."""
