"""From a workspace's document to its declarations, one entry at a time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeVar

from notifconf.errors import UsageError
from notifconf.model.diagnostic import Diagnostic, Position, error, fits_line, nearest, quoted, warning
from notifconf.model.located import LocatedList, LocatedMapping
from notifconf.model.resource import Secret, Value
from notifconf.providers.confluent.check import check_consistency
from notifconf.providers.confluent.urls import find_service, is_url, mask_expression, stands_in_clear
from notifconf.providers.confluent.workspace import (
    CLUSTER,
    COMPUTE_POOL,
    CONNECTOR,
    ENABLED,
    ENVIRONMENT,
    INVENTORY_TYPES,
    SECRET_MEMBER,
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredResource,
    DeclaredSubscription,
    Match,
    Mute,
    Reference,
    Selector,
)

TYPE_OF_SEGMENT: Mapping[str, str] = {
    "organization": "ORGANIZATION",
    "environment": "ENVIRONMENT",
    "cloud-cluster": "CLUSTER",
    "kafka": "CLUSTER",
    "connector": "CONNECTOR",
    "cloud-connector": "CONNECTOR",
    "flink-compute-pool": "FLINK_COMPUTE_POOL",
    "compute-pool": "FLINK_COMPUTE_POOL",
    "flink-statement": "FLINK_STATEMENT",
    "statement": "FLINK_STATEMENT",
}
"""The resource type that the last segment of a path says."""

MATCHED: Mapping[str, tuple[str, ...]] = {
    "severity": ("CRITICAL", "WARN", "INFO"),
    "category": ("BILLING_LICENSING", "SECURITY", "SERVICE", "ACCOUNT"),
    "subscription_priority": ("REQUIRED", "RECOMMENDED", "OPTIONAL"),
}
"""The values that the API's documents know; its enums are open."""

PATH = re.compile(r"[A-Za-z][A-Za-z0-9_-]*=[^/]+(/[A-Za-z][A-Za-z0-9_-]*=[^/]+)*")
MAX_PATH_CHARACTERS = 1024
"""Of a resource's path, as in the JSON Schema."""

TYPE_OF_NAME: Mapping[str, str] = {
    "environment": ENVIRONMENT,
    "cluster": CLUSTER,
    "connector": CONNECTOR,
    "compute_pool": COMPUTE_POOL,
}
"""The resource type that the innermost member of a `resource` by names says."""

NEXT_NAME = re.compile(f"/(?=(?:{'|'.join(TYPE_OF_NAME)})=)")
"""Stands before each further name of a resource by names that is written as text."""

TWO_RESOURCES = "a compute pool is in an environment, and not in a cluster: name one resource"

NOWHERE = Position("-", 1, 1)
"""Where a name stands that comes from the command line."""


Entry = TypeVar("Entry", DeclaredIntegration, DeclaredSubscription, DeclaredResource)


def declare(document: LocatedMapping) -> tuple[ConfluentDeclarations, Sequence[Diagnostic]]:
    """Decode a workspace that its JSON Schema accepts, and check what needs neither service nor clock.

    What the schema refused stands in it as None: that counts as declared, and nothing more is said of it.
    A value that is still unresolved stays as written, and is not judged.
    """
    decoder = Decoder()
    declarations = decoder.document(document)
    return declarations, [*decoder.diagnostics, *check_consistency(declarations, document)]


