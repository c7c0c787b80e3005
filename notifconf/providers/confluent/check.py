"""What a workspace's declarations say against each other, before anything is asked of the service."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from notifconf.model.diagnostic import Diagnostic, Position, Suggester, error, format_time, warning
from notifconf.model.located import LocatedMapping
from notifconf.plan.ownership import check_marked, find_declared_owner
from notifconf.providers.confluent.expand import ExpandedResource, expand
from notifconf.providers.confluent.workspace import (
    ENVIRONMENT,
    MAX_DESCRIPTION_LENGTH,
    ConfluentDeclarations,
    DeclaredIntegration,
    DeclaredResource,
    DeclaredSubscription,
    Mute,
    Reference,
)

KEY = re.compile(r"[\w .-]{1,64}")
EXPIRY_WARNING = timedelta(hours=24)
MAX_COMPARISONS = 20_000
"""How many pairs of names are compared for suggestions: no number of typos makes a check slow."""

Entry = TypeVar("Entry")


def check_consistency(declarations: ConfluentDeclarations, document: LocatedMapping) -> Iterator[Diagnostic]:
    """Check all entries against each other. An entry that is None in `document` was refused: it is not known."""
    yield from _find_undeclared(declarations, document)
    yield from _find_unused(declarations, document)
    yield from _find_duplicate_integrations(declarations.integrations)
    yield from _check_descriptions(declarations, document)
    yield from _find_duplicate_subscriptions(declarations.subscriptions, lambda name: f"subscriptions/{name}")
    for resource in declarations.resources:
        yield from _find_duplicate_subscriptions(resource.subscriptions or (), resource.subscription_address)
    resources = declarations.resources
    yield from _find_duplicate_resources(
        entry for entry in resources if entry.selector is None or (entry.selector.is_exact and entry.selector.resolved)
    )
    yield from _find_ambiguous_resources(entry for entry in resources if entry.selector is None)


def check(declarations: ConfluentDeclarations, now: datetime) -> list[Diagnostic]:
    """Check what needs the clock: mutes that end, and mutes below a muted environment."""
    diagnostics: list[Diagnostic] = []
    for entry in declarations.resources:
        if entry.mute is not None:
            diagnostics += _check_times(entry, entry.mute, now)
    return [*diagnostics, *check_muted_environments(expand(declarations.resources, None).resources, now)]


def check_muted_environments(resources: Iterable[ExpandedResource], now: datetime) -> Iterator[Diagnostic]:
    """Judge the mutes below a muted environment; of a match, which may find thousands of resources, the first."""
    muted = [(entry, entry.statement.mute) for entry in resources if entry.statement.mute is not None]
    environments = {
        entry.resource: mute for entry, mute in muted if entry.resource_type == ENVIRONMENT and mute.active(now)
    }
    seen: set[tuple[str, Position]] = set()
    for entry, mute in sorted(muted, key=lambda item: item[0].resource) if environments else ():
        for found in _check_environment(entry, mute, environments, now):
            if found.position is not None and (found.code, found.position) not in seen:
                seen.add((found.code, found.position))
                yield found


def _check_times(entry: DeclaredResource, mute: Mute, now: datetime) -> Iterator[Diagnostic]:
    if mute.is_over(now):
        message = "this mute has ended: it counts as `muted: false`"
        yield warning("expired-mute", message, mute.ends_at, entry.preference_address)
    elif mute.start is not None and mute.start > now:
        message = (
            f"this mute begins at {format_time(mute.start)}, and counts as `muted: false` until an apply after that"
        )
        yield warning("mute-not-begun", message, mute.starts_at, entry.preference_address)
    elif mute.until is not None and mute.until - now <= EXPIRY_WARNING:
        message = f"this mute ends within 24 hours, at {format_time(mute.until)}: an apply after that lifts it"
        yield warning("mute-expires-soon", message, mute.ends_at, entry.preference_address)


def _check_environment(
    entry: ExpandedResource, mute: Mute, environments: Mapping[str, Mute], now: datetime
) -> Iterator[Diagnostic]:
    """Judge a mute below a muted environment: the API says that only an environment's mute cascades."""
    environment = next((environments[path] for path in list_parents(entry.resource) if path in environments), None)
    if environment is None:
        return
    if mute.active(now):
        message = f"its environment is muted at {environment.position}: while it is, this mute changes nothing"
        yield warning("redundant-mute", message, mute.position, entry.preference_address)
    else:
        message = f"its environment is muted at {environment.position}: while it is, this resource stays silent"
        yield warning("unmuted-in-muted-environment", message, mute.position, entry.preference_address)


def list_parents(resource: str) -> Iterator[str]:
    """Return the paths of all that `resource` is in, the nearest first."""
    path = resource.rpartition("/")[0]
    while path:
        yield path
        path = path.rpartition("/")[0]


def _list_uses(declarations: ConfluentDeclarations) -> Iterator[tuple[Reference, str | None]]:
    """Return every reference to an integration, with the address of the subscription that makes it."""
    for subscription in declarations.subscriptions:
        name = subscription.notification_type
        for reference in subscription.references:
            yield reference, f"subscriptions/{name.name}" if name else None
    for resource in declarations.resources:
        for subscription in resource.subscriptions or ():
            name = subscription.notification_type
            for reference in subscription.references:
                yield reference, resource.subscription_address(name.name) if name else None


