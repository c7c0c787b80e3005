"""Recovering a create that was not answered with success.

Terms:

- The *fate* of a create is unknown where the service may have carried it out, and nobody said so: the answer was lost
  or can't be read, or it was 500, 502, 504, or a 503 without `Retry-After`. Its error has `sent`.
- A create is *refused* where the service says that it did not carry it out. A 503 with `Retry-After` is a refusal for
  some time. So is a 409, whose reason is an object with the same natural key.
- A *bearer* is a live object with the natural key of what is to be created (for example the same display name).
- A bearer is *taken* if another declared object is that one: this plan matched or pinned it, or this run made it.

Rules:

1. Look before anything else. Lists lag, so look several times, with pauses.
2. Send a create again only where that can't make a second object: where the service refuses a second one (a `unique`
   kind), or where it refused this one for some time. The time must be over, and a look must have found nothing.
3. Adopt a bearer only if it is exactly as declared. Nothing is ever patched here: the plan did not show that, and in
   the mode `create-only`, or under `protected`, it would be forbidden.
4. Never adopt a bearer that is taken. Where the fate is unknown, never adopt one that lived before this run: ours is
   new. After a 409, one that lived before may be adopted if nothing declared it.
5. Of several bearers that may be ours, adopt none: a guess could send alerts to the wrong place.
6. What is not found keeps its fate. The change is `unknown`, the exit code is 3, and the next run finds the object.
   After a 409 the change has failed, and the next plan shows the object that was in the way.

Example: `oncall` is to be created. The gateway answers 504 after the service created i-7, and the list shows i-7 six
seconds later. The looks after 0 and 3 seconds find nothing, and nothing is sent again (integrations are not unique).
The look after 9 seconds finds i-7. It is new, as declared, and nobody else's, so `oncall` is i-7 from now on.

Another example: `a` is pinned to i-1 and renamed from "Old" to "New" while `b`, also called "New", is created. The
create of `b` is answered 500. The look finds i-1, which is taken, so `b` is `unknown`, and i-1 keeps the URL of `a`.

What this can't see is a second object that appears later, because a service that refused a create for some time had
carried it out all the same. `twins.py` looks for that when the run verifies its work. For a create that was sent again
(`sent_again`) the run looks until lists have caught up; other runs don't wait for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from notifconf.errors import ServiceError
from notifconf.executor.secrets import reveal

if TYPE_CHECKING:
    from notifconf.executor.change import Writer
    from notifconf.model.plan import Change, Plan
    from notifconf.model.resource import LiveResource
    from notifconf.model.state import Live
    from notifconf.providers.base import Plain

MAX_LOOKS = 5
MIN_PAUSE_SECONDS = 2.0
MAX_PAUSE_SECONDS = 8.0
"""Between two looks."""

MAX_RETRY_AFTER_SECONDS = 120.0
"""A service that asks for more time than this is not asked again by this run."""


class Baseline(NamedTuple):
    """What lived before this run changed anything, as (kind, id): `undeclared` holds what no declared object is.

    `read_only` holds the ids of what nobody can write.
    """

    lived: frozenset[tuple[str, str]] = frozenset()
    undeclared: frozenset[tuple[str, str]] = frozenset()
    read_only: frozenset[str] = frozenset()

    @classmethod
    def of(cls, plan: Plan, live: Live) -> Baseline:
        """Return the baseline of a plan; `live` was read before it is carried out.

        What the plan deletes counts as declared: its fate is decided.
        """
        return cls(
            frozenset((item.kind, item.id) for item in live.resources),
            frozenset((item.kind, item.id) for item in plan.unmanaged),
            frozenset(item.id for item in live.resources if item.kept == "read-only"),
        )

    def takes(self, item: LiveResource) -> bool:
        """Say whether a declared object is this live one, or the plan deletes it."""
        return (item.kind, item.id) in self.lived - self.undeclared


def may_adopt(
    writer: Writer, item: LiveResource, change: Change, attributes: Mapping[str, Plain], *, is_unknown: bool
) -> bool:
    """Say whether a live object with the natural key of a create may be taken for it (rules 3 and 4).

    `is_unknown` says that the create may have been carried out: what it made is new then.
    """
    if writer.baseline.takes(item) or writer.is_taken(item.kind, item.id):
        return False
    if is_unknown and (item.kind, item.id) in writer.baseline.lived:
        return False
    return all(reveal(item.attributes.get(name)) == attributes.get(name) for name in change.changed)


@dataclass(slots=True)
class Recovery:
    """One create that failed, of which an object may exist all the same; `failure` is its last error."""

    writer: Writer
    change: Change
    attributes: dict[str, Plain]
    failure: ServiceError
    is_unknown: bool = field(init=False)
    """Whether the service may have carried out the first attempt. Only then is there another one."""
    _looks: int = field(default=0, init=False)
    _is_decided: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.is_unknown = self.failure.sent

    async def run(self) -> str:
        """Return the id of what the create made, or of what is exactly so. Raises the `ServiceError` that remains.

        The error has `sent` where the object may exist all the same.
        """
        from tenacity import (  # not at the top: few runs have something to recover
            AsyncRetrying,
            retry_if_exception,
            stop_after_attempt,
            wait_random_exponential,
        )

        backoff = wait_random_exponential(2 * MIN_PAUSE_SECONDS, min=MIN_PAUSE_SECONDS, max=MAX_PAUSE_SECONDS)
        repeating = AsyncRetrying(
            sleep=self.writer.sleep,
            stop=stop_after_attempt(MAX_LOOKS),
            wait=lambda state: max(backoff(state), self.failure.retry_after if self._is_refused_for_now else 0.0),
            retry=retry_if_exception(lambda error: isinstance(error, ServiceError) and not self._is_decided),
            reraise=True,
        )
        if self._is_refused_for_now:
            await self.writer.sleep(self.failure.retry_after)
        try:
            return await repeating(self._look)
        except ServiceError as error:
            # That a look failed as well says nothing about the create.
            error.sent = self.is_unknown
            if not self.is_unknown:
                self.writer.conflicts.add(self.change.address)
            raise

    @property
    def _is_refused_for_now(self) -> bool:
        return 0 < self.failure.retry_after <= MAX_RETRY_AFTER_SECONDS

    async def _look(self) -> str:
        self._looks += 1
        try:
            bearers = await self.writer.connection.find(self.change.kind, self.attributes)
        except ServiceError as error:
            raise self._failed(f"looking for it failed: {error}") from None
        ours = [
            item
            for item in bearers
            if may_adopt(self.writer, item, self.change, self.attributes, is_unknown=self.is_unknown)
        ]
        if len(ours) == 1:
            return self.writer.adopt(self.change, ours[0].id)
        if len(ours) > 1:
            raise self._failed(f"{_ids(ours)} are all as declared, and which one is meant can't be told")
        if bearers and not self.is_unknown:
            # The conflict is explained, and time does not change what was found.
            self._is_decided = True
            raise self._failed(f"{_ids(bearers)} is in the way, and is not what is declared: plan again")
        # What is sent is looked for afterwards, so the last look sends nothing.
        if self._may_be_sent_again() and self._looks < MAX_LOOKS:
            if not self.writer.kind_of(self.change.kind).unique:
                self.writer.sent_again.add(self.change.address)
            try:
                return await self.writer.send(self.change, self.attributes)
            except ServiceError as error:
                self.failure = error
        raise self.failure

    def _may_be_sent_again(self) -> bool:
        return self.failure.sent and (self._is_refused_for_now or self.writer.kind_of(self.change.kind).unique)

    def _failed(self, reason: str) -> ServiceError:
        return ServiceError(f"{self.failure}; {reason}")


def _ids(items: Sequence[LiveResource]) -> str:
    return " and ".join(sorted(item.id for item in items))
