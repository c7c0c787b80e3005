"""Who is told of what, of all types or of one, live and as planned: as tables, as JSON, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from notifconf.model.coverage import Audience, Channel, Explanation, NotTold, Reach, Told, Via
from notifconf.model.diagnostic import Diagnostic, format_time
from notifconf.model.policy import CoverageTerms, Minimum
from notifconf.model.views import Cell, Listing
from notifconf.plan.codec import diagnostic_document
from notifconf.plan.coverage import Sides
from notifconf.report.json import dump_json
from notifconf.report.markdown import markdown_table, prose
from notifconf.report.picture import draw_mermaid, make_matrix
from notifconf.report.style import Line, Span, count, line, plain_text
from notifconf.report.table import Table, listing_table, table_lines

NOBODY = "nobody"


class CoverageReport(NamedTuple):
    """What each type reaches; without a workspace (`planned` is false) both sides are the live one.

    `minimums` is `policy.coverage`; `diagnostics` are what makes the planned side wrong, and `breaches` the types that
    reach too few channels as they live. `mutes` says which resources
    are muted, None where nobody looked; `hidden` are those whose mutes the service does not show.
    """

    provider: str
    terms: CoverageTerms
    types: Sequence[Sides]
    planned: bool = False
    minimums: Mapping[str, Minimum] = MappingProxyType({})
    diagnostics: Sequence[Diagnostic] = ()
    breaches: Sequence[Diagnostic] = ()
    mutes: Sequence[Mapping[str, Cell]] | None = None
    hidden: Sequence[str] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the numbers."""
        return self.terms.notes if self.mutes is not None else (*self.terms.notes, *self.terms.notes_without_mutes)

    def group(self, name: str) -> list[Sides]:
        """Return the types of a severity or namespace; those that the billing plan leaves out don't count."""
        return [item for item in self.types if item.after.group == name and item.after.in_plan]


def coverage_table(report: CoverageReport, *, verbose: bool = False) -> Table:
    """Return a row for each type: how many channels count, and which they are: `+` added, `-` removed by the plan."""
    rows: tuple[dict[str, Cell], ...] = tuple(
        {
            report.terms.subject: item.after.name + ("" if item.after.in_plan else " (not in plan)"),
            report.terms.grouping: item.after.group,
            "live": len(item.before.channels),
            "planned": len(item.after.channels),
            "channels": _channels(item) or (NOBODY,),
            "id": item.after.id,
        }
        for item in report.types
    )
    counts = ("live", "planned") if report.planned else ("live",)
    columns = (report.terms.subject, report.terms.grouping, *counts, "channels")
    return listing_table(Listing("coverage", "Coverage", columns, rows), verbose=verbose)


def sums(report: CoverageReport) -> Iterator[str]:
    """Yield a sentence for each severity or namespace: how many types reach nobody, or too few."""
    for name in dict.fromkeys(item.after.group for item in report.types):
        group = report.group(name)
        if not group:
            continue
        live, planned = (sum(not side.channels for side in items) for items in zip(*group, strict=True))
        end = f", {planned} as planned" if report.planned else ""
        total = count(len(group), report.terms.subject)
        verb = "reaches" if len(group) == 1 else "reach"
        text = f"{name or '(none)'}: {live} of {total} {verb} no channel that counts{end}."
        minimum = report.minimums.get(name)
        if minimum is not None and minimum.channels:
            short = [sum(side.falls_short(report.minimums) for side in items) for items in zip(*group, strict=True)]
            end = f", {short[1]} as planned" if report.planned else ""
            wanted = f" policy.coverage wants at least {minimum.channels}"
            text += f"{wanted}: {short[0]} fall{'' if short[0] != 1 else 's'} short{end}."
        yield text


def mute_lines(report: CoverageReport) -> Iterator[str]:
    """Yield a sentence for each resource that is muted, or that may be."""
    for row in report.mutes or ():
        name = f"{row['name']} ({row['resource']})" if row["name"] else str(row["resource"])
        yield f"muted: {name}" + (f", since {row['since']}" if row["since"] else "")
    for resource in report.hidden if report.mutes is not None else ():
        yield f"unknown: {resource} may be muted, these credentials can't see it"
    if report.mutes is not None and not report.mutes and not report.hidden:
        yield "muted: nothing"


def remark_lines(report: CoverageReport) -> Iterator[Line]:
    """Yield what stands below the table: the notes, what is muted, and at the end the sums."""
    yield ()
    yield from (line(Span(note, "dim")) for note in report.notes)
    yield ()
    if report.mutes is not None:
        yield from (line(Span(text, "silences")) for text in mute_lines(report))
        yield ()
    yield from map(line, sums(report))


