"""Confluent Cloud's `notifications/v1`, as the service is documented to behave."""
