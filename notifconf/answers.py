"""What programs can ask of a live state: who is told of what, and why; what nobody declares; the workspace of it.

Nothing is changed here. `survey` of `notifconf.api` reads a live state. Only what has `await` uses the network.
"""

from __future__ import annotations

import glob
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from notifconf.api import load, make_plan
from notifconf.errors import AuthenticationError, ForbiddenError, ServiceError, TransportError
from notifconf.executor.secrets import reveal
from notifconf.http.workers import run_all
from notifconf.model.coverage import Declared, Delivery, Explanation, Location, Probe, ProbeResult
from notifconf.model.diagnostic import Diagnostic, forbidden_in, quoted
from notifconf.model.mask import SHOWN, Mask
from notifconf.model.plan import Action, Unmanaged
from notifconf.model.policy import Mode
from notifconf.model.state import Live, Options, Workspace
from notifconf.model.views import Exported, Filters, Listing
from notifconf.plan import planner
from notifconf.plan.coverage import find_breaches, find_effect
from notifconf.plan.planner import Proposal
from notifconf.plan.prune import NOT_DECLARED
from notifconf.providers import load_provider
from notifconf.providers.base import Connection
from notifconf.providers.inbox import Deliveries
from notifconf.report.coverage import CoverageReport
from notifconf.report.workspace import workspace_text


def find_live_breaches(workspace: Workspace, live: Live) -> tuple[Diagnostic, ...]:
    """Return an error for each type that reaches fewer channels than `policy.coverage` wants, as it lives."""
    return tuple(find_breaches(load_provider(workspace.provider).coverage(live), workspace.policy))


def find_undeclared(
    workspace: Workspace, live: Live, *, options: Options | None = None, now: datetime | None = None
) -> tuple[Unmanaged, ...]:
    """Return what nothing declares: what the mode `sync` would delete, and what was discovered beside that.

    `live` is what `read_live` reads for the workspace in the mode `sync`.
    """
    options = (options or Options())._replace(mode=Mode.SYNC, force=True)
    plan = make_plan(workspace, live, options=options, now=now).plan
    deleted = (
        Unmanaged(change.address, change.kind, change.id or "", NOT_DECLARED, change.place)
        for change in plan.changes
        if change.action is Action.DELETE
    )
    listed = (item for item in plan.unmanaged if item.kept == NOT_DECLARED)
    return tuple(sorted((*deleted, *listed), key=lambda item: (item.address, item.id)))


def coverage(provider: str, live: Live, *, proposal: Proposal | None = None) -> CoverageReport:
    """Say which channels each notification type reaches: in a live state of `survey`, and after a plan.

    With a `proposal` the result has the minimums of the policy too; where the inventory was read, the mutes.
    """
    rules = load_provider(provider)
    workspace, plan = (proposal.workspace, proposal.plan) if proposal is not None else (None, None)
    live = planner.conceal_live(live if proposal is None else live.join(proposal.live), workspace)
    found = tuple(rules.list_mutes(live))
    mutes = found if found or live.inventory is not None or live.not_visible else None
    types = find_effect(plan.changes if plan else (), live, rules).types
    return CoverageReport(
        provider,
        rules.coverage_terms,
        types,
        planned=plan is not None,
        minimums=workspace.policy.coverage if workspace else {},
        diagnostics=plan.errors if plan else (),
        breaches=tuple(find_breaches((item.before for item in types), workspace.policy)) if workspace else (),
        mutes=mutes,
        hidden=sorted(live.not_visible.difference(row["resource"] for row in mutes or ())),
    )


async def locate(connection: Connection, resource: str) -> Location:
    """Return where a resource is, for `explain`: the paths whose mutes and subscriptions matter to it.

    `survey(connection, [*location.paths, *location.above])` reads them. Raises `UsageError` for what is no path of a
    resource, and `ServiceError`.
    """
    return await connection.locate(resource)


def explain(
    provider: str,
    live: Live,
    name: str,
    *,
    location: Location | None = None,
    proposal: Proposal | None = None,
    now: datetime | None = None,
) -> Explanation:
    """Say who is told of a notification type (or an event), through what, and who is not, and why.

    `live` is what `survey` reads; `name` is the name or the id of the type. With a `location` it is about one resource.
    With a `proposal` it also says so as planned. Raises `UsageError` for an unknown type.
    """
    rules, moment = load_provider(provider), now or datetime.now(UTC)
    workspace, plan = (proposal.workspace, proposal.plan) if proposal is not None else (None, None)
    live = planner.conceal_live(live, workspace)
    subject = rules.find_subject(live, name)
    declared = planner.find_declared(workspace, live, moment, rules)
    before = rules.explain(subject, location, live, declared)
    after = None
    if plan is not None:
        after = rules.explain(subject, location, find_effect(plan.changes, live, rules).live, declared)
    places = (*location.paths, *location.above) if location is not None else ()
    notes: list[str] = []
    if location is not None and not location.is_known:
        notes.append(f"The service lists no resource {quoted(location.paths[0])}: `notifconf resources` shows all.")
    return Explanation(
        subject,
        before,
        after,
        location,
        tuple(filter(live.not_visible.__contains__, places if location is not None else sorted(live.not_visible))),
        tuple(notes),
        plan.errors if plan is not None else (),
    )