def coverage_text(report: CoverageReport) -> str:
    """Return the table and what stands below it as plain text."""
    return plain_text([*table_lines(coverage_table(report)), *remark_lines(report)])


def coverage_json(report: CoverageReport) -> str:
    """Return one document; `planned` is null without a workspace."""
    return dump_json(
        {
            "provider": report.provider,
            "coverage": [_type(item, report) for item in report.types],
            **({} if report.mutes is None else {"muted": list(report.mutes), "unknown": list(report.hidden)}),
            "notes": list(report.notes),
            "diagnostics": [diagnostic_document(item) for item in (*report.diagnostics, *report.breaches)],
        }
    )


def table_markdown(table: Table) -> list[str]:
    """Return a table below its title as lines of GitHub Markdown."""
    heads = [column.replace("_", " ") for column in table.columns]
    rows = ((cell.text for cell in row) for row in table.rows)
    lines = markdown_table(heads, rows) if table.rows else [f"({table.empty})"]
    return [f"### {prose(table.title)}", "", *([*lines, ""] if table.rows or table.empty else [])]


def coverage_markdown(report: CoverageReport) -> str:
    """Return the table, the sums and the notes as GitHub Markdown."""
    lines = table_markdown(coverage_table(report))
    breaches = (item.message for item in report.breaches)
    lines += [f"- {prose(text)}" for text in (*sums(report), *breaches, *mute_lines(report))]
    lines += ["", *(f"> {prose(note)}" for note in report.notes)]
    return "\n".join([*lines, *_picture_markdown(report)]) + "\n"


def _picture_markdown(report: CoverageReport) -> Iterator[str]:
    """Yield the matrix of types by channels and, where it is small enough to read, a diagram."""
    matrix = make_matrix(report.types)
    heads = [report.terms.subject, *matrix.channels]
    yield from ("", "### Routing", "", *markdown_table(heads, ()))
    for group in matrix.groups:
        yield f"| **{prose(group.name or '(none)')}** |{' |' * len(matrix.channels)}"
        for row in group.rows:
            yield f"| {' | '.join((prose(row.name), *(cell.sign for cell in row.cells)))} |"
    yield from ("", ", ".join(f"{sign.sign} {sign.words}" for sign in matrix.signs))
    if matrix.muted:
        yield from ("", f"Muted: {prose(', '.join(matrix.muted))}")
    diagram = draw_mermaid(report.types)
    if diagram:
        yield from ("", "```mermaid", *diagram, "```")


def _channels(item: Sides) -> tuple[str, ...]:
    stays = (channel for channel in (*item.after.channels, *item.after.anyhow) if channel not in item.added)
    return (
        *map(str, stays),
        *(f"+ {channel}" for channel in item.added),
        *(f"- {channel}" for channel in item.removed if channel not in item.after.silenced),
        *(f"{channel} (muted)" for channel in item.after.silenced),
    )


def _type(item: Sides, report: CoverageReport) -> dict[str, Any]:
    minimum = item.after.find_minimum(report.minimums)
    return {
        report.terms.subject: item.after.name,
        "id": item.after.id,
        report.terms.grouping: item.after.group,
        "in_plan": item.after.in_plan,
        "minimum": None if minimum is None else minimum.channels,
        "since": None if item.after.since is None else format_time(item.after.since),
        "live": _reach(item.before),
        "planned": _reach(item.after) if report.planned else None,
        "added": list(map(_channel, item.added)),
        "removed": list(map(_channel, item.removed)),
    }


def _reach(reach: Reach) -> dict[str, Any]:
    silenced = {"silenced": list(map(_channel, reach.silenced))} if reach.silenced else {}
    return {"channels": list(map(_channel, reach.channels)), "anyhow": list(map(_channel, reach.anyhow)), **silenced}


def _channel(channel: Channel) -> dict[str, str | None]:
    return {"kind": channel.kind, "name": channel.name or None, "note": channel.note or None}


def explanation_lines(
    explanation: Explanation, *, everything: bool = False, width: int | None = None
) -> Iterator[Line]:
    """Yield who is told of one type, and who is not: `everything` has those, too, whom nothing means to tell.

    `width` is that of a terminal.
    """
    yield line(Span(_describe_subject(explanation), "strong"))
    for resource in _describe_resource(explanation):
        yield line(resource)
    for table in explanation_tables(explanation, everything=everything):
        yield ()
        yield from table_lines(table, width)
    remarks = [*_remarks(explanation)]
    if remarks:
        yield ()
        yield from (line(Span(text, "dim")) for text in remarks)