class Decoder:
    """Decodes one document; `diagnostics` collects what is wrong with its values."""

    def __init__(self) -> None:
        """Start with no diagnostics."""
        self.diagnostics: list[Diagnostic] = []

    def document(self, document: LocatedMapping) -> ConfluentDeclarations:
        """Decode the whole document."""
        resources = _sort(self.resource(entry) for entry in _entries(document.get("resources")))
        managed = {
            "integration": "integrations" in document,
            "subscription": "subscriptions" in document,
            "resource-preference": any(resource.mute is not None for resource in resources),
            "resource-subscription": any(resource.subscriptions is not None for resource in resources),
        }
        return ConfluentDeclarations(
            integrations=_sort(self.integrations(document.get("integrations"))),
            subscriptions=_sort(self.subscription(entry) for entry in _entries(document.get("subscriptions"))),
            resources=resources,
            managed=frozenset(kind for kind, present in managed.items() if present),
            has_resources="resources" in document,
        )

    def integrations(self, section: LocatedMapping | None) -> Iterator[DeclaredIntegration]:
        """Decode the section `integrations`."""
        for key, entry in (section or {}).items():
            if entry is not None and section is not None:
                yield DeclaredIntegration(
                    key=key,
                    display_name=entry.get("display_name", key),
                    target=self.target(entry["target"], f"integrations/{key}"),
                    position=section.keys_at[key],
                    description=entry.get("description"),
                    pin=entry.get("id"),
                    resolved=not entry.unresolved and not entry["target"].unresolved,
                )

    def target(self, target: LocatedMapping, address: str) -> dict[str, Value]:
        """Decode a target; every member of a kind that can't be told is taken for a secret."""
        kind = target["kind"]
        plain = {"RoleEmail": "role_name", "UserEmail": "user", "InApp": "user"}.get(kind)
        member = SECRET_MEMBER.get(kind)
        if member is not None:
            self.url(target, member, address)
        return {
            key: value
            if key in {"kind", plain}
            else Secret(value, mask_expression(target.expressions.get(key)), target.parts.get(key, ()))
            for key, value in target.items()
        }

    def url(self, target: LocatedMapping, member: str, address: str) -> None:
        """Check a URL without ever showing it; of an unresolved one, only the host that stands as written."""
        position = target.at(member)
        if member not in target.unresolved and not is_url(target[member]):
            message = f'"{member}" must be a URL: http:// or https://, a host, and no spaces'
            self.diagnostics.append(error("invalid-value", message, position, address))
            return
        service = find_service(target[member])
        if service is not None and service.is_retired and target["kind"] in service.kinds:
            retired = f"*.{service.host}"
            message = f"Microsoft is retiring the connector URLs at {retired}: make a workflow in Teams and use its URL"
            self.diagnostics.append(warning("legacy-teams-url", message, position, address))
        if service is not None and service.kinds and target["kind"] not in service.kinds:
            kinds = " or ".join(service.kinds)
            message = f"a URL at {service.host} takes messages of the kind {kinds}, not {target['kind']}"
            self.diagnostics.append(warning("kind-url-mismatch", message, position, address))
        if stands_in_clear(target.expressions.get(member)):
            message = (
                f'"{member}" is a secret and stands here in clear: use ${{NAME}} or ${{file:PATH}}, and replace it'
            )
            self.diagnostics.append(warning("literal-secret", message, position, address))

    def subscription(self, entry: LocatedMapping) -> DeclaredSubscription:
        """Decode a subscription: it has `notification_type` or `match`, not both, and `integrations` or `add`."""
        return DeclaredSubscription(
            integrations=_references(entry, "integrations"),
            add=_references(entry, "add"),
            position=entry.position,
            notification_type=_reference(entry, "notification_type") if "notification_type" in entry else None,
            match=self.match(entry["match"]) if "match" in entry else None,
            current_state=entry.get("current_state", ENABLED),
        )

    def match(self, match: LocatedMapping) -> Match:
        """Decode a `match`; a value that nobody knows yet is a warning."""
        values = {member: tuple(self.match_values(match, member)) for member in MATCHED}
        lists = (value for value in match.values() if isinstance(value, LocatedList))
        resolved = not match.unresolved and not any(item.unresolved for item in lists)
        excluded = tuple(sorted(match["except"])) if "except" in match else None
        return Match(**values, name=match.get("name"), resolved=resolved, excluded=excluded)

    def match_values(self, match: LocatedMapping, member: str) -> Iterator[str]:
        """Decode one member of a `match`: a value or a list of them."""
        if member not in match:
            return
        listed = match[member]
        references = (
            [_reference(listed, index) for index in range(len(listed))]
            if isinstance(listed, LocatedList)
            else [_reference(match, member)]
        )
        for value in references:
            if value.resolved and value.name not in MATCHED[member]:
                suggestion = nearest(value.name, MATCHED[member]) if value.expression is None else ""
                message = f'the API\'s documents know no "{member}" {value}{suggestion}'
                self.diagnostics.append(warning("invalid-value", message, value.position))
            yield value.name

    def resource(self, entry: LocatedMapping) -> DeclaredResource:
        """Decode an entry of `resources`."""
        selector = self.selector(entry)
        resource = entry["resource"] if selector is None else ""
        resource_type = self.resource_type(entry) if selector is None else selector.types[0]
        address = f"resource-preferences/{resource or '*'}"
        if resource_type == "ORGANIZATION" and "subscriptions" in entry:
            message = "an organization has no subscriptions of its own: use the workspace's `subscriptions`"
            self.diagnostics.append(error("invalid-value", message, entry.keys_at["subscriptions"], address))
        position = entry.at("resource" if "resource" in entry else "match")
        # Keys that the schema refused, such as a misspelt `muted`, say something.
        if entry.keys_at.keys() <= {"resource", "match", "resource_type"}:
            message = "this entry says nothing of its resources: add `muted` or `subscriptions`, or take it out"
            self.diagnostics.append(warning("says-nothing", message, position, address))
        subscriptions = entry.get("subscriptions")
        return DeclaredResource(
            resource=resource,
            resource_type=resource_type,
            position=position,
            mute=self.mute(entry, address) if "muted" in entry else None,
            subscriptions=None
            if subscriptions is None
            else _sort(self.subscription(subscription) for subscription in _entries(subscriptions)),
            selector=selector,
        )

    def selector(self, entry: LocatedMapping) -> Selector | None:
        """Decode what selects resources of the inventory: names and ids, or a `match`; None for a path."""
        if "match" in entry:
            return self.resource_match(entry)
        names = entry["resource"]
        if not isinstance(names, LocatedMapping):
            return None
        if names_two_resources(names):
            self.diagnostics.append(error("invalid-value", TWO_RESOURCES, names.keys_at["compute_pool"]))
        own = find_innermost(names)
        resource_type = TYPE_OF_NAME[own]
        if entry.get("resource_type", resource_type) != resource_type:
            message = f'"{own}" names a resource of the type {resource_type}: leave `resource_type` out'
            self.diagnostics.append(error("invalid-value", message, entry.at("resource_type")))
        return Selector(
            types=(resource_type,),
            environment=_wanted(names, "environment"),
            cluster=_wanted(names, "cluster"),
            name=_wanted(names, own) if own not in {"environment", "cluster"} else (),
            is_exact=True,
            # An unknown key was an error, and is gone: a name may be left without any.
            resolved=bool(names) and not names.unresolved,
        )

    def resource_match(self, entry: LocatedMapping) -> Selector:
        """Decode a `match` of resources."""
        match = entry["match"]
        if "resource_type" in entry:
            message = "`resource_type` goes with a path: a match says it with `type`"
            self.diagnostics.append(error("invalid-value", message, entry.keys_at["resource_type"]))
        types = match.get("type", INVENTORY_TYPES)
        types = (types,) if isinstance(types, str) else tuple(types)
        if not set(types) <= set(INVENTORY_TYPES) and not any("${" in name for name in types):
            wrong = next(name for name in types if name not in INVENTORY_TYPES)
            suggestion = nearest(wrong, INVENTORY_TYPES) if "type" not in match.expressions else ""
            message = f'"type" must be one of {", ".join(INVENTORY_TYPES)}, or a list of them{suggestion}'
            self.diagnostics.append(error("invalid-value", message, match.at("type")))
        lists = [value for value in match.values() if isinstance(value, LocatedList)]
        return Selector(
            types=types,
            environment=_wanted(match, "environment"),
            cluster=_wanted(match, "cluster"),
            name=_wanted(match, "name"),
            excepts=tuple(match.get("except", ())),
            resolved=not match.unresolved and not any(item.unresolved for item in lists),
        )

    def resource_type(self, entry: LocatedMapping) -> str:
        """Return the resource's type, as declared or as its path says; empty where neither says it."""
        reference = _reference(entry, "resource")
        last = reference.name.rpartition("/")[2].partition("=")[0]
        message = ""
        if reference.resolved and "*" in reference.name:
            message = f"{reference} is a path, and no glob: `match` in place of `resource` finds resources by globs"
        elif reference.resolved and not PATH.fullmatch(reference.name):
            form = "segments TYPE=ID, joined by /, such as environment=env-abc123, or names: {environment: …}"
            message = f"{reference} is no resource: write {form}"
            if "/connector=" in reference.name:
                message += "; a connector whose name has a / goes by names, {connector: …}, or as cloud-connector=lcc-…"
        elif "resource_type" not in entry.keys_at and last not in TYPE_OF_SEGMENT and "${" not in last:
            suggestion = nearest(last, TYPE_OF_SEGMENT) if reference.expression is None else ""
            message = f"the last segment of {reference} says no type that is known{suggestion}: add `resource_type`"
        if message:
            address = f"resource-preferences/{reference.name}"
            self.diagnostics.append(error("invalid-value", message, reference.position, address))
        return str(entry.get("resource_type", TYPE_OF_SEGMENT.get(last, "")))

    def mute(self, entry: LocatedMapping, address: str) -> Mute:
        """Decode `muted`: true, false, or from when until when and why."""
        muted, position = entry["muted"], entry.at("muted")
        if isinstance(muted, bool):
            return Mute(muted, position)
        start, until = (self._moment(muted, name, address) for name in ("from", "until"))
        starts_at, ends_at = (muted.at(name) if name in muted else None for name in ("from", "until"))
        if start is not None and until is not None and until <= start:
            message = "this mute ends before it begins"
            self.diagnostics.append(error("invalid-value", message, ends_at, address))
        return Mute(True, position, until, ends_at, muted.get("reason"), start, starts_at)

    def _moment(self, muted: LocatedMapping, name: str, address: str) -> datetime | None:
        if name not in muted or name in muted.unresolved:
            return None
        moment = _parse_moment(muted[name])
        if moment is None:
            message = f'"{name}" must be a time with an offset or Z, such as 2026-12-01T06:00:00Z'
            self.diagnostics.append(error("invalid-value", message, muted.at(name), address))
        return moment


