from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.plan import Plan, Result, Silence, Unmanaged
from notifconf.report import NOT_APPLIED, Context, Report
from notifconf.report.markdown import MAX_COMMENT_BYTES, code, fence_code, markdown, prose
from notifconf.report.style import printable
from tests.report.reports import (
    TRICKS,
    TRICKS_APPLIED,
    applied,
    created,
    deleted,
    harmless,
    planned,
    report_of,
    reports,
    texts,
    updated,
)

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ACTIVE = re.compile(r"@\w|#\d|GH-\d|://|www\.|:[a-z_+-][\w+-]*:", re.IGNORECASE)
"""What GitHub acts on outside of code: mentions, references, addresses and emoji."""

CONTEXT = Context(
    "notifconf.yaml", "Confluent Cloud", "https://x", "sync", "1.2", datetime(2026, 11, 26, 16, 30, tzinfo=UTC), "org"
)

EVERYTHING = planned(
    created(),
    updated(),
    deleted(blocked="protected"),
    silences=(Silence("s", 'subscriptions/Cluster lost no longer reaches "Mail"'),),
    unmanaged=(Unmanaged("integrations/Old", "integration", "i-7", "required"),),
    diagnostics=(
        Diagnostic("warning", "expired-mute", "this mute has ended", Position("b.yaml", 3, 1)),
        Diagnostic("error", "protected", "it is protected", Position("a.yaml", 12, 5)),
    ),
)


def test_what_a_reviewer_reads():
    assert (
        markdown(report_of(EVERYTHING))
        == """\
<!-- notifconf-plan -->
### Plan: 1 to create, 1 to update, 1 to delete.

> [!CAUTION]
> **This plan can't be applied: 1 error (a.yaml:12:5: it is protected).**

> [!CAUTION]
> **This silences:**
>
> - subscriptions/Cluster lost no longer reaches "Mail"

- **error** `protected` `a.yaml:12:5`: it is protected
- **warning** `expired-mute` `b.yaml:3:1`: this mute has ended

<details open>
<summary><code>- integrations/Old</code> · <b>blocked: protected</b></summary>

```diff
- display_name: "Old"
- x: (none)
```
</details>

<details open>
<summary><code>~ subscriptions/Cluster lost</code> · <code>integrations</code></summary>

```diff
- integrations: ["Mail"]
+ integrations: ["Slack"]
```
</details>

<details open>
<summary><code>+ integrations/slack</code></summary>

```diff
+ display_name: "slack"
+ target.kind: "Slack"
+ target.webhook_url: (sensitive)
```
</details>

<details>
<summary>1 live object is not declared here (mode sync would delete those it may).</summary>

- `integrations/Old` (`i-7`, kept: required)

</details>
"""
    )


def test_what_became_of_each_change():
    outcome = applied(
        (created(), Result.APPLIED, None),
        (updated(), Result.FAILED, "500: try <later>"),
        (deleted(), Result.SKIPPED, "subscriptions/Cluster lost failed"),
        remaining=planned(updated(), deleted()),
    )
    text = markdown(report_of(outcome))
    assert text.startswith(
        "<!-- notifconf-apply -->\n"
        "### Applied: 1 created, 0 updated, 0 deleted, 1 failed, 1 skipped.\n\n"
        "- Left to do:\n"
        "- \\~ subscriptions/Cluster lost\n"
        "- \\- integrations/Old\n"
        "- 2 changes are left to do: plan and apply again to continue.\n"
    )
    assert "<code>integrations</code> · <b>failed</b></summary>\n\n500: try &lt;later&gt;\n" in text


