"""Kong Konnect's Notification Hub v1, as its published description says."""
