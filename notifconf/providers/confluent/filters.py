"""The filters of `show` and `types`: what passes, and whether anything can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from notifconf.errors import UsageError
from notifconf.model import Filters, LiveResource, nearest
from notifconf.model.diagnostic import quoted
from notifconf.providers.confluent.catalogue import Catalogue, NotificationType
from notifconf.providers.confluent.codec import READ_ONLY_MEMBER
from notifconf.providers.confluent.decode import MATCHED
from notifconf.providers.confluent.workspace import DISABLED, ENABLED, SECRET_MEMBER


def check(filters: Filters, catalogue: Catalogue, integrations: Sequence[LiveResource], states: Iterable[str]) -> None:
    """Raise `UsageError` for a value that nothing can pass: neither the API's documents nor the live state know it."""
    kinds = [*SECRET_MEMBER, *READ_ONLY_MEMBER, *filter(None, map(kind_of, integrations))]
    known = {
        "severity": (filters.severity, [*MATCHED["severity"], *(item.severity for item in catalogue.types)]),
        "category": (filters.category, [*MATCHED["category"], *(item.category for item in catalogue.types)]),
        "status": (filters.status, [ENABLED, DISABLED, *states]),
    }
    for option, (values, words) in known.items():
        for value in values:
            if not among(value, words):
                raise UsageError(f"--{option} {quoted(value)}: {_either(words)} can stand there")
    for value in filters.channel:
        if not among(value, kinds) and not any(is_channel(item, [value]) for item in integrations):
            names = [item.name for item in integrations]
            raise UsageError(
                f"--channel {quoted(value)}: no integration is called so{nearest(value, names)},"
                f" and it is no kind of integration: {_either(kinds)}"
            )
    for value in filters.type:
        if not any(type_passes(item, Filters(type=(value,))) for item in catalogue.types):
            names = [item.display_name for item in catalogue.types]
            raise UsageError(
                f"--type {quoted(value)}: there is no such notification type{nearest(value, names)};"
                " `notifconf types` lists all"
            )


def type_passes(item: NotificationType, filters: Filters) -> bool:
    """Say whether the filters let a notification type through."""
    return (
        _asked_for(item.severity, filters.severity)
        and _asked_for(item.category, filters.category)
        and (not filters.type or item.id in filters.type or _globbed(item.display_name, filters.type))
    )


def state_passes(state: str, filters: Filters) -> bool:
    """Say whether the filters let a state through."""
    return _asked_for(state, filters.status)


def is_channel(item: LiveResource, wanted: Sequence[str]) -> bool:
    """Say whether an integration is meant by its kind, its id, or a glob on its name."""
    return among(kind_of(item), wanted) or item.id in wanted or _globbed(item.name, wanted)


def kind_of(item: LiveResource) -> str:
    """Return the kind of an integration, empty where it has none."""
    target = item.attributes.get("target")
    kind = target.get("kind") if isinstance(target, Mapping) else None
    return kind if isinstance(kind, str) else ""


def among(value: str, words: Iterable[str]) -> bool:
    """Say whether `value` is one of `words`, whatever its case."""
    return value.casefold() in {word.casefold() for word in words}


def _asked_for(value: str, wanted: Sequence[str]) -> bool:
    return not wanted or among(value, wanted)


def _globbed(name: str, patterns: Iterable[str]) -> bool:
    folded = name.casefold()
    return any(folded == pattern.casefold() or fnmatchcase(folded, pattern.casefold()) for pattern in patterns)


def _either(words: Iterable[str]) -> str:
    *others, last = dict.fromkeys(filter(None, words))
    return f"{', '.join(others)} or {last}" if others else last
