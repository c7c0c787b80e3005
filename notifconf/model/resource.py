"""Objects of a service, as declared and as they live there."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from notifconf.model.diagnostic import Position


class Mark(NamedTuple):
    """The attribute whose text ends with the mark of its owner, and how many characters it may have."""

    attribute: str
    max_length: int


class Kind(NamedTuple):
    """One kind of object that a provider manages.

    `name` is what plans call it ("resource-preference"), `collection` the first segment of its addresses.
    `references` names the attributes that hold ids of other objects: in a live object an id or a tuple of ids; in a
    declared one an id or the address of a declared object. `is_target` is false where no object can refer to one of
    this kind; what can be referred to can be in use. `unique` says that the service refuses a second object of the same
    natural key: then a create whose fate is unknown may be sent again. `mark` says where the planner puts the mark of
    an owner, if it does. `place` names the attribute, if there is one, that says by a path where the object belongs:
    `Live.names` may know the names in it. `is_whole` says that an update must send the whole object. `absent` are the
    attributes that one counts as having where it is missing; nothing for a kind whose absence says something else.
    """

    name: str
    collection: str
    references: frozenset[str] = frozenset()
    unique: bool = False
    is_target: bool = True
    place: str = ""
    mark: Mark | None = None
    is_whole: bool = False
    absent: Mapping[str, str] = MappingProxyType({})


class MuteTerms(NamedTuple):
    """When a declared mute begins and ends (timezone-aware, or None), and why; `is_over` says that it has ended."""

    begins: datetime | None = None
    ends: datetime | None = None
    reason: str | None = None
    is_over: bool = False


class Resource(NamedTuple):
    """A declared object, resolved against the service's catalogue.

    A match of resources makes thousands, and a tuple takes a quarter of the time of a frozen dataclass to make.

    `identities` are natural keys of its kind, the best first: the live object that bears one is this one, unless
    `pin`, an id, says which. `attributes` holds what is declared; what is absent is left alone.
    `writable` is false for what is only referred to. `create` is false where its absence already is what is declared.
    `blocked` is the code of the rule that forbids it to be changed. `adds` says that no entry declares whom it shall
    refer to, only whom it shall refer to as well: what it refers to already stays. `mute` says when it mutes, if that
    is what it does.
    """

    kind: str
    address: str
    identities: tuple[Hashable, ...]
    attributes: Mapping[str, Value]
    position: Position | None = None
    name: str = ""
    pin: str | None = None
    writable: bool = True
    create: bool = True
    blocked: str | None = None
    adds: bool = False
    mute: MuteTerms | None = None


@dataclass(frozen=True, slots=True)
class LiveResource:
    """An object as it lives in the service.

    `name` is what its address says after the collection when nothing declares it. `kept` is why no plan may delete
    it ("required", "read-only"), or None. `identities` are its natural keys. `created_at` and `changed_at` are when the
    service says that it made it, and last changed it, or None; they are timezone-aware. `owner` is the workspace
    that has marked it, or None. `organization` is the id of the organization that it belongs to, or None. Its `repr`
    has no text that a user wrote: any may repeat a secret.
    """

    kind: str
    id: str
    name: str = field(repr=False)
    identities: tuple[Hashable, ...] = field(repr=False)
    attributes: Mapping[str, Value] = field(repr=False)
    kept: str | None = None
    created_at: datetime | None = field(default=None, compare=False)
    changed_at: datetime | None = field(default=None, compare=False)
    owner: str | None = None
    organization: str | None = field(default=None, compare=False)


class Secret:
    """A string that nobody may see: `repr` and `str` mask it, only `reveal` gives it out.

    `expression` is how the workspace refers to it, such as `${ONCALL_URL}`; None where it stood in clear or
    comes from the live state. `parts` are the texts in it that came from outside, such as a token in a URL. Two secrets
    are equal when their values are.
    """

    __slots__ = ("_value", "expression", "parts")

    def __init__(self, value: str, expression: str | None = None, parts: tuple[str, ...] = ()) -> None:
        """Hide `value`."""
        self._value = value
        self.expression = expression
        self.parts = parts

    def reveal(self) -> str:
        """Return the value: for the body of a request, for hashing, and to check what refers to it; never to show."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "(sensitive)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not serialised")


Value: TypeAlias = "bool | int | float | str | Secret | tuple[Value, ...] | Mapping[str, Value] | None"
"""A canonical value: lists are tuples, and sorted where the service means a set; equal values mean the same."""
