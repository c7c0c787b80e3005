"""Who is told of what, live and as planned: as a table, as JSON, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from notifconf.model import Cell, Channel, CoverageTerms, Diagnostic, Listing, Reach
from notifconf.plan.codec import diagnostic_document
from notifconf.plan.coverage import Sides
from notifconf.report.json import dump_json
from notifconf.report.markdown import prose
from notifconf.report.style import count, line, plain_text
from notifconf.report.table import Table, listing_table, table_lines

NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """What each type reaches; without a workspace (`planned` is false) both sides are the live one.

    `minimums` is `policy.coverage`; `diagnostics` are what makes the planned side wrong. `mutes` says which resources
    are muted, None where nobody looked; `hidden` are those whose mutes the service does not show.
    """

    provider: str
    terms: CoverageTerms
    types: Sequence[Sides]
    planned: bool = False
    minimums: Mapping[str, int] = field(default_factory=dict)
    diagnostics: Sequence[Diagnostic] = ()
    mutes: Sequence[Mapping[str, Cell]] | None = None
    hidden: Sequence[str] = ()

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
        if minimum:
            short = sum(len(item.after.channels) < minimum for item in group)
            text += f" policy.coverage wants at least {minimum}: {short} fall{'' if short != 1 else 's'} short."
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


def coverage_text(report: CoverageReport) -> str:
    """Return the table, the sums and the notes as plain text."""
    muted = [(), *map(line, mute_lines(report))] if report.mutes is not None else []
    lines = [*table_lines(coverage_table(report)), (), *map(line, sums(report)), *muted, ()]
    return plain_text([*lines, *map(line, report.terms.notes)])


def coverage_json(report: CoverageReport) -> str:
    """Return one document; `planned` is null without a workspace."""
    return dump_json(
        {
            "provider": report.provider,
            "coverage": [_type(item, report) for item in report.types],
            **({} if report.mutes is None else {"muted": list(report.mutes), "unknown": list(report.hidden)}),
            "notes": list(report.terms.notes),
            "diagnostics": [diagnostic_document(item) for item in report.diagnostics],
        }
    )


def coverage_markdown(report: CoverageReport) -> str:
    """Return the table, the sums and the notes as GitHub Markdown."""
    table = coverage_table(report)
    heads = [column.replace("_", " ") for column in table.columns]
    rows = [heads, ["---"] * len(heads), *([prose(cell.text) for cell in row] for row in table.rows)]
    lines = [f"### {table.title}", "", *(f"| {' | '.join(row)} |" for row in rows), ""]
    lines += [f"- {prose(text)}" for text in (*sums(report), *mute_lines(report))]
    lines += ["", *(f"> {prose(note)}" for note in report.terms.notes)]
    return "\n".join(lines) + "\n"


def _channels(item: Sides) -> tuple[str, ...]:
    stays = (channel for channel in (*item.after.channels, *item.after.anyhow) if channel not in item.added)
    return (
        *map(str, stays),
        *(f"+ {channel}" for channel in item.added),
        *(f"- {channel}" for channel in item.removed),
    )


def _type(item: Sides, report: CoverageReport) -> dict[str, Any]:
    return {
        report.terms.subject: item.after.name,
        "id": item.after.id,
        report.terms.grouping: item.after.group,
        "in_plan": item.after.in_plan,
        "minimum": report.minimums.get(item.after.group),
        "live": _reach(item.before),
        "planned": _reach(item.after) if report.planned else None,
        "added": list(map(_channel, item.added)),
        "removed": list(map(_channel, item.removed)),
    }


def _reach(reach: Reach) -> dict[str, Any]:
    return {"channels": list(map(_channel, reach.channels)), "anyhow": list(map(_channel, reach.anyhow))}


def _channel(channel: Channel) -> dict[str, str | None]:
    return {"kind": channel.kind, "name": channel.name or None, "note": channel.note or None}
