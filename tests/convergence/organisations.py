"""Organisations as hostile as the emulator can hold them, one strategy a provider: whatever a console or a bug made."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]
State = dict[str, list[Document]]

NASTY = (
    "no",
    "On",
    "true",
    "null",
    "~",
    "1.0",
    "0x1F",
    "1_000",
    "12:30:45",
    "2026-11-22",
    "2026-11-22T12:00:00Z",
    "<<",
    "=",
    "-",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a #b",
    "#platform",
    "!tag",
    "&anchor",
    "*alias",
    "%TAG",
    "@at",
    "`tick",
    "|",
    ">",
    "{a: b}",
    "[a]",
    "a, b",
    "---",
    "...",
    "x-a",
    " padded ",
    "it's",
    '"quoted"',
    "back\\slash",
    "${HOME}",
    "$${HOME}",
    "$$${",
    "${",
    "a\nb",
    "a\tb",
    "\r\n",
    "\x85",
    "\u2028",
    "\xa0",
    "\ufeff",
    "\x00",
    "\x1b[31m",
    "\x7f",
    "\ud800",
    "Überwachung",
    "通知",
    "😀",
    "👩‍💻 oncall",
    "\U0010ffff",
    "",
    "x" * 64,
    "x" * 65,
    "y" * 256,
    "Straße",
    "STRASSE",
    "a*b",
    "a?b",
    "a[b]",
    "a/b",
    "a#b",
)

characters = st.characters(exclude_categories=())
nasty = st.sampled_from(NASTY) | st.text(characters, max_size=70)
names = st.sampled_from(["Alerts", "alerts", "alerts-2", "Oncall", "nt-a", "subscriptions"]) | nasty
"""Few of them, so that many are the same."""

IDS = ("a", "A", "b", "alerts", "no", "1.0", "2 2", "😀", "#", "y" * 256)
"""Ids that can stand in a path."""


def document(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries(required, optional=optional)


def usually(good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One thing in eight is bad: where nothing can be declared, little is tested."""
    return st.sampled_from([good] * 5 + [bad] + [good] * 2).flatmap(lambda chosen: chosen)


@st.composite
def identified(
    draw: st.DrawFn, prefix: str, items: st.SearchStrategy[Document], most: int = 6, member: str = "id"
) -> list[Document]:
    """Objects with ids, in any order."""
    size = draw(st.integers(0, most))
    found = draw(st.lists(items, min_size=size, max_size=size))
    ids = draw(st.permutations(IDS)) if draw(st.booleans()) else IDS
    return [{member: f"{prefix}{name}", **item} for name, item in zip(ids, found, strict=False)]


metadata = usually(
    st.sampled_from([{}, {"deleted_at": "2999-01-01T00:00:00Z"}, {"deleted_at": None}]),
    st.just({"deleted_at": "2020-01-01T00:00:00Z"}),
)


# Confluent Cloud

SECRET = "t0ps3cret"
URLS = (
    *(f"https://hooks.example.test/{SECRET}/{number}" for number in range(4)),
    f"HTTP://[::1]:1/{SECRET}?a=${{b}}#c",
)
NO_URLS = (f"ftp://example.test/{SECRET}", f"https://example.test/{SECRET} x", f"https:///{SECRET}", "", None, 1)
RESOURCES = {"environment=env-1": "ENVIRONMENT", "environment=env-1/connector=c ${x}": "CONNECTOR"}
ORGANIZATION = "organization=o"