def compare_deliveries(
    provider: str,
    deliveries: Deliveries,
    live: Live,
    *,
    workspace: Workspace | None = None,
    now: datetime | None = None,
) -> Sequence[Delivery]:
    """Say where notifications were delivered to, and where that is not what a workspace declares.

    `deliveries` is what the inbox of a connection reads, and `live` what `survey` reads.
    """
    rules = load_provider(provider)
    live = planner.conceal_live(live, workspace)
    declared = planner.find_declared(workspace, live, now or datetime.now(UTC), rules)
    return rules.compare_deliveries(deliveries.items, live, declared)


def list_probes(provider: str, live: Live, workspace: Workspace | None = None) -> Sequence[Probe]:
    """Return the channels that `probe` can test: those of a workspace, or without one those that live."""
    rules = load_provider(provider)
    mask = Mask((*(workspace.secrets if workspace is not None else ()), *live.secrets))
    return [
        replace(
            item,
            address=mask(item.address),
            channel=item.channel._replace(name=mask(item.channel.name)),
            names=tuple(map(mask, item.names)),
        )
        for item in rules.list_probes(workspace.declarations if workspace is not None else None, live)
    ]


def show(
    provider: str,
    live: Live,
    filters: Filters | None = None,
    *,
    workspace: Workspace | None = None,
    now: datetime | None = None,
) -> Sequence[Listing]:
    """List a live state of `survey`; of the mutes that a workspace declares also until when they hold, and why."""
    declared = Declared(now or datetime.now(UTC), {}, workspace)
    return load_provider(provider).show(planner.conceal_live(live, workspace), filters or Filters(), declared)


async def probe(
    connection: Connection,
    probes: Sequence[Probe],
    *,
    parallelism: int = 10,
    ended: Callable[[ProbeResult], None] = lambda _: None,
) -> list[ProbeResult]:
    """Send a test message through each channel, side by side; `ended` is called with each result as it comes.

    `list_probes` lists channels. Raises `ServiceError` where that says nothing of a channel: the credentials are
    refused, or the service can't be reached. Any other failure is a result.
    """

    async def send(item: Probe) -> ProbeResult:
        result = await _send_probe(connection, item)
        ended(result)
        return result

    return await run_all([partial(send, item) for item in probes], parallelism)


async def _send_probe(connection: Connection, item: Probe) -> ProbeResult:
    if item.attributes is None:
        return ProbeResult(item, "not-testable")
    try:
        await connection.verify(item.kind, {name: reveal(value) for name, value in item.attributes.items()})
    except (AuthenticationError, ForbiddenError):
        raise
    except ServiceError as error:
        if isinstance(error, TransportError) and not error.sent:
            raise
        return ProbeResult(item, "failed", str(error))
    return ProbeResult(item, "delivered")


def export(
    provider: str,
    live: Live,
    resources: Sequence[str] = (),
    *,
    owner: str | None = None,
    now: datetime | None = None,
) -> Exported:
    """Declare a live state of `survey` as a workspace. A plan of that shows no change.

    `resources` are those that were looked up. What owners have marked is left out; with `owner`, what that owner has
    marked is declared, and nothing else. `render(exported, "yaml")` is the text of the workspace. Raises
    `UsageError` if the service has no resources, and if nothing has the mark of `owner`.
    """
    rules = load_provider(provider)
    exported = rules.export(live, resources, owner)._replace(provider=provider, owner=owner)
    if not exported.left_out:
        return exported
    # `sync` would delete what the workspace can't declare. A plan without `policy.protected` shows what that is.
    environment = {variable.name: variable.secret.reveal() for variable in exported.variables}
    draft = load(["-"], environment=environment, now=now, stdin=io.BytesIO(workspace_text(exported).encode()))
    plan = make_plan(draft, live, options=Options(mode=Mode.SYNC), now=now).plan
    deleted = (change.address for change in plan.changes if change.action is Action.DELETE)
    return exported._replace(protected=tuple(sorted(map(_escape_glob, deleted))))


def _escape_glob(address: str) -> str:
    """Return a glob that matches this address.

    `?` stands for a character that no workspace can contain, `*` for a secret and all after it.
    """
    shown, secret, _ = address.partition(SHOWN)
    return "".join("?" if forbidden_in(char) else glob.escape(char) for char in shown) + ("*" if secret else "")
