"""Notification settings of Confluent Cloud and Kong Konnect as code."""

__version__ = "0.1.0"