def explanation_tables(explanation: Explanation, *, everything: bool = False) -> Iterator[Table]:
    """Yield the tables of each side."""
    for side, audience in (("Live", explanation.live), ("As planned", explanation.planned)):
        if audience is None:
            continue
        whose = (
            "the resource's own subscription" if audience.told and audience.state == "disabled" else "the subscription"
        )
        state = "there is no subscription" if audience.state == "none" else f"{whose} is {audience.state}"
        rows = [[_title(item), item.address, *_describe_via(item.via)] for item in audience.told]
        told = "told" if rows else "nobody is told"
        yield _make_table(f"{side}: {told} ({state})", ("channel", "address", "through", "declared_at"), rows)
        left_out = [item for item in audience.not_told if everything or item.why != "not-subscribed"]
        if left_out:
            rows = [[_title(item), item.address, item.why, item.because] for item in left_out]
            yield _make_table(f"{side}: not told", ("channel", "address", "why", "because"), rows)


def explanation_json(explanation: Explanation) -> str:
    """Return one document; `planned` is null without a workspace, and `unknown` is there where something is."""
    subject, planned = explanation.subject, explanation.planned
    return dump_json(
        {
            "type": {
                "id": subject.id,
                "display_name": subject.name,
                "severity": subject.severity or None,
                "priority": subject.priority or None,
            },
            "resource": explanation.location.paths[0] if explanation.location is not None else None,
            "live": _audience(explanation.live),
            "planned": _audience(planned) if planned is not None else None,
            **({"unknown": list(explanation.unknown)} if explanation.unknown else {}),
        }
    )


def explanation_markdown(explanation: Explanation, *, everything: bool = False) -> str:
    """Return the tables as GitHub Markdown."""
    lines = [f"## {prose(_describe_subject(explanation))}", ""]
    lines += [f"{prose(resource)}\n" for resource in _describe_resource(explanation)]
    for table in explanation_tables(explanation, everything=everything):
        lines += table_markdown(table)
    lines += [f"> {prose(text)}" for text in _remarks(explanation)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _make_table(title: str, columns: tuple[str, ...], rows: list[list[str]]) -> Table:
    return Table(title, columns, tuple(tuple(Span(cell) for cell in row) for row in rows), empty="")


def _describe_subject(explanation: Explanation) -> str:
    subject = explanation.subject
    plan = "" if subject.in_plan else "not in the billing plan"
    known = ", ".join(filter(None, (subject.severity, subject.priority, subject.id, plan)))
    return f"{subject.name} ({known})"


def _describe_resource(explanation: Explanation) -> Iterator[str]:
    location = explanation.location
    if location is not None:
        yield f"Resource: {location.paths[0]}" + (f" ({location.title})" if location.title else "")


def _remarks(explanation: Explanation) -> Iterator[str]:
    for name in explanation.live.always:
        yield f"Told whatever is configured: {name}"
    for path in explanation.unknown:
        yield f"unknown: {path} may be muted, these credentials can't see it"
    yield from explanation.notes
    live = explanation.live.notes
    planned = explanation.planned.notes if explanation.planned is not None else live
    for note in dict.fromkeys((*live, *planned)):
        yield note if note in live and note in planned else f"{'Live' if note in live else 'As planned'}: {note}"


def _title(item: Told | NotTold) -> str:
    return str(item.channel)


def _describe_via(via: Via) -> tuple[str, str]:
    through = f"{via.kind} {via.id}" if via.id else via.kind if via.kind == "default" else f"{via.kind} (new)"
    return through, f"{via.position.file}:{via.position.line}" if via.position is not None else "-"


def _audience(audience: Audience) -> dict[str, Any]:
    return {
        "state": audience.state,
        "told": [{**_named(item), "via": _via(item.via)} for item in audience.told],
        "not_told": [{**_named(item), "why": item.why, "because": item.because} for item in audience.not_told],
        "always": list(audience.always),
    }


def _named(item: Told | NotTold) -> dict[str, str | None]:
    return {"channel": item.channel.kind, "name": item.channel.name or None, "address": item.address}


def _via(via: Via) -> dict[str, str | int | None]:
    file, line_number = (via.position.file, via.position.line) if via.position is not None else (None, None)
    return {"kind": via.kind, "id": via.id, "file": file, "line": line_number}
