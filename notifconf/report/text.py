"""Plans, outcomes and diagnostics as lines for people, with Terraform's signs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from notifconf.model.diagnostic import Diagnostic, distance, format_time
from notifconf.model.plan import (
    TROUBLE,
    UNDECLARED_MUTE,
    Action,
    Attributes,
    Change,
    ChangeOutcome,
    Outcome,
    Plan,
    PlanValue,
    Reference,
    Result,
    Sensitive,
)
from notifconf.model.policy import Mode
from notifconf.model.resource import MuteTerms
from notifconf.model.state import Part
from notifconf.report import NOT_APPLICABLE, Context, Report
from notifconf.report.style import Line, Span, count, line, text_of


def diagnostic_line(diagnostic: Diagnostic) -> Line:
    """Return `FILE:LINE:COLUMN: error[code]: message`."""
    place = f"{diagnostic.position}: " if diagnostic.position else ""
    label = Span(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    return line(place, label, f": {diagnostic.message}")


def diagnostic_lines(diagnostics: Iterable[Diagnostic]) -> Iterator[Line]:
    """Yield one line a diagnostic."""
    for diagnostic in diagnostics:
        yield diagnostic_line(diagnostic)


SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}
DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}
NO_CHANGES: Mapping[Part, str] = {
    "": "No changes. Live state matches the configuration.",
    "targets": "No changes among the targets.",
    "rest": "No changes apart from what is excluded.",
    "changes": "No changes are left of the plan.",
}
"""By the part of the whole that a plan is."""
VERIFIED: Mapping[Part, str] = {
    "": "live state matches the configuration.",
    "targets": "the targets are as declared.",
    "rest": "all is as declared, apart from what is excluded.",
    "changes": "what the plan changes is as planned.",
}


class Alert(NamedTuple):
    """What stands on top of a plan, since somebody is not told, or will not be: a name, a head, and sentences."""

    name: str
    head: str
    messages: tuple[str, ...]


def find_alerts(plan: Plan) -> list[Alert]:
    """Return who is not told any more, and who is not told already though nothing declares that (any more)."""
    found = (
        Alert("silences", "This silences", tuple(item.message for item in plan.silences)),
        Alert("overdue", "Past its end, and still in force", tuple(map(_describe_overdue, plan.overdue))),
        Alert(
            "undeclared-mutes",
            f"Silent already, and nothing declares it ({UNDECLARED_MUTE})",
            tuple(item.message for item in plan.undeclared_mutes),
        ),
    )
    return [alert for alert in found if alert.messages]


def _describe_overdue(change: Change) -> str:
    mute = change.mute or MuteTerms()
    place = f" ({change.place})" if change.place else ""
    ended = f" should have ended at {format_time(mute.ends)}" if mute.ends is not None else " should have ended"
    return f"{change.address}{place}{ended}" + (f": {mute.reason}" if mute.reason else "")


def describe_mute(mute: MuteTerms, now: datetime | None) -> str:
    """Return when a mute begins and ends, and why; beside each moment how far it is away, where `now` is known."""
    parts = [
        f"{word} {format_time(moment)}" + (f" ({distance(moment, now)})" if now is not None else "")
        for word, moment in (("from", mute.begins), ("until", mute.ends))
        if moment is not None
    ]
    words = ", ".join(parts) or "without an end"
    return words + (f", reason {shown(mute.reason)}" if mute.reason else "")


def report_lines(report: Report) -> Iterator[Line]:
    """Yield a plan: first what is compared with what, last whether the plan can be applied and how much it does."""
    if report.context is not None:
        yield line(Span(context_words(report.context), "strong"))
        yield ()
    yield from plan_lines(report.plan, verbose=report.verbose, summary=report.summary, now=report.now)
    if not report.plan.is_applicable:
        yield conclusion(report)


def context_words(context: Context) -> str:
    """Say what is compared with what."""
    organization = f" organization {context.organization}" if context.organization else ""
    mode = f" (mode {context.mode})" if context.mode else ""
    return f"Workspace {context.workspace} → {context.service}{organization} at {context.endpoint}{mode}"


def conclusion(report: Report) -> Line:
    """Return the outcome of a command in one line."""
    plan = report.plan
    if report.outcome is not None:
        return next(outcome_lines(report.outcome))
    if plan.errors:
        first = plan.errors[0]
        place = f"{first.position}: " if first.position else ""
        words = f" {count(len(plan.errors), 'error')} ({place}{_first_sentence(first)})."
        return line(Span(f"{report.verdict}:", "error"), words)
    if plan.refusals:
        others = len(plan.refusals) - 1
        more = f", and {others} more" if others else ""
        if plan.breaches:
            reason = f" {_first_sentence(plan.breaches[0])}{more}."
            return line(Span("The live state breaks policy.coverage:", "error"), reason)
        reason = f" {_first_sentence(plan.refusals[0])}{more}. Pass --force if that is what you want."
        return line(Span("Refused:", "error"), reason)
    return summary_line(plan)


def _first_sentence(diagnostic: Diagnostic) -> str:
    return diagnostic.message.partition("\n")[0].rstrip(".:")


def plan_lines(
    plan: Plan, *, verbose: bool = False, summary: bool = False, now: datetime | None = None
) -> Iterator[Line]:
    """Yield a plan: on top what it silences, then its changes, what is not declared, its digest, and the sums."""
    yield from silence_lines(plan)
    for change in plan.changes:
        if summary:
            yield next(change_lines(change, now))
        else:
            yield from change_lines(change, now)
            yield ()
    if summary and plan.changes:
        yield ()
    yield from _unmanaged_lines(plan, verbose=verbose)
    if plan.digest:
        yield line(Span(f"Digest: {plan.digest}", "dim"))
    if plan.changes or not plan.errors:
        yield summary_line(plan)


def silence_lines(plan: Plan) -> Iterator[Line]:
    """Yield what stands on top of a plan, or nothing."""
    for alert in find_alerts(plan):
        yield line(Span(f"{alert.head}:", "silences"))
        yield from (line(Span(f"  ! {message}", "silences")) for message in alert.messages)
        yield ()


def summary_line(plan: Plan) -> Line:
    """Return the one line that says how much a plan does."""
    if not plan.changes:
        if plan.errors:
            return line(Span("No changes can be planned until the errors are fixed.", "strong"))
        if plan.counts_undeclared:
            whole = NO_CHANGES[plan.part].partition(".")[0]
            return line(Span(f"{whole}, but there are live objects that nothing declares.", "strong"))
        return line(Span(NO_CHANGES[plan.part], "strong"))
    return line(
        Span("Plan:", "strong"),
        f" {plan.count(Action.CREATE)} to create, {plan.count(Action.UPDATE)} to update, "
        f"{plan.count(Action.DELETE)} to delete.",
    )


def headline(report: Report) -> str:
    """Return the one line that says how much a plan does, or how much was done of it."""
    if report.outcome is not None:
        return text_of(next(outcome_lines(report.outcome)))
    plan = report.plan
    is_to_be_planned = plan.provider and report.verdict == NOT_APPLICABLE
    has_plan = plan.changes or plan.is_applicable or is_to_be_planned
    return text_of(summary_line(plan)) if has_plan else f"{report.verdict}."


def closing(outcome: Outcome | None) -> list[str]:
    """Return what an outcome ends with: whether it is verified, and what is left to do."""
    return [] if outcome is None else [text_of(item) for item in outcome_lines(outcome)][1:]


def change_lines(change: Change, now: datetime | None = None) -> Iterator[Line]:
    """Yield one change: its sign and address, then its fields."""
    style = str(change.action)
    known = "".join(f" ({text})" for text in (change.place, change.id) if text)
    blocked = (Span(f" blocked: {change.blocked}", "error"),) if change.blocked else ()
    yield line(Span(f"  {SIGNS[change.action]} {change.address}", style), Span(known, "dim"), *blocked)
    if change.action is Action.UPDATE:
        for item in change.differences:
            yield line(f"      {field_name(item.path)}: {shown(item.before)} → {shown(item.after)}")
    else:
        yield from _attribute_lines((change.after if change.action is Action.CREATE else change.before) or {}, "      ")
    if change.mute is not None:
        yield line(f"      muted: {describe_mute(change.mute, now)}")


def _attribute_lines(attributes: Attributes, indent: str) -> Iterator[Line]:
    for name, value in attributes.items():
        if isinstance(value, Mapping):
            yield line(f"{indent}{name}:")
            yield from _attribute_lines(value, indent + "  ")
        else:
            yield line(f"{indent}{name}: {shown(value)}")


def field_name(path: str) -> str:
    """Return a JSON pointer as people write it: dots between the names."""
    return path.removeprefix("/").replace("/", ".").replace("~1", "/").replace("~0", "~")


def shown(value: PlanValue) -> str:
    """Return a value on one line, as JSON writes it; secrets and absent values in words."""
    if value is None:
        return "(none)"
    if isinstance(value, Sensitive):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(shown(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {shown(member)}' for name, member in value.items())}}}"
    if isinstance(value, Reference):
        owner = f" (owner {value.owner})" if value.owner is not None else ""
        return json.dumps(value.name, ensure_ascii=False) + owner
    return json.dumps(value, ensure_ascii=False)


def _unmanaged_lines(plan: Plan, *, verbose: bool) -> Iterator[Line]:
    if not plan.unmanaged:
        return
    yield line(unmanaged_sentence(plan, *([] if verbose else ["-v lists them"])))
    if verbose:
        for item in plan.unmanaged:
            place = f" ({item.place})" if item.place else ""
            yield line(f"    {item.address}", Span(f"{place} ({item.id}, kept: {item.kept})", "dim"))
    yield ()


def unmanaged_sentence(plan: Plan, *hints: str) -> str:
    """Say how many live objects nothing declares, and what would become of them."""
    if plan.mode != Mode.SYNC:
        hints = ("mode sync would delete those it may", *hints)
    verb = "is" if len(plan.unmanaged) == 1 else "are"
    end = f" ({'; '.join(hints)})" if hints else ""
    return f"{count(len(plan.unmanaged), 'live object')} {verb} not declared here{end}."


def outcome_line(item: ChangeOutcome) -> Line:
    """Return what became of one change."""
    if item.result is Result.APPLIED:
        known = f" ({item.id})" if item.id and item.change.action is Action.CREATE else ""
        done = Span(DONE[item.change.action], str(item.change.action))
        return line(f"{item.change.address}: ", done, Span(known, "dim"))
    style = "error" if item.result in TROUBLE else "warning"
    return line(f"{item.change.address}: ", Span(str(item.result), style), f": {item.error}")


def outcome_lines(outcome: Outcome) -> Iterator[Line]:
    """Yield the end of an apply: the sums, and whether anything is left to do."""
    applied = [item.change.action for item in outcome.changes if item.result is Result.APPLIED]
    sums = ", ".join(f"{applied.count(action)} {DONE[action]}" for action in Action)
    others = "".join(
        f", {outcome.count(result)} {result}"
        for result in (Result.FAILED, Result.UNKNOWN, Result.SKIPPED, Result.KEPT)
        if outcome.count(result)
    )
    yield line(Span("Applied:", "strong"), f" {sums}{others}.")
    if outcome.interrupted:
        unknown = outcome.count(Result.UNKNOWN)
        end = "may have come about" if unknown else "was finished"
        yield line(Span("Interrupted:", "warning"), f" what was in flight {end}. Plan and apply again to continue.")
    if outcome.verification_error is not None:
        yield line(Span("Not verified:", "error"), f" {outcome.verification_error}")
    elif outcome.left:
        yield line(Span("Left to do:", "warning"))
        for change in outcome.left:
            yield line(Span(f"  {SIGNS[change.action]} {change.address}", str(change.action)))
        verb = "is" if len(outcome.left) == 1 else "are"
        # Not "apply again": what was done of a plan file makes that stale.
        end = "plan and apply again to continue" if outcome.must_be_repeated else "nothing was changed"
        yield line(f"{count(len(outcome.left), 'change')} {verb} left to do: {end}.")
    elif outcome.complete and outcome.remaining is not None:
        verified = VERIFIED[outcome.remaining.part]
        if outcome.count(Result.KEPT):
            verified = f"{verified.removesuffix('.')}, but for what is still in use."
        yield line(Span("Verified:", "strong"), f" {verified}")


def list_told(change: Change) -> str:
    """Return who is told by an object, with a sign before what an update adds or removes; empty if it tells nobody."""
    before, after = _find_told(change.before), _find_told(change.after)
    if change.action is not Action.UPDATE:
        return ", ".join((*before, *after))
    signed = (name if name in before else f"+ {name}" for name in after)
    return ", ".join((*signed, *(f"- {name}" for name in before if name not in after)))


def _find_told(attributes: Attributes | None) -> list[str]:
    return [name for value in (attributes or {}).values() for name in _channels_of(value)]


def _channels_of(value: PlanValue) -> list[str]:
    """Return the names in a list of references, or the channels that are on: nothing of any other value."""
    if isinstance(value, tuple):
        return [str(item) for item in value if isinstance(item, Reference)]
    if isinstance(value, Mapping) and all(isinstance(item, bool) for item in value.values()):
        return [name for name, is_on in value.items() if is_on]
    return []


def own_fields(change: Change) -> Iterator[Field]:
    """Yield the fields that neither the address of a change nor the list of who is told says already."""
    if change.action is Action.UPDATE:
        items = (item for item in change.differences if not (_channels_of(item.before) or _channels_of(item.after)))
        yield from fields(replace(change, differences=tuple(items)))
        return
    before, after = (side and _without_told(side) for side in (change.before, change.after))
    name = change.address.partition("/")[2]
    said = {json.dumps(part, ensure_ascii=False) for part in (name, *name.rsplit("#", 1))}
    yield from (field for field in fields(replace(change, before=before, after=after)) if said.isdisjoint(field[1:]))


def _without_told(attributes: Attributes) -> Attributes:
    return {name: value for name, value in attributes.items() if not _channels_of(value)}


class Field(NamedTuple):
    """One field of a change, values as text; `before` is None for a create, `after` for a delete."""

    name: str
    before: str | None
    after: str | None


def fields(change: Change, now: datetime | None = None) -> Iterator[Field]:
    """Yield what an update changes, or all of what a create makes and a delete takes away; of a mute, until when."""
    if change.action is Action.UPDATE:
        for item in change.differences:
            yield Field(field_name(item.path), shown(item.before), shown(item.after))
    elif change.action is Action.CREATE:
        for name, value in _leaves(change.after or {}):
            yield Field(name, None, value)
    else:
        for name, value in _leaves(change.before or {}):
            yield Field(name, value, None)
    if change.mute is not None:
        yield Field("muted", None, describe_mute(change.mute, now))


def _leaves(attributes: Attributes, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, shown(value)
