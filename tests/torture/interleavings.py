"""Two applies at once, of one workspace or of two with different owners, in an order that a seed decides.

Time is virtual: whoever sleeps or waits for the network wakes when nobody else has anything to do, so a trial takes
milliseconds and is the same each time. The service writes times in seconds or milliseconds, as the seed says.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from unittest.mock import patch

import httpx

from notifconf.emulator.app import create_app
from notifconf.emulator.emulator import Emulator
from notifconf.emulator.transport import EmulatorTransport
from notifconf.executor.run import apply as carry_out
from notifconf.executor.schedule import Control
from notifconf.http.client import Client, ClientOptions
from notifconf.model.plan import Outcome, Plan
from notifconf.model.state import Workspace
from notifconf.plan.planner import propose
from notifconf.providers import load_provider
from tests.torture.simulation import NOW, workspace_of

CLOCKS = ("notifconf.emulator.confluent.objects.now", "notifconf.emulator.konnect.routes.now")
EVENT = "organization.access-token.expiring"
SHRINK = "Kafka cluster shrink failure"
URL = "https://hooks.example.test/services/T0/B0"

WORKSPACES = {
    "confluent": f"""
version: 1
provider: confluent
policy: {{mode: upsert-only}}
integrations:
  one: {{display_name: One, description: d, target: {{kind: Slack, webhook_url: "{URL}/1"}}}}
  two: {{display_name: Two, description: d, target: {{kind: Slack, webhook_url: "{URL}/2"}}}}
subscriptions:
  - {{notification_type: {SHRINK}, integrations: [one, two]}}
resources:
  - {{resource: environment=env-1, muted: true, subscriptions: [{{notification_type: {SHRINK}, integrations: [one]}}]}}
""",
    "konnect": f"""
version: 1
provider: konnect
policy: {{mode: upsert-only}}
subscriptions:
  - {{event: {EVENT}, name: One, channels: {{EMAIL: true}}}}
  - {{event: {EVENT}, name: Two, channels: {{EMAIL: false}}}}
""",
}
OWNERS = ("payments", "web")
SHARED = """
version: 1
provider: confluent
policy: {{mode: sync, owner: {owner}}}
integrations:
  {owner}: {{display_name: {owner}, description: d, target: {{kind: Slack, webhook_url: "{url}/{owner}"}}}}
subscriptions:
  - {{match: {{severity: CRITICAL}}, add: [{owner}]}}
  - {{match: {{name: Kafka*, except: ["* expansion *"]}}, integrations: [{owner}]}}
resources:
  - {{resource: environment=env-1, subscriptions: [{{notification_type: {shrink}, add: [{owner}]}}]}}
"""
NAMED = {"confluent": ("integrations", "display_name"), "konnect": ("event-subscriptions", "name")}


MIN_SHARED_LISTS = 8


def texts_of_owners() -> list[str]:
    """The workspaces of two owners, who share most of their lists."""
    return [SHARED.format(owner=owner, url=URL, shrink=SHRINK) for owner in OWNERS]


class VirtualSelector(selectors.DefaultSelector):
    """A selector that never waits: it moves the clock instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self.now += timeout
        return list(super().select(0))


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self) -> None:
        self.selector = VirtualSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


class Network(EmulatorTransport):
    """A network that takes some time to the service, and some time back."""

    def __init__(self, app: object, random: Random) -> None:
        super().__init__(app)  # type: ignore[arg-type]  # what create_app returns
        self._random = random

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._random.uniform(0.005, 0.4))
        answer = await super().handle_async_request(request)
        await asyncio.sleep(self._random.uniform(0.005, 0.4))
        return answer


@dataclass
class Meeting:
    """What came of one trial: `outcomes` are None for a run that found nothing to do."""

    seed: int
    outcomes: list[Outcome | None] = field(default_factory=list)
    twins: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    last: Plan | None = None

    @property
    def is_settled(self) -> bool:
        """Whether a run gave way to the other."""
        return any(item is not None and item.diagnostics for item in self.outcomes)

    @property
    def problems(self) -> list[str]:
        """What must not be: twins, a further run that has anything to do, two runs that did not end well."""
        failed = [item.verification_error for item in self.outcomes if item is not None and not item.complete]
        found = [f"twins: {self.twins}"] if self.twins else []
        found += [f"lost: {self.lost}"] if self.lost else []
        if self.last is None or self.last.changes or self.last.errors:
            found.append(f"a further run is not clean: {self.last}")
        if len(failed) > 1:
            found.append(f"both runs were not complete: {failed}")
        return [f"seed {self.seed}: {text}" for text in found]


