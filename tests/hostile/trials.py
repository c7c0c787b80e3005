"""What is done with a bad input, and what is wrong with what comes of it."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import process_time
from typing import Any

from markdown_it import MarkdownIt

from notifconf.config import load
from notifconf.emulator.transport import EmulatorTransport
from notifconf.errors import NotifconfError, ServiceError, WorkspaceError
from notifconf.http.client import Client
from notifconf.model.plan import Plan
from notifconf.model.views import Filters
from notifconf.plan.planner import make_plan
from notifconf.providers import load_provider
from notifconf.report import Report
from notifconf.report.formats import RENDERERS
from notifconf.report.style import plain_text
from notifconf.report.table import listing_table, listings_json, table_lines
from notifconf.report.workspace import workspace_text
from tests.hostile.corpus import CANARY, Live, Text, bombs, live_cases, text_cases
from tests.torture.simulation import NOW, Simulation

SECONDS = 60
"""For one small input: time of the processor, which other work on a machine does not use up."""
BOMB_SECONDS = 120
MEMORY = 1 << 30
"""The bombs have so much time of the processor and so much memory, each in a process of its own."""

WORKSPACES = {
    "confluent": """
version: 1
provider: confluent
policy: {mode: sync}
integrations: {}
subscriptions: []
resources: [{resource: environment=env-1, muted: true, subscriptions: []}]
""",
    "konnect": """
version: 1
provider: konnect
policy: {mode: sync}
subscriptions: [{event: e.x, name: One}]
""",
}


def try_text(case: Text) -> list[str]:
    """Load a file that somebody calls a workspace; return what is wrong with what is said of it."""
    begun = process_time()
    said: list[str] = []
    try:
        load(["-"], environment={"A": "a"}, now=NOW, stdin=io.BytesIO(case.data))
    except WorkspaceError as error:
        said = [str(item) for item in error.diagnostics]
        if not said:
            said = ["\x00"]  # an error that says nothing is wrong
    except NotifconfError as error:
        said = [str(error)]
    return [*_slow(case.name, begun), *_unsafe(case.name, "\n".join(said), markup=False)]


def try_live(simulation: Simulation, case: Live) -> list[str]:
    """Plan, show and list against a service that answers this; return what is wrong with what is said of it."""
    emulator = simulation.emulator
    provider = "konnect" if case.collection in {"events", "event-subscriptions"} else "confluent"
    emulator.reset()
    emulator.replace({case.collection: []})
    _furnish(simulation, case)
    begun = process_time()
    problems: list[str] = []
    for action, run in ACTIONS.items():
        try:
            texts = simulation.runner.run(run(simulation, provider))
        except ServiceError as error:
            texts = {"text": str(error)}
        for form, text in texts.items():
            problems += _unsafe(f"{case.name}: {action} as {form}", text, markup=form in {"html", "markdown"})
    return [*_slow(case.name, begun), *problems]


def _furnish(simulation: Simulation, case: Live) -> None:
    """Store an object as it is, where it is found: behind the service's own rules."""
    emulator, body, owner, facet = simulation.emulator, case.body, "", ""
    if case.collection == "event-subscriptions":
        emulator.seed("events", {"event_id": "e.x", "event_title": "Event"})
        body, owner = _without_owner(body), "e.x"
    elif case.collection.startswith("resource-"):
        owner, facet = "environment=env-1", "|ENVIRONMENT|"
    emulator.store.put(case.collection, "e.x", body, owner=owner, facet=facet)


def _without_owner(body: Any) -> Any:
    return {name: value for name, value in body.items() if name != "event_id"} if isinstance(body, dict) else body


async def _plan(simulation: Simulation, provider: str) -> dict[str, str]:
    workspace = load(["-"], environment={}, now=NOW, stdin=io.BytesIO(WORKSPACES[provider].encode()))
    rules = load_provider(provider)
    async with Client(rules.endpoint, transport=EmulatorTransport(simulation.app)) as client:
        live = await rules.connect(client).read(workspace)
    return rendered(make_plan(workspace, live, NOW, rules))


async def _show(simulation: Simulation, provider: str) -> dict[str, str]:
    rules = load_provider(provider)
    async with Client(rules.endpoint, transport=EmulatorTransport(simulation.app)) as client:
        live = await rules.connect(client).survey(["environment=env-1"])
    listings = [*rules.show(live, Filters()), rules.types(live, Filters())]
    tables = (table_lines(listing_table(item, verbose=True)) for item in listings)
    return {"text": "".join(map(plain_text, tables)), "json": listings_json(provider, listings)}


async def _export(simulation: Simulation, provider: str) -> dict[str, str]:
    rules = load_provider(provider)
    async with Client(rules.endpoint, transport=EmulatorTransport(simulation.app)) as client:
        live = await rules.connect(client).survey(["environment=env-1"] if provider == "confluent" else [])
    return {"yaml": workspace_text(rules.export(live, ())._replace(provider=provider))}


def rendered(plan: Plan) -> dict[str, str]:
    """Return a plan in all formats."""
    found = {}
    for name, render in RENDERERS.items():
        rendition = render(Report(plan, verbose=True))
        found[name] = rendition.result if isinstance(rendition.result, str) else plain_text(rendition.result)
    json.loads(found["json"])
    return found


ACTIONS: dict[str, Callable[[Simulation, str], Coroutine[Any, Any, dict[str, str]]]] = {
    "plan": _plan,
    "show": _show,
    "export": _export,
}


def _slow(name: str, begun: float) -> list[str]:
    seconds = process_time() - begun
    return [f"{name}: it took {seconds:.1f} seconds"] if seconds > SECONDS else []


def _unsafe(name: str, text: str, *, markup: bool) -> list[str]:
    """Find what a terminal, a browser or a CI system would act on, and what nobody may see."""
    found = []
    if any(not char.isprintable() and char != "\n" for char in text):
        found.append("a control character")
    if CANARY in text:
        found.append("a secret")
    if name.endswith("as markdown"):
        text = MarkdownIt().render(text)
    if markup and ("<script>alert" in text or "<img" in text):
        found.append("markup")
    if name.endswith("as github") and any(
        line.startswith("::set-output") or line == "::error::z" for line in text.split("\n")
    ):
        found.append("a command to the workflow")
    return [f"{name}: {what} is in what is said" for what in found]


def try_bomb(name: str, data: bytes, folder: Path) -> list[str]:
    """Validate a file in a process that may not take more than so much time and memory."""
    path = folder / "bomb.yaml"
    path.write_bytes(data)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (BOMB_SECONDS, BOMB_SECONDS))

    process = subprocess.run(
        [sys.executable, "-m", "notifconf", "validate", str(path)],
        preexec_fn=limit,  # the signal of a limit that is passed ends the process
        capture_output=True,
        check=False,
    )
    path.unlink()
    problems = []
    if process.returncode not in {0, 1} or b"bug in notifconf" in process.stderr or b"Traceback" in process.stderr:
        problems.append(f"{name}: it ended with {process.returncode}: {process.stderr[:300]!r}")
    return [*problems, *_unsafe(name, process.stderr.decode(errors="backslashreplace"), markup=False)]


def figures(folder: Path) -> tuple[int, list[str]]:
    """Try everything; return how many inputs that were, and what was wrong."""
    problems: list[str] = []
    tried = 0
    for text in text_cases():
        problems += try_text(text)
        tried += 1
    with Simulation() as simulation:
        for live in live_cases():
            problems += try_live(simulation, live)
            tried += 1
    for name, data in bombs().items():
        problems += try_bomb(name, data, folder)
        tried += 1
    return tried, problems
