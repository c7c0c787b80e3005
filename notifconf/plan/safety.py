"""What keeps a plan from doing harm by its size: a bound on deletes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from notifconf.model import Diagnostic, Percentage, Policy, error, warning
from notifconf.plan.change import Action, Change


def limit_deletes(
    changes: Sequence[Change], live: Mapping[str, int], policy: Policy, *, force: bool
) -> Iterable[Diagnostic]:
    """Refuse a plan with more deletes than `max_deletes`.

    A number bounds the deletes of the whole plan. A percentage bounds, kind by kind, the share of the `live` objects
    of that kind that are managed here; it never refuses a single delete, since small sets would never change.
    """
    severity = warning if force else error
    deletes = Counter(change.kind for change in changes if change.action is Action.DELETE)
    limit = policy.max_deletes
    if isinstance(limit, Percentage):
        for kind, count in sorted(deletes.items()):
            if count > 1 and count * 100 > limit.value * live[kind]:
                yield severity(
                    "max-deletes",
                    f"{count} of {live[kind]} live {kind}s would be deleted: max_deletes is {limit}",
                )
    elif deletes.total() > limit:
        objects = "object" if deletes.total() == 1 else "objects"
        yield severity("max-deletes", f"{deletes.total()} {objects} would be deleted: max_deletes is {limit}")