def test_what_was_not_applied_comes_first_and_unfolded():
    others = ((deleted(f"d{index}"), Result.APPLIED, None) for index in range(6))
    text = markdown(report_of(applied(*others, (created(), Result.FAILED, "500"))))
    first, second = re.findall(r"<details.*>\n<summary>.*</summary>", text)[:2]
    assert first == "<details open>\n<summary><code>+ integrations/slack</code> · <b>failed</b></summary>"
    assert second == "<details open>\n<summary><b>integration</b>: 6 to delete</summary>"
    assert "- `- integrations/d0` deleted\n" in text


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (planned(), "### No changes. Live state matches the configuration.\n"),
        (
            planned(diagnostics=(Diagnostic("error", "service", "403: forbidden"),)),
            (
                "### No changes can be planned until the errors are fixed.\n\n> [!CAUTION]\n"
                "> **This plan can't be applied: 1 error (403: forbidden).**\n\n- **error** `service`: 403: forbidden\n"
            ),
        ),
    ],
)
def test_a_plan_without_changes(plan, said):
    assert markdown(report_of(plan)) == f"<!-- notifconf-plan -->\n{said}"


def test_a_message_of_several_lines_stays_in_its_item():
    plan = planned(diagnostics=(Diagnostic("error", "stale", "it is stale:\n- a\n  b is gone"),))
    assert "- **error** `stale`: it is stale:<br>\\- a<br>b is gone\n" in markdown(report_of(plan))


def test_many_changes_are_folded_by_kind_and_by_what_they_have_in_common():
    text = markdown(report_of(planned(*(updated(f"u{index}") for index in range(6)), created(), deleted())))
    assert text.partition("\n\n")[2] == (
        "<details open>\n<summary><b>integration</b>: 1 to delete</summary>\n\n"
        "- `- integrations/Old` · `x: (none)`\n\n</details>\n\n"
        "<details>\n<summary><b>subscription</b>: 6 to update</summary>\n\n\n"
        "<details>\n<summary>→ + Slack, - Mail · 6 alike</summary>\n\n"
        + "".join(f"- `~ subscriptions/u{index}`\n" for index in range(6))
        + "\n</details>\n\n</details>\n\n"
        "<details>\n<summary><b>integration</b>: 1 to create</summary>\n\n"
        '- `+ integrations/slack` · `target.kind: "Slack"` · `target.webhook_url: (sensitive)`\n\n</details>\n'
    )


def addresses_and_left(text):
    left = re.search(r"\*\*(\d+) more changes? not shown here: (.*)\.\*\*", text)
    shown = len(re.findall(r"^(?:<summary><code>[-+~] |- `+ ?[-+~] )", text, re.MULTILINE))
    return shown, int(left[1]) if left else 0, left[2] if left else ""


def test_every_address_is_listed_and_what_does_not_fit_is_counted():
    changes = (*(created(f"c{index}", place="x" * 30) for index in range(800)), *(deleted(f"d{n}") for n in range(3)))
    text = markdown(report_of(planned(*changes)))
    assert addresses_and_left(text) == (803, 0, "")
    text = markdown(report_of(planned(*changes * 2)))
    shown, left, sums = addresses_and_left(text)
    assert MAX_COMMENT_BYTES - 500 < len(text) <= MAX_COMMENT_BYTES
    assert (shown + left, sums) == (1606, f"{left} to create")
    assert text.count("`- integrations/d") == 6


def test_a_summary_has_addresses_only():
    text = markdown(report_of(planned(created(), updated()), summary=True))
    assert text.endswith("\n- `~ subscriptions/Cluster lost`\n- `+ integrations/slack`\n")


def test_a_plan_that_cannot_be_applied_says_so_first():
    error = Diagnostic("error", "service", "403: forbidden", Position("a.yaml", 1, 2))
    text = markdown(report_of(planned(created(), diagnostics=(error,)), context=CONTEXT))
    head = text.split("\n\n")
    assert head[1] == "> [!CAUTION]\n> **This plan can't be applied: 1 error (a.yaml:1:2: 403: forbidden).**"
    assert head[2].startswith("Workspace notifconf.yaml → Confluent Cloud organization org at https:&#8203;//x")
    assert head[2].endswith("· 2026-11-26 16:30 UTC, notifconf 1.2")


def test_long_lists_leave_room_for_changes():
    plan = planned(
        *(created(f"c{index}") for index in range(500)),
        silences=tuple(Silence("s", f"nobody hears of {index}") for index in range(9000)),
        unmanaged=tuple(Unmanaged(f"integrations/{index}", "integration", f"i-{index}", "x") for index in range(9000)),
        diagnostics=tuple(Diagnostic("warning", "w", f"number {index}") for index in range(9000)),
    )
    text = markdown(report_of(plan))
    assert len(text) <= MAX_COMMENT_BYTES
    assert text.count("`+ integrations/c") == 500
    for phrase in ("nobody hears of", "number", "kept"):
        assert text.count(phrase) > 50
    assert len(re.findall(r"\*\*and \d{4} more\*\*", text)) == 3


