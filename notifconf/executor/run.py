"""Plan, carry out, and look again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from notifconf.errors import ServiceError
from notifconf.executor.change import Writer
from notifconf.executor.recovery import Baseline, may_adopt
from notifconf.executor.schedule import Control, execute, run_unless_halted
from notifconf.executor.twins import Concession, Namesakes, find_bearers, find_namesakes, group_bearers
from notifconf.model.diagnostic import Diagnostic, list_some, warning
from notifconf.model.plan import Action, Change, ChangeOutcome, Outcome, Plan, Result
from notifconf.model.policy import Policy
from notifconf.model.state import Live
from notifconf.plan.order import find_targets
from notifconf.plan.planner import Proposal
from notifconf.providers.base import Connection, Provider


async def apply(proposal: Proposal, provider: Provider, connection: Connection, control: Control) -> Outcome:
    """Carry out a plan, read again what it touched, and say in the outcome what is still to do.

    The plan must have neither errors nor refusals. A saved plan must not be stale.
    """
    plan = proposal.plan
    baseline = Baseline.of(plan, proposal.live)
    policy = Policy(owner=plan.owner, takes_over=plan.takes_over)
    writer = Writer(
        connection, provider, proposal.secrets, baseline, policy, verify=proposal.verify, sleep=control.sleep
    )
    execution = await execute(plan, writer, control)
    verification = Verification(proposal, list(execution.changes), writer, proposal.live, control.stop)
    remaining: Plan | None = None
    troubles: list[str] = []
    try:
        remaining = await run_unless_halted(verification.run(), control.halt)
    except ServiceError as error:
        troubles.append(str(error))
    if remaining is None:
        troubles = troubles or ["interrupted"]
    troubles.extend(verification.troubles)
    if remaining is not None and remaining.errors:
        troubles.extend(item.message for item in remaining.errors)
    elif remaining is not None and (late := list(find_hidden(remaining, verification.outcomes))):
        names = list_some(late, MAX_NAMES_SHOWN)
        troubles.append(f"the service does not list yet what it has created: {names}; wait before apply is run again")
    return Outcome(
        plan,
        tuple(verification.outcomes),
        (*execution.diagnostics, *verification.diagnostics),
        remaining,
        "; ".join(troubles) or None,
        interrupted=control.stop.is_set(),
    )


MAX_NAMES_SHOWN = 5

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Before each further look: lists lag behind what was just done, and another run may give way."""


REPAIRED_AT = 1
"""The look after which lists are written again. An earlier one may show what was there before the write."""


