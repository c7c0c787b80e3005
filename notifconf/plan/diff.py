"""What differs between a declared object and its live one.

Both sides are canonical, so `==` decides; DeepDiff only names the fields of what already differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from notifconf.model.plan import Action, Attributes, Change, Difference, PlanValue, Reference, Sensitive, freeze
from notifconf.model.resource import Kind, LiveResource, Resource, Secret, Value

if TYPE_CHECKING:
    from notifconf.plan.ownership import Ownership

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class References:
    """How references read: `ids` maps addresses of declared objects to live ids, `names` ids and addresses to names.

    `ownership` says which of them belong to others.
    """

    ids: Mapping[str, str]
    names: Mapping[str, str]
    ownership: Ownership
    _resolved: dict[Value, Value] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `resolve` returned: thousands of objects may refer to the same others."""

    def resolve(self, value: Value) -> Value:
        """Return a reference, or a set of them as a sorted tuple, as ids where the objects live already."""
        known = self._resolved.get(value)
        if known is None:
            if isinstance(value, tuple):
                targets = cast("tuple[str, ...]", value)
                known = tuple(sorted({self.ids.get(item, item) for item in targets}))
            else:
                known = self.ids.get(value, value) if isinstance(value, str) else value
            self._resolved[value] = known
        return known

    def name(self, value: Value, wanted: Value = None) -> PlanValue:
        """Return `value` with each reference named for people, sorted by name.

        Of a list in which something stays that this workspace does not want, `wanted` is what it wants.
        """
        if isinstance(value, tuple):
            kept = set(value) - set(wanted) if isinstance(wanted, tuple) else set()
            references = (self._reference(str(item), kept=item in kept) for item in value)
            return tuple(sorted(references, key=lambda reference: (reference.name, reference.target)))
        return self._reference(value) if isinstance(value, str) else None

    def _reference(self, target: str, *, kept: bool = False) -> Reference:
        return Reference(target, self.names.get(target, target), self.ownership.foreign.get(target), kept)

    def find_place(self, attributes: Mapping[str, Value], kind: Kind) -> str:
        """Return the names of where an object belongs; an empty text where they are not known."""
        return self.names.get(str(attributes.get(kind.place)), "") if kind.place else ""


def create(desired: Resource, kind: Kind, references: References) -> Change:
    """Return the change that makes a declared object that doesn't live yet."""
    attributes = _canonicalise(desired, kind, references)
    return Change(
        Action.CREATE,
        desired.kind,
        desired.address,
        None,
        before=None,
        after=_present(attributes, kind, references),
        changed=tuple(attributes),
        blocked=desired.blocked,
        shared=_is_shared(desired, kind, references),
        position=desired.position,
        place=references.find_place(attributes, kind),
        mute=desired.mute,
    )


def _is_shared(desired: Resource, kind: Kind, references: References) -> bool:
    return bool(kind.references) and (desired.adds or references.ownership.policy.owner is not None)


def update(desired: Resource, live: LiveResource, kind: Kind, references: References) -> Change | None:
    """Return the change that makes a live object as declared, or None where it is so already.

    What is not declared is left alone: it takes no part in the comparison.
    """
    own = _canonicalise(desired, kind, references)
    # Most objects are as declared, with all members. `==` says so in a fraction of the time.
    if own == live.attributes or own.items() <= live.attributes.items() or not desired.writable:
        return None
    wanted = own
    if kind.references and (desired.adds or references.ownership.is_shared):
        merge = references.ownership.merge
        lists = kind.references & own.keys()
        wanted = {**own, **{name: merge(live.attributes.get(name), own[name], adds=desired.adds) for name in lists}}
        if wanted.items() <= live.attributes.items():
            return None
    changed = tuple(name for name, value in wanted.items() if live.attributes.get(name, _ABSENT) != value)
    before = _present(live.attributes, kind, references)
    after = _present({**live.attributes, **wanted}, kind, references, live.attributes, own)
    return Change(
        Action.UPDATE,
        desired.kind,
        desired.address,
        live.id,
        before=before,
        after=after,
        changed=changed,
        differences=find_differences(before, after),
        blocked=desired.blocked,
        shared=_is_shared(desired, kind, references),
        position=desired.position,
        place=references.find_place(wanted, kind),
        mute=desired.mute,
    )