urls = usually(st.sampled_from(URLS), st.sampled_from(NO_URLS))
users = usually(st.sampled_from(["u-1", {"id": "u-1"}, {"id": "u-2"}]), st.sampled_from([{"id": "u 3"}, {}, None]))
roles = usually(st.sampled_from(["OrganizationAdmin", "MetricsViewer"]), st.none() | nasty)
targets = usually(
    st.one_of(
        st.builds(lambda url: {"kind": "Slack", "webhook_url": url}, urls),
        st.builds(lambda url: {"kind": "MsTeams", "webhook_url": url}, urls),
        st.builds(lambda url: {"kind": "Webhook", "url": url}, urls),
        st.builds(lambda role: {"kind": "RoleEmail", "role_name": role}, roles),
        st.builds(lambda user: {"kind": "UserEmail", "user": user}, users),
        st.builds(lambda user: {"kind": "InApp", "user": user}, users),
    ),
    st.sampled_from([{"kind": "PagerDuty", "routing_key": SECRET}, {"webhook_url": SECRET}, {}, None]),
)
integrations = document({"display_name": names, "target": targets}, description=nasty, metadata=metadata)
types = document(
    {"display_name": st.sampled_from(["Alerts", "alerts"]) | names},
    description=nasty,
    severity=st.sampled_from(["CRITICAL", "WARN", "INFO", "FATAL", None]),
    category=st.sampled_from(["SERVICE", "MARS"]),
    subscription_priority=st.sampled_from(["REQUIRED", "RECOMMENDED", "OPTIONAL", "URGENT"]),
    is_included_in_plan=st.sampled_from([True, False, None]),
    metadata=metadata,
)
states = usually(st.sampled_from(["ENABLED", "DISABLED"]), st.sampled_from(["PAUSED", None]))
places = st.sampled_from([{"resource": path, "resource_type": kind} for path, kind in RESOURCES.items()])
organization = st.just({"resource": ORGANIZATION, "resource_type": "ORGANIZATION"})


def referring(ids: list[str], gone: str) -> st.SearchStrategy[Document]:
    found = usually(st.sampled_from(ids), st.just(gone)) if ids else st.just(gone)
    return st.builds(lambda one: {"id": one}, found)


def both(left: Document, right: Document) -> Document:
    return left | right


@st.composite
def confluent(draw: st.DrawFn) -> State:
    """Types, integrations, subscriptions, and what two resources have of their own."""
    known = draw(identified("nt-", types) | identified("", types))
    channels = draw(identified("i-", integrations))
    to = referring([item["id"] for item in channels], "i-gone")
    subscribed = document(
        {
            "notification_type": referring([item["id"] for item in known], "nt-gone"),
            "integrations": usually(st.lists(to, min_size=1, max_size=2), st.sampled_from([None, []])),
            "current_state": states,
        },
        metadata=metadata,
    )
    preference = document({"current_state": states}, metadata=metadata)
    return {
        "notification-types": known,
        "integrations": channels,
        "subscriptions": draw(identified("s-", subscribed)),
        "resource-preferences": draw(identified("rp-", st.builds(both, places | organization, preference), most=3)),
        "resource-subscriptions": draw(identified("rs-", st.builds(both, places, subscribed))),
    }


# Kong Konnect

events = document(
    {"event_namespace": st.sampled_from(["organization", "plan-and-usage", "gateway-manager"])},
    event_title=names,
    event_description=nasty,
)
switches = st.dictionaries(usually(st.sampled_from(["EMAIL", "IN_APP"]), st.just("PAGER")), st.booleans())
channels = switches.map(lambda on: [{"type": name, "enabled": enabled} for name, enabled in on.items()] or None)
regions = usually(
    st.sampled_from([["*"], ["EU"], ["US", "EU"], ["EU", "US"], ["AU", "ME", "IN", "*"]]),
    st.sampled_from([[], None, ["MARS"], ["EU", ""]]),
)
entities = usually(
    st.sampled_from([["*"], ["e-1"], ["e-2", "e-1"]]),
    st.none() | st.lists(st.sampled_from(["*", "e-1"]) | nasty, max_size=2),
)


@st.composite
def konnect(draw: st.DrawFn) -> State:
    """Events, and subscriptions of them with and without names."""
    known = draw(identified("", events, most=4, member="event_id"))
    if not known:
        return {"events": [], "event-subscriptions": []}
    subscription = document(
        {
            "event_id": st.sampled_from([item["event_id"] for item in known]),
            "regions": regions,
            "entities": entities,
            "channels": channels,
            "enabled": usually(st.just(True), st.just(False)),
        },
        name=st.none() | st.sampled_from(["Worldwide", "Worldwide 2"]) | names,
    )
    return {"events": known, "event-subscriptions": draw(identified("", subscription, most=8))}


ORGANISATIONS: dict[str, st.SearchStrategy[State]] = {"confluent": confluent(), "konnect": konnect()}
SURVEYED: dict[str, tuple[str, ...]] = {"confluent": (*RESOURCES, ORGANIZATION), "konnect": ()}