def _entries(section: Sequence[LocatedMapping | None] | None) -> Iterator[LocatedMapping]:
    return (entry for entry in section or () if entry is not None)


def _sort(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=attrgetter("position")))


def _reference(container: LocatedMapping | LocatedList, key: Any) -> Reference:
    expression = container.expressions.get(key)
    return Reference(container[key], container.at(key), expression, key not in container.unresolved)


def _references(entry: LocatedMapping, key: str) -> tuple[Reference, ...] | None:
    listed: LocatedList | None = entry.get(key)
    return None if listed is None else tuple(_reference(listed, index) for index in range(len(listed)))


def _wanted(mapping: LocatedMapping, key: str) -> tuple[Reference, ...]:
    return (_reference(mapping, key),) if key in mapping else ()


def _parse_moment(text: str) -> datetime | None:
    """Return a time in UTC, or None for what isn't one or has no offset."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def names_two_resources(names: Collection[str]) -> bool:
    """Say whether these members of a `resource` by names can't mean one resource."""
    return "compute_pool" in names and not {"cluster", "connector"}.isdisjoint(names)


def find_innermost(names: Collection[str]) -> str:
    """Return the member of a `resource` by names that names the resource itself; the others say what it is in."""
    return next((name for name in ("connector", "compute_pool", "cluster") if name in names), "environment")