def release(live: LiveResource, address: str, kind: Kind, references: References, released: set[str]) -> Change:
    """Return the change that takes references out of the lists of an undeclared object."""
    rest = {
        name: tuple(target for target in value if target not in released)
        for name, value in live.attributes.items()
        if name in kind.references and isinstance(value, tuple)
    }
    before = _present(live.attributes, kind, references)
    nothing: Mapping[str, Value] = dict.fromkeys(rest, ())
    after = _present({**live.attributes, **rest}, kind, references, wanted=nothing)
    changed = tuple(name for name, value in rest.items() if value != live.attributes[name])
    return Change(
        Action.UPDATE,
        live.kind,
        address,
        live.id,
        before=before,
        after=after,
        changed=changed,
        differences=find_differences(before, after),
        shared=True,
        place=references.find_place(live.attributes, kind),
    )


def delete(live: LiveResource, address: str, kind: Kind, references: References) -> Change:
    """Return the change that deletes an undeclared object."""
    before = _present(live.attributes, kind, references)
    place = references.find_place(live.attributes, kind)
    return Change(Action.DELETE, live.kind, address, live.id, before=before, after=None, place=place)


def _canonicalise(desired: Resource, kind: Kind, references: References) -> Mapping[str, Value]:
    if not kind.references:
        return desired.attributes
    attributes = dict(desired.attributes)
    for name in kind.references:
        if name in attributes:
            attributes[name] = references.resolve(attributes[name])
    return attributes


def _present(
    attributes: Mapping[str, Value],
    kind: Kind,
    references: References,
    before: Mapping[str, Value] | None = None,
    wanted: Mapping[str, Value] | None = None,
) -> Attributes:
    """Return attributes as a plan holds them: references named, secrets masked (and marked where they change).

    `wanted` holds the lists of what this workspace wants alone.
    """
    return freeze(
        {
            name: references.name(value, (wanted or {}).get(name))
            if name in kind.references
            else _mask(value, _ABSENT if before is None else before.get(name))
            for name, value in sorted(attributes.items())
        }
    )


def _mask(value: Value, before: object) -> PlanValue:
    if isinstance(value, Secret):
        return Sensitive(changed=before is not _ABSENT and before != value, expression=value.expression)
    if isinstance(value, Mapping):
        known = before if isinstance(before, Mapping) else {}
        absent = _ABSENT if before is _ABSENT else None
        return {name: _mask(member, known.get(name, absent)) for name, member in sorted(value.items())}
    return cast("PlanValue", value)


def find_differences(before: Attributes, after: Attributes) -> tuple[Difference, ...]:
    """Name the fields that differ; a list is one field, since the service takes it whole."""
    return tuple(
        Difference("/" + "/".join(map(_escape, path)), _get(before, path), _get(after, path))
        for name in sorted({*before, *after})
        if before.get(name, _ABSENT) != after.get(name, _ABSENT)
        for path in _find_paths(name, before.get(name), after.get(name))
    )


def _find_paths(name: str, before: PlanValue, after: PlanValue) -> Sequence[tuple[str, ...]]:
    """Return the paths of the fields that differ in an attribute: most attributes are one field."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return [(name,)]
    from deepdiff import DeepDiff

    levels = DeepDiff(_plain(before), _plain(after), view="tree", threshold_to_diff_deeper=0).values()
    return sorted({(name, *_find_field(level.path(output_format="list"))) for group in levels for level in group})


def _plain(value: PlanValue) -> object:
    """Return what DeepDiff compares; references and secrets as text, by what they mean."""
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Reference):
        return value.target
    return str(value) if isinstance(value, Sensitive) else value


def _find_field(path: Iterable[str | int]) -> tuple[str, ...]:
    names: list[str] = []
    for step in path:
        if isinstance(step, int):
            break
        names.append(step)
    return tuple(names)


def _get(attributes: Attributes, path: tuple[str, ...]) -> PlanValue:
    value: PlanValue = attributes
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