def _find_undeclared(declarations: ConfluentDeclarations, document: LocatedMapping) -> Iterator[Diagnostic]:
    declared = document.get("integrations", {})
    if declared is None:
        return
    suggester = Suggester(MAX_COMPARISONS // max(len(declared), 1))
    # A key that was refused may be a misspelt `integrations`.
    is_whole = bool(declared) or not document.keys_at.keys() <= document.keys()
    whole = ". There are no `integrations` here: give all files of the workspace, or its folder"
    way_out = ": declare it under `integrations`" if is_whole else whole
    for reference, address in _list_uses(declarations):
        name = reference.name
        if not reference.resolved or name in declared:
            continue
        suggestion = suggester(name, declared) if reference.expression is None else ""
        # What can't be a key is not shown: it may be a URL, a secret, that was put in the wrong place.
        shown = f"integration {reference}" if reference.expression or KEY.fullmatch(name) else "this integration"
        message = f"{shown} is not declared{suggestion or way_out}"
        yield error("undeclared-integration", message, reference.position, address)


def _find_unused(declarations: ConfluentDeclarations, document: LocatedMapping) -> Iterator[Diagnostic]:
    used = {reference.name if reference.resolved else None for reference, _ in _list_uses(declarations)}
    if None in used or _has_refused_entry(document):
        return
    for entry in declarations.integrations:
        if entry.key not in used:
            yield warning("unused-integration", "nothing refers to this integration", entry.position, entry.address)


def _has_refused_entry(document: LocatedMapping) -> bool:
    """Say whether some entry that may refer to an integration was refused."""
    lists: list[Any] = [document.get("subscriptions", ()), document.get("resources", ())]
    lists += [entry.get("subscriptions", ()) for entry in lists[1] or () if entry is not None]
    return any(entries is None or None in entries for entries in lists)


def _find_duplicate_integrations(integrations: Iterable[DeclaredIntegration]) -> Iterator[Diagnostic]:
    """Two keys must not mean one live object: the same pin, display name (if writable) or target (if not)."""

    def identity(entry: DeclaredIntegration) -> tuple[str, Hashable]:
        if entry.pin is not None:
            return "id", entry.pin
        if entry.writable:
            return "display name", entry.display_name
        return "target", frozenset(entry.target.items())

    for first, again in _find_repeated(integrations, identity):
        message = f"this is the same integration as the one at {first.position}: both have one {identity(again)[0]}"
        yield error("duplicate-integration", message, again.position, again.address)


def _check_descriptions(declarations: ConfluentDeclarations, document: LocatedMapping) -> Iterator[Diagnostic]:
    """Check that the mark of the owner has its place behind each description, and is not declared."""
    owner = find_declared_owner(document)
    for entry in declarations.integrations:
        declared = document["integrations"][entry.key]
        if entry.description is not None and entry.writable and "description" not in declared.unresolved:
            problem = check_marked(entry.description, owner, MAX_DESCRIPTION_LENGTH)
            if problem:
                message = f'"description" {problem}'
                yield error("invalid-value", message, declared.at("description"), entry.address)


def _find_duplicate_subscriptions(
    subscriptions: Iterable[DeclaredSubscription], address: Callable[[str], str]
) -> Iterator[Diagnostic]:
    """The API has one subscription per notification type, and resource; the case of a name does not matter."""
    names = (entry.notification_type for entry in subscriptions if entry.add is None)
    for first, again in _find_repeated((name for name in names if name), lambda reference: reference.name.casefold()):
        message = f"this notification type has a subscription already at {first.position}"
        yield error("duplicate-subscription", message, again.position, address(again.name))


def _find_duplicate_resources(resources: Iterable[DeclaredResource]) -> Iterator[Diagnostic]:
    """Of several entries for one resource, all but one must only add. All must say the same type."""
    resources = list(resources)
    whole = [entry for entry in resources if not entry.only_adds]
    for first, again in _find_repeated(whole, _as_written):
        message = (
            f"this resource stands already at {first.position}: of several entries for one resource, only one may say"
            " anything but `subscriptions` with `add`"
        )
        yield error("duplicate-resource", message, again.position, again.preference_address)
    for first, again in _find_repeated(resources, _as_written):
        if first.resource_type != again.resource_type:
            message = f"this resource has another type at {first.position}: say the same `resource_type`"
            yield error("duplicate-resource", message, again.position, again.preference_address)


def _as_written(entry: DeclaredResource) -> Hashable:
    """Return what names a resource: its path, or the names at each level."""
    selector = entry.selector
    if selector is None:
        return entry.resource
    levels = (selector.environment, selector.cluster, selector.name)
    return selector.types, *(tuple(reference.name for reference in level) for level in levels)


def _find_ambiguous_resources(resources: Iterable[DeclaredResource]) -> Iterator[Diagnostic]:
    """Find paths that end alike: paths are compared as written, so these two would be two preferences."""
    entries = [(_canonical(entry.resource), entry) for entry in resources]
    alike = {
        again.resource: first
        for (_, first), (_, again) in _find_repeated(entries, lambda pair: pair[0])
        if first.resource != again.resource
    }
    longer = {path[start:]: entry for path, entry in reversed(entries) for start in range(1, len(path))}
    for path, entry in entries:
        other = alike.get(entry.resource) or longer.get(path)
        if other is not None:
            message = f"this may be the resource at {other.position}: write its whole path, once"
            yield warning("ambiguous-resource", message, entry.position, entry.preference_address)


def _canonical(resource: str) -> tuple[str, ...]:
    """Return the segments of a path, with one name for a cluster."""
    return tuple(
        f"cloud-cluster{segment.removeprefix('kafka')}" if segment.startswith("kafka=") else segment
        for segment in resource.split("/")
    )


def _find_repeated(entries: Iterable[Entry], key: Callable[[Entry], Hashable]) -> Iterator[tuple[Entry, Entry]]:
    """Return each entry whose key an earlier one has, behind that one."""
    first: dict[Hashable, Entry] = {}
    for entry in entries:
        earlier = first.setdefault(key(entry), entry)
        if earlier is not entry:
            yield earlier, entry
