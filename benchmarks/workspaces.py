"""Workspaces of any size, as YAML text."""

from __future__ import annotations

from collections.abc import Iterator

TYPE = "Connector in FAILED state"


def resource(index: int) -> str:
    """Return the path of one of many connectors."""
    return f"environment=env-{index % 50:04}/cloud-cluster=lkc-{index:06}/connector=connector-{index}"


def workspace(
    *,
    integrations: int = 0,
    subscriptions: int = 0,
    mutes: int = 0,
    muted: bool = False,
    subscribed: int = 0,
    mode: str = "upsert-only",
) -> str:
    """Return a workspace: so many Slack integrations, subscriptions, resources with `muted`, and with subscriptions.

    A resource may be both. Notification types are called `Type 0`, `Type 1`, …, and TYPE.
    """
    lines = _lines(integrations, subscriptions, mutes, subscribed, str(muted).lower())
    return "\n".join((*lines, f"policy: {{mode: {mode}}}")) + "\n"


def _lines(integrations: int, subscriptions: int, mutes: int, subscribed: int, muted: str) -> Iterator[str]:
    yield from ("version: 1", "provider: confluent")
    if integrations:
        yield "integrations:"
    for index in range(integrations):
        yield f"  team-{index}:"
        yield f"    display_name: Team {index}"
        yield f'    target: {{kind: Slack, webhook_url: "${{TEAM_{index}_URL}}"}}'
    if subscriptions:
        yield "subscriptions:"
    for index in range(subscriptions):
        yield f"  - {{notification_type: Type {index}, integrations: [team-{index % integrations}]}}"
    if mutes or subscribed:
        yield "resources:"
    for index in range(max(mutes, subscribed)):
        yield f"  - resource: {resource(index)}"
        if index < mutes:
            yield f"    muted: {muted}"
        if index < subscribed:
            yield "    subscriptions:"
            yield f"      - {{notification_type: {TYPE}, integrations: [team-{index % integrations}]}}"
