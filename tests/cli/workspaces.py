"""What most tests of commands declare: two integrations, and a subscription to both."""

from __future__ import annotations

SECRET = "https://hooks.slack.com/services/canary-url"
WORKSPACE = """\
version: 1
provider: confluent
integrations:
  slack:
    display_name: Platform alerts
    target: {kind: Slack, webhook_url: "${SLACK_URL}"}
  admins:
    target: {kind: RoleEmail, role_name: OrganizationAdmin}
subscriptions:
  - notification_type: Kafka cluster shrink failure
    integrations: [slack, admins]
"""
