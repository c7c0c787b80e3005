"""The member `policy` of a workspace, decoded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from notifconf.config.scalars import shown_key
from notifconf.model import Mode, Percentage, Policy, nearest, warning
from notifconf.model.policy import GUARDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifconf.model import Diagnostic, LocatedList, Position
    from notifconf.model.policy import Guard
    from notifconf.providers.base import Provider

_MAX_DELETES: Final = re.compile(r"(?P<number>[0-9]{1,9})|(?P<percentage>100|[1-9]?[0-9])%")


def parse_max_deletes(text: str) -> int | Percentage:
    """Return a number of objects, or a percentage, from "5" or "30%". Raises ValueError."""
    found = _MAX_DELETES.fullmatch(text.strip())
    if not found:
        raise ValueError("write a whole number such as 5, or a percentage from 0% to 100%")
    return int(found["number"]) if found["number"] else Percentage(int(found["percentage"]))


def policy_of(document: dict[str, Any]) -> Policy:
    """Return the policy of a document that its schema accepts; what is absent has its default.

    An expression that is still unresolved counts as absent, and so does what the schema refused: it is None.
    """
    section = document.get("policy")
    if section is None:
        return Policy()
    said = {key: value for key, value in section.items() if value is not None and key not in section.unresolved}
    decoders: dict[str, Any] = {
        "mode": Mode,
        "max_deletes": _max_deletes,
        "protected": _patterns,
        "frozen": _patterns,
        "coverage": _coverage,
    }
    members = {key: decoders.get(key, bool)(value) for key, value in said.items()}
    return Policy(**members, places=dict(_places(said)))


def _patterns(value: LocatedList) -> tuple[str, ...]:
    return tuple(pattern for pattern in value if pattern is not None)


def _places(section: dict[str, Any]) -> Iterator[tuple[tuple[Guard, str], Position]]:
    """Return where each pattern stands; the first place of one that stands in several files."""
    for guard in GUARDS:
        patterns: LocatedList | None = section.get(guard)
        if patterns is not None:
            places = sorted(((patterns.at(index), pattern) for index, pattern in enumerate(patterns)), reverse=True)
            yield from (((guard, pattern), place) for place, pattern in places if pattern is not None)


def _max_deletes(value: float | str) -> int | Percentage:
    return parse_max_deletes(value) if isinstance(value, str) else int(value)


def check_policy(document: dict[str, Any], provider: Provider) -> Iterator[Diagnostic]:
    """Warn of a severity, or namespace, in `policy.coverage` that nobody knows: the API's enums are open."""
    coverage = (document.get("policy") or {}).get("coverage")
    if not coverage:
        return
    terms = provider.coverage_terms
    for group in coverage:
        if group not in terms.groups:
            known = nearest(group, terms.groups) or f": those are {', '.join(terms.groups)}"
            message = f"the API's documents know no {terms.grouping} {shown_key(group)}{known}"
            yield warning("invalid-value", message, coverage.keys_at[group])


def _coverage(minimums: dict[str, float]) -> dict[str, int]:
    return {group: int(minimum) for group, minimum in minimums.items()}