def parse_names(resource: str) -> Selector | None:
    """Return what a resource by names or ids means, such as `environment=Production/cluster=orders`; None for a path.

    Of the path of an environment that is the same text. A name may hold `/`. Raises `UsageError` for names of two
    resources.
    """
    keys = {segment.partition("=")[0] for segment in resource.split("/")}
    parts = NEXT_NAME.split(resource)
    names = {key: Reference(name, NOWHERE) for key, _, name in (part.partition("=") for part in parts)}
    is_path = keys <= TYPE_OF_SEGMENT.keys() and not keys <= TYPE_OF_NAME.keys()
    if is_path or not names.keys() <= TYPE_OF_NAME.keys() or not all(name.name for name in names.values()):
        return None
    if names_two_resources(names):
        raise UsageError(f"{quoted(resource)}: {TWO_RESOURCES}")
    own = find_innermost(names)
    environment, cluster = ((names[key],) if key in names else () for key in ("environment", "cluster"))
    name = (names[own],) if own not in {"environment", "cluster"} else ()
    return Selector((TYPE_OF_NAME[own],), environment, cluster, name, is_exact=True)


def is_path(resource: str) -> bool:
    """Say whether a text can be the path of a resource, by its type: that of a connector whose name holds `/` can't."""
    segment = resource.rpartition("/")[2].partition("=")[0]
    return bool(PATH.fullmatch(resource)) and fits_line(resource, MAX_PATH_CHARACTERS) and segment in TYPE_OF_SEGMENT


def type_of(resource: str) -> str:
    """Return the type that a resource's path says. Raises `UsageError` for what is no path, or of an unknown type."""
    if not is_path(resource):
        known = ", ".join(TYPE_OF_SEGMENT)
        raise UsageError(
            f"{quoted(resource)} is no resource: write names, such as environment=NAME/cluster=NAME, or a path,"
            f" TYPE=ID segments joined by / with a last TYPE of {known}"
        )
    return TYPE_OF_SEGMENT[resource.rpartition("/")[2].partition("=")[0]]
