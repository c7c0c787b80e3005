from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given

from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.plan import TROUBLE, Result, Sensitive, Silence
from notifconf.report.formats import FULL_SUMMARY, MAX_SUMMARY_BYTES, RENDERERS, github_summary
from notifconf.report.github import escape_commands, log, outputs
from notifconf.report.style import printable
from tests.report.reports import TRICKS, TRICKS_APPLIED, applied, created, deleted, planned, report_of, reports, updated

EVERYTHING = planned(
    created(),
    deleted(),
    silences=(Silence("s", "nobody hears of it"), Silence("s", "nor of that, 100%")),
    diagnostics=(
        Diagnostic("warning", "expired-mute", "this mute has ended", Position("a,b:c%.yaml", 3, 1)),
        Diagnostic("error", "max-deletes", "too many"),
        Diagnostic("warning", "from-stdin", "x", Position("-", 3, 1)),
    ),
)


def commands(text):
    """What GitHub's runner takes for commands, by its own rules: line by line, both of its syntaxes."""
    found = []
    for line in re.split(r"\r\n|\r|\n", text):
        if line.lstrip().startswith("::"):
            level, _, rest = line.lstrip().removeprefix("::").partition("::")
            name, _, properties = level.partition(" ")
            found.append((name, dict(item.split("=", 1) for item in properties.split(",")), unescaped(rest)))
        else:
            assert "##[" not in line
    return found


def unescaped(text):
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_annotations_come_before_the_text():
    text = log(report_of(EVERYTHING))
    assert text.startswith(
        "::warning title=This silences::nobody hears of it%0Anor of that, 100%25\n"
        "::error title=max-deletes::too many\n"
        "::warning file=a%2Cb%3Ac%25.yaml,line=3,col=1,title=expired-mute::this mute has ended\n"
        "::warning title=from-stdin::x\n"
        "::notice title=notifconf::Plan: 1 to create, 0 to update, 1 to delete.\n"
    )
    assert "\n  + integrations/slack\n" in text
    assert text.endswith(
        "Plan: 1 to create, 0 to update, 1 to delete.\nRefused: too many. Pass --force if that is what you want.\n"
    )


def test_a_field_that_begins_a_line_is_no_command():
    """The members of a target of an unknown kind are named by the service."""
    change = replace(deleted(), before={"target": {"kind": "Pager", "::error::hello": Sensitive()}})
    assert "\n        \\x3a:error::hello: (sensitive)\n" in log(report_of(planned(change)))


def test_a_failed_change_is_an_error_where_it_is_declared():
    outcome = applied(
        (updated(position=Position("a.yaml", 7, 3)), Result.FAILED, "500: try later"),
        (created(), Result.APPLIED, None),
    )
    text = log(report_of(outcome))
    assert (
        "::error file=a.yaml,line=7,col=3,title=failed::subscriptions/Cluster lost: 500: try later\n"
        "::notice title=notifconf::Applied: 1 created, 0 updated, 0 deleted, 1 failed.\n"
    ) in text
    assert "\nintegrations/slack: created (i-new)\n" in text
    assert text.endswith("Applied: 1 created, 0 updated, 0 deleted, 1 failed.\n")


def test_what_could_not_be_planned_is_no_notice():
    plan = planned(diagnostics=(Diagnostic("error", "service", "403: forbidden\n  (request id 7)"),))
    assert log(report_of(plan)) == (
        "::error title=service::403: forbidden%0A  (request id 7)\n"
        "This plan can't be applied: 1 error (403: forbidden).\n"
    )


@pytest.mark.parametrize(
    ("folder", "file", "named"),
    [
        ("", "a.yaml", "a.yaml"),
        (".", "./a.yaml", "a.yaml"),
        ("infra/notif", "a.yaml", "infra/notif/a.yaml"),
        ("infra/notif", "../a.yaml", "infra/a.yaml"),
        ("infra", "/srv/a.yaml", "/srv/a.yaml"),
    ],
)
def test_files_are_named_as_the_repository_sees_them(folder, file, named):
    plan = planned(diagnostics=(Diagnostic("error", "x", "y", Position(file, 1, 2)),))
    assert f"::error file={named},line=1,col=2,title=x::y\n" in log(report_of(plan, folder=folder))


