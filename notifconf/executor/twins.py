"""Twins: two objects with one natural key, because two runs created the same thing at the same time.

Neither run could know of the other when it planned, and the service takes both. So a run that created an object looks
for *namesakes* of it when it verifies: other live objects with its natural key that no declared object is. Two
namesakes are *alike* if they tell the same people (the same target). Then one of them is enough:

1. The newest gives way, by `created_at`, then by id: both runs see the same two, and choose the same one.
2. The run that made it makes its own references go to the survivor, then deletes its own object. It reads both again
   by id first, and deletes nothing that something else still refers to. It never deletes what another run made.
3. The run that made the survivor waits until the other object is gone. Only if `created_at` is the same, and the other
   object stays, does it give way itself: the other run has then ended before this one created, and saw no namesake.
4. What that does not settle (a different target, a namesake that stays, an object that is still used) is not complete:
   the outcome names all ids, and the exit code is 3. A person decides which one is meant.

Example: A creates i-1, B creates i-2 a second later, both called "oncall" with one URL. B wrote the subscription s-1,
which tells i-2. A sees both and waits. B sees both, i-2 is newer, so B makes s-1 tell i-1, and deletes i-2. Then A
looks again, and sees i-1 alone. Both runs end with 0.

References go first, so that nobody is left out if a run is interrupted between the two steps.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from notifconf.errors import NotFoundError, ServiceError
from notifconf.executor.change import Writer
from notifconf.executor.secrets import reveal
from notifconf.model.plan import Action, Change, ChangeOutcome, Result
from notifconf.model.resource import Kind, LiveResource
from notifconf.model.state import Live
from notifconf.providers.base import Plain

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Namesakes(NamedTuple):
    """What a create of this run made, and the unexplained others with its natural key.

    `own` is None while no list shows it. `is_created` is false for what this run only adopted.
    """

    change: Change
    own_id: str
    own: LiveResource | None
    others: tuple[LiveResource, ...]
    are_alike: bool
    is_created: bool

    @property
    def survivor(self) -> LiveResource:
        """The one of the others that stays if this run gives way."""
        return min(self.others, key=self._age)

    @property
    def gives_way(self) -> bool:
        """Whether the object of this run is not the oldest."""
        return self._may_go and self.own is not None and self._age(self.survivor) < self._age(self.own)

    @property
    def is_tie(self) -> bool:
        """Whether nobody can say which one is older."""
        times = {self._time(item) for item in (self.own, *self.others) if item is not None}
        return self._may_go and len(times) == 1

    @property
    def may_settle(self) -> bool:
        """Whether it is worth looking again: a list may lag, or another run may give way."""
        return self.own is None or self.are_alike

    @property
    def _may_go(self) -> bool:
        return self.own is not None and self.are_alike and self.is_created

    def _age(self, item: LiveResource) -> tuple[datetime, str]:
        return self._time(item), item.id

    def _time(self, item: LiveResource) -> datetime:
        """Return when an object was made; no times are compared where one is missing."""
        known = all(one is None or one.created_at for one in (self.own, *self.others))
        return item.created_at if known and item.created_at else LONG_AGO

    def __str__(self) -> str:
        ids = " and ".join(sorted({self.own_id, *(item.id for item in self.others)}))
        verb = "created" if self.is_created else "adopted"
        return (
            f"{self.change.address}: {ids} are called the same, and this run {verb} {self.own_id}:"
            " decide which one is meant, and delete the other"
        )


def find_namesakes(writer: Writer, outcomes: Iterable[ChangeOutcome], live: Live) -> Iterator[Namesakes]:
    """Yield what this run created or adopted and that has unexplained namesakes."""
    made = [
        item.change
        for item in outcomes
        if item.change.action is Action.CREATE
        and item.change.address in writer.ids
        and not writer.kind_of(item.change.kind).unique
    ]
    if not made:
        return
    bearers = group_bearers(live)
    for change in made:
        own_id = writer.ids[change.address]
        same = find_bearers(writer, change, bearers)
        own = next((item for item in same if item.id == own_id), None)
        # What has another mark is another workspace's, or is meant by none: names are told apart by their marks.
        others = tuple(
            item
            for item in same
            if not writer.baseline.takes(item)
            and not writer.is_taken(item.kind, item.id)
            and (own is None or item.owner == own.owner)
        )
        if others:
            are_alike = own is not None and all(writer.provider.is_alike(own, item) for item in others)
            is_created = (change.kind, own_id) in writer.created
            yield Namesakes(change, own_id, own, others, are_alike, is_created)


def group_bearers(live: Live) -> dict[tuple[str, Hashable], list[LiveResource]]:
    """Return the live objects by kind and natural key."""
    found: dict[tuple[str, Hashable], list[LiveResource]] = {}
    for item in live.resources:
        for identity in item.identities:
            found.setdefault((item.kind, identity), []).append(item)
    return found


def find_bearers(
    writer: Writer, change: Change, bearers: dict[tuple[str, Hashable], list[LiveResource]]
) -> list[LiveResource]:
    """Return the live objects with the natural key of what a create makes."""
    identities = writer.provider.identities(change.kind, writer.attributes(change))
    found = {item.id: item for identity in identities for item in bearers.get((change.kind, identity), ())}
    return list(found.values())


@dataclass(slots=True)
class Concession:
    """This run gives way: its object goes, what it wrote refers to the survivor."""

    writer: Writer
    outcomes: Sequence[ChangeOutcome]
    namesakes: Namesakes

    async def make(self, live: Live) -> Live:
        """Repoint, delete, and return `live` with what may refer to the object read again.

        Raises a `ServiceError` where that can't be done; then the object is still there.
        """
        change, own_id, survivor = self.namesakes.change, self.namesakes.own_id, self.namesakes.survivor
        connection, attributes = self.writer.connection, self.writer.attributes(change)
        there = await connection.get(change.kind, survivor.id, attributes)
        if there is None or self.namesakes.own is None or not self.writer.provider.is_alike(there, self.namesakes.own):
            raise ServiceError(f"{survivor.id} is not what it was")
        for written in self._references(live):
            await self._repoint(written)
        users = [item for item in live.resources if self.writer.kind_of(item.kind).references]
        if users:
            live = await connection.reread(live, [(item.kind, _plain(item)) for item in users])
        using = sorted(item.name for item in live.resources if self._refers(item))
        if using:
            raise ServiceError(f"{own_id} can't be deleted, since {', '.join(using)} still refers to it")
        await self._delete(attributes)
        self.writer.adopt(change, survivor.id)
        return live

    def _references(self, live: Live) -> list[tuple[Change, str]]:
        """Return what this run wrote, with its id, if it refers to the object that goes."""
        by_id = {(item.kind, item.id): item for item in live.resources}
        found = []
        for item in self.outcomes:
            is_written = item.result is Result.APPLIED or item.uncertain
            if item.id is None or not is_written:
                continue
            kind = self.writer.kind_of(item.change.kind)
            shown = by_id.get((kind.name, item.id))
            declared = self.writer.attributes(item.change)
            if _refers(declared, kind, self.namesakes.own_id) or (shown is not None and self._refers(shown)):
                found.append((item.change, item.id))
        return found

    async def _repoint(self, written: tuple[Change, str]) -> None:
        change, object_id = written
        item = await self.writer.connection.get(change.kind, object_id, self.writer.attributes(change))
        if item is None:
            return
        attributes, changed = _plain(item), []
        own_id, survivor = self.namesakes.own_id, self.namesakes.survivor.id
        for name in sorted(self.writer.kind_of(change.kind).references):
            value = attributes.get(name)
            if value == own_id:
                attributes[name] = survivor
                changed.append(name)
            elif isinstance(value, list) and own_id in value:
                attributes[name] = [*sorted({survivor, *map(str, value)} - {own_id})]
                changed.append(name)
        if changed:
            await self.writer.connection.update(change.kind, object_id, attributes, changed)

    async def _delete(self, attributes: dict[str, Plain]) -> None:
        kind, own_id = self.namesakes.change.kind, self.namesakes.own_id
        try:
            await self.writer.connection.delete(kind, own_id, attributes)
        except NotFoundError:
            return
        except ServiceError as error:
            if not error.sent or await self.writer.connection.get(kind, own_id, attributes) is not None:
                raise

    def _refers(self, item: LiveResource) -> bool:
        return _refers(_plain(item), self.writer.kind_of(item.kind), self.namesakes.own_id)


def _plain(item: LiveResource) -> dict[str, Plain]:
    return {name: reveal(value) for name, value in item.attributes.items()}


def _refers(attributes: dict[str, Plain], kind: Kind, object_id: str) -> bool:
    values = [attributes.get(name) for name in kind.references]
    return any(value == object_id or (isinstance(value, list) and object_id in value) for value in values)