@dataclass(slots=True)
class Verification:
    """One look after an apply.

    `outcomes` and `diagnostics` say what became of the changes by now; `namesakes` are those that are not settled.
    They hold whether `run` came to its end or not.
    """

    proposal: Proposal
    outcomes: list[ChangeOutcome]
    writer: Writer
    live: Live
    stop: asyncio.Event
    diagnostics: list[Diagnostic] = field(default_factory=list)
    namesakes: list[Namesakes] = field(default_factory=list)
    _reasons: dict[str, str] = field(default_factory=dict, init=False)
    _saw_twins: bool = field(default=False, init=False)

    async def run(self) -> Plan:
        """Read again what was touched, and return what is still to do.

        Look again for a while, unless `stop` is set, where that holds something which was done, where another run may
        still give way, or where a create was sent again and a list may not show yet what the first attempt made. Raises
        `ServiceError`.
        """
        touched = [item.change for item in self.outcomes if item.result is not Result.SKIPPED]
        if not touched:
            return self.proposal.plan
        await self._reread(touched)
        for index, pause in enumerate(PAUSES_SECONDS):
            await self._settle(is_last=False)
            remaining = self._find_remaining()
            again = self._to_look_at_again(remaining)
            if not again or self.stop.is_set():
                return remaining
            if index == REPAIRED_AT:
                await self._repair(remaining)
            await self.writer.sleep(pause)
            await self._reread(again)
        await self._settle(is_last=True)
        return self._find_remaining()

    @property
    def troubles(self) -> Iterator[str]:
        """What the namesakes mean that are not settled, one sentence each."""
        for item in self.namesakes:
            reason = self._reasons.get(item.change.address)
            yield f"{item} ({reason})" if reason else str(item)

    def _find_remaining(self) -> Plan:
        return self.proposal.find_remaining(self.live, self.writer.ids)

    async def _reread(self, changes: Sequence[Change]) -> None:
        touched = [(change.kind, self.writer.attributes(change)) for change in changes]
        self.live = await self.writer.connection.reread(self.live, touched)

    def _to_look_at_again(self, remaining: Plan) -> list[Change]:
        applied = [item.change for item in self.outcomes if item.result is Result.APPLIED]
        done = {change.address for change in applied}
        # What lived before goes by its id: once its namesakes are deleted, it has another address.
        lived = {(change.kind, change.id) for change in applied if change.id is not None}
        if self._saw_twins:
            done |= self.writer.conflicts
        late = [change for change in remaining.changes if change.address in done or (change.kind, change.id) in lived]
        sent_again = [change for change in applied if change.address in self.writer.sent_again and not self._saw_twins]
        return [*late, *(item.change for item in self.namesakes if item.may_settle), *sent_again]

    async def _repair(self, remaining: Plan) -> None:
        """Write lists once more in which something is missing that this run put in.

        Another run may have read a list before this one wrote it, and have written it afterwards. What this run did not
        write, or would take out now, is not touched: what cannot be repaired is still to do.
        """
        written = {item.id: item for item in self.outcomes}
        for change in remaining.changes:
            outcome = written.get(change.id)
            if outcome is None or outcome.result is not Result.APPLIED or change.action is not Action.UPDATE:
                continue
            shown = find_targets(outcome.change.after)
            own = {self.writer.ids.get(target, target) for target in shown}
            gone = find_targets(outcome.change.before) - own
            removed = find_targets(change.before) - find_targets(change.after)
            if find_targets(change.after) - find_targets(change.before) <= own and removed <= gone:
                with suppress(ServiceError):
                    await self.writer.repair(change)

    async def _settle(self, *, is_last: bool) -> None:
        """Give way to the twins that other runs made, where it is this run's turn."""
        self.namesakes = list(find_namesakes(self.writer, self.outcomes, self.live))
        self._saw_twins = self._saw_twins or bool(self.namesakes)
        for item in self.namesakes:
            if not self.stop.is_set() and (item.gives_way or (is_last and item.is_tie)):
                await self._give_way(item)
        if self.namesakes:
            self.namesakes = list(find_namesakes(self.writer, self.outcomes, self.live))
        self._adopt_what_was_in_the_way()

    async def _give_way(self, item: Namesakes) -> None:
        change, survivor = item.change, item.survivor
        self._reasons.pop(change.address, None)
        try:
            self.live = await Concession(self.writer, self.outcomes, item).make(self.live)
        except ServiceError as error:
            self._reasons[change.address] = str(error)
            return
        message = (
            f"another run created {change.address} at the same time: {survivor.id} stays, and this run deleted its"
            f" own {item.own_id}"
        )
        self.diagnostics.append(warning("twin-deleted", message, change.position, change.address))
        self._note(change, Result.APPLIED)
        await self._reread([change])

    def _adopt_what_was_in_the_way(self) -> None:
        """Adopt what made a create fail, if it is as declared by now: another run may have repointed it."""
        if not self.writer.conflicts:
            return
        bearers = group_bearers(self.live)
        for item in list(self.outcomes):
            change = item.change
            if change.address not in self.writer.conflicts:
                continue
            attributes = self.writer.attributes(change)
            found = [
                bearer
                for bearer in find_bearers(self.writer, change, bearers)
                if may_adopt(self.writer, bearer, change, attributes, is_unknown=False)
            ]
            if len(found) == 1:
                self.writer.conflicts.discard(change.address)
                self.writer.adopt(change, found[0].id)
                self._note(change, Result.APPLIED)

    def _note(self, change: Change, result: Result) -> None:
        self.outcomes[:] = [
            item._replace(result=result, id=self.writer.ids[change.address], error=None)
            if item.change is change
            else item
            for item in self.outcomes
        ]


def find_hidden(remaining: Plan, outcomes: Sequence[ChangeOutcome]) -> Iterator[str]:
    """Yield what was created and does not show: to create it again would make a second one."""
    created = {
        item.change.address
        for item in outcomes
        if item.result is Result.APPLIED and item.change.action is Action.CREATE
    }
    return (
        change.address for change in remaining.changes if change.action is Action.CREATE and change.address in created
    )
