"""Bad inputs, generated: workspaces that are none, and objects that no service should answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CANARY = "canary-of-a-webhook-url"
URL = f"https://hooks.example.test/services/{CANARY}"

DEEP: Any = []
for _ in range(500):
    DEEP = [DEEP]

VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "huge number": 10**40,
    "fraction": -1.5,
    "empty": "",
    "blank": " ",
    "NUL": "a\x00b",
    "escape sequence": "\x1b[2J\x1b[31mred",
    "line ends": "one\r\ntwo\u2028three\x85four",
    "right to left": "\u202eabc\u2066",
    "surrogate": "\ud800",
    "markup": "</pre><script>alert(1)</script><img src=x onerror=alert(1)>",
    "Markdown": "![x](http://evil.test/x) `` | **b** <details> @everyone #1",
    "workflow command": "x\n::set-output name=x::y\n::error::z",
    "template": "${HOME}{{ 7*7 }}%s{0}",
    "path": "../../etc/passwd?x=y#z",
    "huge": "n" * 100_000,
    "list": [],
    "list of lists": [[], [{}]],
    "object": {},
    "odd object": {"id": {"id": []}, "": ""},
    "deep": DEEP,
}
"""What may stand where something else should."""

BODIES: dict[str, dict[str, Any]] = {
    "notification-types": {"id": "nt-x", "display_name": "Type", "severity": "WARN", "category": "SERVICE"},
    "integrations": {"id": "i-x", "display_name": "One", "target": {"kind": "Slack", "webhook_url": URL}},
    "subscriptions": {
        "id": "s-x",
        "notification_type": {"id": "nt-x"},
        "integrations": [{"id": "i-x"}],
        "current_state": "ENABLED",
    },
    "resource-preferences": {
        "id": "rp-x",
        "resource": "environment=env-1",
        "resource_type": "ENVIRONMENT",
        "current_state": "ENABLED",
    },
    "resource-subscriptions": {
        "id": "rs-x",
        "resource": "environment=env-1",
        "resource_type": "ENVIRONMENT",
        "notification_type": {"id": "nt-x"},
        "integrations": [{"id": "i-x"}],
        "current_state": "ENABLED",
    },
    "events": {"event_id": "e.x", "event_title": "Event", "event_namespace": "organization"},
    "event-subscriptions": {
        "id": "0cc520ed-9006-56ea-8fbb-c9958b23f718",
        "event_id": "e.x",
        "name": "One",
        "regions": ["*"],
        "entities": ["*"],
        "channels": [{"type": "EMAIL", "enabled": True}],
        "enabled": True,
    },
}
"""A right object of each collection. Its owner is what the emulator stores it under."""

UNTOUCHED = {("event-subscriptions", "event_id"), ("events", "event_id")}
"""What says where an object is found."""


@dataclass(frozen=True)
class Live:
    """An object that a service answers."""

    name: str
    collection: str
    body: Any = field(repr=False)


@dataclass(frozen=True)
class Text:
    """A file that somebody calls a workspace."""

    name: str
    data: bytes = field(repr=False)


def live_cases() -> Iterator[Live]:
    """Every member of every kind of object with every value, and every object without each of its members."""
    for collection, body in BODIES.items():
        for member in body:
            if (collection, member) in UNTOUCHED:
                continue
            without = {name: value for name, value in body.items() if name != member}
            yield Live(f"{collection} without {member}", collection, without)
            for name, value in VALUES.items():
                yield Live(f"{collection}.{member}: {name}", collection, body | {member: value})
        for name, value in VALUES.items():
            yield Live(f"{collection}: {name}", collection, value)
    for name, value in VALUES.items():
        target = {"kind": "Slack", "webhook_url": value}
        yield Live(f"webhook_url: {name}", "integrations", BODIES["integrations"] | {"target": target})
        yield Live(f"kind: {name}", "integrations", BODIES["integrations"] | {"target": {"kind": value, "x": URL}})


WORKSPACE = f"""\
version: 1
provider: confluent
integrations:
  one: {{display_name: One, target: {{kind: Slack, webhook_url: "{URL}"}}}}
subscriptions:
  - {{notification_type: Kafka cluster shrink failure, integrations: [one]}}
resources:
  - {{resource: environment=env-1, muted: true}}