def test_outputs():
    assert outputs(report_of(EVERYTHING, exit_code=5)) == (
        "has_changes=true\ncreate=1\nupdate=0\ndelete=1\nunmanaged=0\nsilences=2\nexit_code=5\n"
    )
    assert outputs(report_of(planned())).startswith("has_changes=false\n")


def test_outputs_of_an_apply():
    outcome = applied((created(), Result.APPLIED, None), (deleted(), Result.KEPT, "in use"))
    assert outputs(report_of(outcome, exit_code=0)) == (
        "has_changes=true\ncreate=1\nupdate=0\ndelete=1\nunmanaged=0\nsilences=0\n"
        "applied=1\nfailed=0\nunknown=0\nskipped=0\nkept=1\nexit_code=0\n"
    )


def test_the_summary_fits_a_step():
    rendition = RENDERERS["github"](report_of(planned(*(created(f"c{index}") for index in range(2_000)))))
    room = 20_000
    text = rendition.files["GITHUB_STEP_SUMMARY"](MAX_SUMMARY_BYTES - room)
    assert room - 500 < len(text.encode()) <= room
    assert "more changes not shown here" in text


@pytest.mark.parametrize(
    ("size", "changes"),
    [
        (0, 2_000),
        (1_000, 2_000),
        (MAX_SUMMARY_BYTES - 5_000, 400),
        *((size, 60) for size in range(MAX_SUMMARY_BYTES - 1_500, MAX_SUMMARY_BYTES + 3, 7)),
    ],
)
def test_the_summary_fits_beside_what_stands_there(size, changes):
    report = report_of(planned(*(created(f"c{index}") for index in range(changes))))
    assert len(github_summary(report, 0)) > MAX_SUMMARY_BYTES - size or changes == 2_000
    assert size + len(github_summary(report, size).encode()) <= max(MAX_SUMMARY_BYTES, size)


def test_a_summary_without_room_says_so():
    report = report_of(planned(*(created(f"c{index}") for index in range(2_000))))
    assert github_summary(report, MAX_SUMMARY_BYTES - 100) == FULL_SUMMARY
    assert github_summary(report, MAX_SUMMARY_BYTES - 20) == github_summary(report, MAX_SUMMARY_BYTES + 10**6) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a::b\n", "a::b\n"),
        ("::error::x\n", "\\x3a:error::x\n"),
        ("a\n   ::error::x\n", "a\n   \\x3a:error::x\n"),
        ("a: b\n: c\n", "a: b\n: c\n"),
        ("x ##[error]y\n", "x \\x23#[error]y\n"),
        ("###[error]y\n", "#\\x23#[error]y\n"),
        ("## [x]\n", "## [x]\n"),
    ],
)
def test_what_would_be_a_command_is_escaped(text, shown):
    assert escape_commands(text) == shown


@given(reports)
@example(TRICKS)
@example(TRICKS_APPLIED)
def test_no_text_from_outside_is_a_command(report):
    failed = [] if report.outcome is None else [item for item in report.outcome.changes if item.result in TROUBLE]
    expected = ["warning"] * bool(report.plan.silences)
    expected += [item.severity for item in sorted(report.diagnostics, key=lambda item: item.severity != "error")]
    expected += ["error"] * len(failed)
    expected += ["notice"] * (not report.plan.errors)
    found = commands(log(report))
    assert [level for level, _, _ in found] == expected
    for _, properties, message in found:
        assert set(properties) in ({"title"}, {"title", "file", "line", "col"})
        assert all(map(str.isprintable, message.split("\n")))
    diagnosed = found[bool(report.plan.silences) :]
    for item, (_, properties, message) in zip(
        sorted(report.diagnostics, key=lambda item: item.severity != "error"), diagnosed, strict=False
    ):
        assert message == "\n".join(map(printable, item.message.splitlines()))
        assert unescaped(properties["title"]) == item.code
        if item.position and item.position.file != "-":
            assert (int(properties["line"]), int(properties["col"])) == item.position[1:]


@given(reports)
def test_outputs_are_numbers_booleans_and_a_digest(report):
    assert re.fullmatch(r"([a-z_]+=(\d+|true|false)\n|digest=[0-9a-f]{64}\n)+", outputs(report))