def test_errors_are_shown_before_warnings_where_not_all_fit():
    warnings = tuple(Diagnostic("warning", "w", "x" * 200) for _ in range(900))
    text = markdown(report_of(planned(diagnostics=(*warnings, Diagnostic("error", "protected", "stop")))))
    assert "**error** `protected`: stop" in text


@given(reports, st.integers(4096, 20_000))
def test_it_never_takes_more_than_it_may(report, limit):
    text = markdown(report, limit=limit)
    assert len(text.encode()) <= limit
    shown, left, _ = addresses_and_left(text)
    assert shown + left >= len(report.plan.changes)


def blocks(tokens):
    return [(token.type, token.tag, token.level) for token in tokens]


class Tags(HTMLParser):
    """The tags of a piece of HTML, with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.seen = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(attrs)))

    def handle_decl(self, decl):
        self.seen.append(("!", decl))

    def handle_comment(self, data):
        self.seen.append(("comment", data))


@given(reports)
@example(TRICKS)
@example(TRICKS_APPLIED)
def test_no_text_from_outside_is_markup(report):
    limit = 1 << 20
    tokens = PARSER.parse(markdown(report, limit=limit))
    plain = PARSER.parse(markdown(harmless(report), limit=limit))
    assert blocks(tokens) == blocks(plain)
    for token, expected in zip(tokens, plain, strict=True):
        if token.type == "html_block":
            assert Tags(token.content).seen == Tags(expected.content).seen
        before = ""
        for child in token.children or ():
            assert child.type in {"text", "code_inline", "html_inline", "strong_open", "strong_close", "softbreak"}
            if child.type == "html_inline":
                assert child.content in {"<span>", "</span>", "<br>"}
            if child.type == "text":
                assert not ACTIVE.search(child.content)
                assert "$" not in child.content or (before, child.content) == ("<span>", "$")
            before = child.content


@given(texts)
def test_prose_reads_as_it_is(text):
    (children,) = (token.children or [] for token in PARSER.parse(f"- {prose(text)}x") if token.type == "inline")
    assert {child.type for child in children} <= {"text", "html_inline"}
    shown = "".join(child.content for child in children if child.type == "text")
    assert shown.replace("\u200b", "") == printable(text.strip()) + "x"


@given(texts)
def test_code_reads_as_it_is(text):
    children = PARSER.parseInline(f"x {code(text)} y")[0].children or []
    assert [child.type for child in children] == ["text", "code_inline", "text"]
    assert children[1].content == (printable(text) or " ")


@given(st.lists(texts, max_size=4))
def test_a_fence_holds(lines):
    tokens = PARSER.parse(f"{fence_code(lines, 'diff')}after")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].content == "".join(f"{printable(line)}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("plain words, really.", "plain words, really."),
        ("#1 @octocat", "\\#&#8203;1 @&#8203;octocat"),
        ("1. item", "1\\. item"),
        ("- item", "\\- item"),
        ("a `b` $c$", "a &#96;b&#96; <span>$</span>c<span>$</span>"),
        ("<b> & \\", "&lt;b&gt; &amp; \\\\"),
        ("https://x", "https:&#8203;//x"),
        ("06:00:00Z", "06:00:00Z"),
        ("\x1b[1m", "\\\\x1b\\[1m"),
    ],
)
def test_prose_escapes_what_would_act_and_nothing_else(text, source):
    assert prose(text) == source


def test_an_apply_that_came_to_nothing_is_told_as_one():
    for provider in ("", "confluent"):
        plan = Plan(provider, diagnostics=(Diagnostic("error", "stale", "the saved plan is stale"),))
        text = markdown(Report(plan, exit_code=4, verdict=NOT_APPLIED))
        assert text.startswith("<!-- notifconf-apply -->\n### Not applied.\n")