policy: {{mode: sync}}
"""

SCALARS = (
    "no", "on", "yes", "off", "NO", "True", "~", "null", "0", "012", "0x1F", "1e3", ".inf", ".nan", "1_000", "12:30:45",
    "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00 Z", "'1'", "=", "<<", "!!python/object:os.system x", "!x y",
    "!!binary aGk=", "!!timestamp 2026-01-01", "!!set {a}", "*unknown", "&a [*a]", "|\n    x", "'\\x00'", '"\\0"', '"\\e[31m"',
    '"\\ud800"', '"\\u202e"', "[]", "{}", "[[[]]]", "{a: {b: c}}", "${NOT_SET}", "${", "${}", "${file:/nowhere}",
    "${file:/dev/zero}", "${A:-${B}}", "$${x}", "<script>", "@x", "`x", "%x", "- x", "? x", ": x", "'", '"', "9" * 5000,
    "x" * 100_000,
)  # fmt: skip
"""What people and attackers write as a value."""

PLACES = (
    "version: @",
    "provider: @",
    "policy: {mode: @}",
    "policy: {max_deletes: @}",
    "policy: @",
    "integrations: @",
    "integrations: {one: @}",
    "integrations: {one: {target: @}}",
    "integrations: {one: {target: {kind: @, webhook_url: x}}}",
    "integrations: {one: {target: {kind: Slack, webhook_url: @}}}",
    "subscriptions: [{notification_type: @, integrations: [one]}]",
    "subscriptions: [{notification_type: x, integrations: @}]",
    "subscriptions: [{match: @, integrations: [one]}]",
    "resources: [{resource: @, muted: true}]",
    "resources: [{resource: environment=x, muted: {until: @}}]",
    "resources: [{resource: environment=x, muted: @}]",
    "@: x",
    "x-anything: @",
)
"""Where: `@` stands for the value."""


def text_cases() -> Iterator[Text]:
    """Every scalar in every place, and files that are wrong as a whole."""
    for place in PLACES:
        head = [line for line in ("version: 1", "provider: confluent") if not place.startswith(line.split(":")[0])]
        for scalar in SCALARS:
            text = "\n".join([*head, place.replace("@", scalar), ""])
            yield Text(f"{place} with {scalar[:20]!r}", text.encode("utf-8", "surrogatepass"))
    yield from _whole_files()


def _whole_files() -> Iterator[Text]:
    whole = WORKSPACE.encode()
    for at in range(0, len(whole), 7):
        yield Text(f"cut at {at}", whole[:at])
        yield Text(f"not UTF-8 at {at}", whole[:at] + b"\xff" + whole[at:])
        yield Text(f"a control character at {at}", whole[:at] + b"\x07" + whole[at:])
        yield Text(f"a tab at {at}", whole[:at] + b"\t" + whole[at:])
        yield Text(f"a bracket at {at}", whole[:at] + b"]" + whole[at:])
    for encoding in ("utf-16", "utf-32", "latin-1", "utf-7"):
        yield Text(encoding, (WORKSPACE + "# ü\n").encode(encoding))
    yield Text("two documents", whole + b"---\n" + whole)
    yield Text("twice", whole + whole)
    yield Text("a list", b"- " + whole.replace(b"\n", b"\n  "))
    yield Text("JSON", json.dumps({"version": 1, "provider": "konnect", "subscriptions": [DEEP]}).encode())
    yield Text("merge keys", b"x-a: &a {version: 1}\n<<: *a\nprovider: confluent\n")
    yield Text("nothing", b"")
    yield Text("NULs", b"\0" * 1000)


def bombs() -> dict[str, bytes]:
    """What wants all the time or memory that there is."""
    levels = [b"x-0: &x0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"x-{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]".encode() for n in range(1, 10)]
    maps = [b"x-0: &m0 {a: x, b: x, c: x, d: x}"]
    maps += [f"x-{n}: &m{n} {{a: *m{n - 1}, b: *m{n - 1}, c: *m{n - 1}, d: *m{n - 1}}}".encode() for n in range(1, 18)]
    head = b"version: 1\nprovider: confluent\n"
    return {
        "alias bomb of lists": head + b"\n".join(levels),
        "alias bomb of mappings": head + b"\n".join(maps),
        "100 MB of blanks": b" " * 100_000_000,
        "100 MB of one key": b"a" * 100_000_000,
        "deep flow": head + b"x-a: " + b"[" * 1_000_000,
        "deep mapping": head + b"x-a: " + b"{a: " * 200_000,
        "deep block": head + b"x-a:\n" + b"".join(b" " * n + b"-\n" for n in range(1, 3_000)),
        "many dashes": head + b"x-a:\n  " + b"- " * 500_000,
        "many keys": head + b"".join(b"x-%d: 1\n" % n for n in range(200_000)),
        "many unknown keys": head + b"".join(b"k%d: 1\n" % n for n in range(100_000)),
        "one key again and again": head + b"x-a: 1\n" * 200_000,
        "many integrations": head + b"integrations:\n" + b"".join(b"  k%d: 1\n" % n for n in range(50_000)),
        "many anchors": head + b"x-a: [" + b"&a x, " * 200_000 + b"]\n",
        "one long string": head + b"x-a: '" + b"a" * 8_000_000 + b"'\n",
        "a long number": head + b"version: " + b"9" * 4_000_000 + b"\n",
        "many references": head + b"x-a: '" + b"${A}" * 1_000_000 + b"'\n",
        "an open reference": head + b"x-a: '" + b"${" * 2_000_000 + b"'\n",
        "many comments": b"# x\n" * 2_000_000 + head,
        "a long path": head + b"resources: [{resource: 'a=b" + b"/a=b" * 500_000 + b"'}]\n",
        "a long glob": head + b"subscriptions: [{match: {name: '" + b"*a" * 50_000 + b"'}, integrations: [x]}]\n",
    }
