"""The way to a service: one client with credentials, retries, pacing and redaction; error statuses as exceptions."""