class Meetings:
    """An organisation in which two runs meet, again and again."""

    def __init__(self, text: str, other: str | None = None) -> None:
        self.workspace = workspace_of(text)
        self.other = self.workspace if other is None else workspace_of(other)
        self.provider = load_provider(self.workspace.provider)
        self.app = create_app(":memory:")
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)

    @property
    def emulator(self) -> Emulator:
        found: Emulator = self.app.state.emulator
        return found

    def close(self) -> None:
        self.runner.close()
        self.emulator.close()

    def meet(self, seed: int) -> Meeting:
        """Let two runs meet in a new organisation, then plan once more."""
        random = Random(seed)
        self.emulator.reset()
        meeting = Meeting(seed)
        with self._clocks("seconds" if random.random() < 0.5 else "milliseconds"):
            meeting.outcomes = self.runner.run(self._both(random))
        collection, name = NAMED[self.workspace.provider]
        counted = Counter(str(item.get(name)) for item in self.emulator.objects(collection))
        meeting.twins = [text for text, number in counted.items() if number > 1]
        meeting.last = self.runner.run(self._run(random, 0.0, self.workspace, apply=False))[0]
        return meeting

    def share(self, seed: int) -> Meeting:
        """Let the runs of two owners meet in a new organisation, then each run once more, alone, and plan both."""
        random = Random(seed)
        self.emulator.reset()
        meeting = Meeting(seed)
        self.runner.run(self._both(random))
        for workspace in random.sample((self.workspace, self.other), 2):
            self.runner.run(self._run(random, 0.0, workspace))
        for workspace in (self.workspace, self.other):
            meeting.last = self.runner.run(self._run(random, 0.0, workspace, apply=False))[0]
            if meeting.problems:
                break
        meeting.lost = list(self._find_lost())
        return meeting

    def _find_lost(self) -> Iterator[str]:
        """Name the subscriptions that somebody declares, and that do not tell both."""
        names = {item["id"]: item["display_name"] for item in self.emulator.objects("integrations")}
        lists = [*self.emulator.objects("subscriptions"), *self.emulator.objects("resource-subscriptions")]
        told = [{names[used["id"]] for used in item["integrations"]} for item in lists]
        shared = [found for found in told if found & set(OWNERS)]
        yield from (str(sorted(found)) for found in shared if not found >= set(OWNERS))
        if len(shared) < MIN_SHARED_LISTS:
            yield f"only {len(shared)} lists are shared"

    @contextmanager
    def _clocks(self, resolution: str) -> Iterator[None]:
        loop = self.runner.get_loop()

        def stamp() -> str:
            return (NOW + timedelta(seconds=loop.time())).isoformat(timespec=resolution)

        first, second = CLOCKS
        with patch(first, stamp), patch(second, stamp):
            yield

    async def _both(self, random: Random) -> list[Outcome | None]:
        starts = 0.0, random.choice((0.0, random.uniform(0, 1), random.uniform(0, 10)))
        runs = (
            self._run(random, start, workspace)
            for start, workspace in zip(starts, (self.workspace, self.other), strict=True)
        )
        return [found[1] for found in await asyncio.gather(*runs)]

    async def _run(
        self, random: Random, start: float, workspace: Workspace, *, apply: bool = True
    ) -> tuple[Plan, Outcome | None]:
        await asyncio.sleep(start)
        clock = asyncio.get_running_loop().time
        endpoint, network = self.provider.endpoint, Network(self.app, random)
        async with Client(
            endpoint, transport=network, options=ClientOptions(sleep=asyncio.sleep, clock=clock)
        ) as client:
            connection = self.provider.connect(client)
            live = await connection.read(workspace)
            proposal = propose(workspace, live, NOW, self.provider)
            plan = proposal.plan
            if not apply or plan.errors or not plan.changes:
                return plan, None
            control = Control(parallelism=random.choice((1, 2, 4)))
            return plan, await carry_out(proposal, self.provider, connection, control)
