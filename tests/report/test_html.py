from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given

from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.plan import Result, Silence, Unmanaged
from notifconf.report.html import MAX_UNFOLDED_CHANGES, html
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
    updated,
)

EVERYTHING = planned(
    created(),
    updated(),
    deleted(blocked="protected"),
    silences=(Silence("s", "nobody hears of it"),),
    unmanaged=(Unmanaged("integrations/Kept", "integration", "i-7", "required"),),
    diagnostics=(
        Diagnostic("warning", "expired-mute", "this mute has ended", Position("b.yaml", 3, 1)),
        Diagnostic("error", "stale", "it is stale:\n  a is gone"),
    ),
)


class Page(HTMLParser):
    """What a browser makes of a page: its tags with attributes, and its texts outside of script and style."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.texts = []
        self.inline = {}
        self._within = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag):
        self.tags.append((f"/{tag}", {}))
        self._within = ""

    def handle_data(self, data):
        if self._within in {"script", "style"}:
            self.inline[self._within] = data
        else:
            self.texts.append(data)

    def handle_comment(self, data):
        self.tags.append(("comment", {}))

    def named(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]

    @property
    def words(self):
        return re.sub(r"\s+", " ", "".join(self.texts)).strip()


def page_of(subject):
    return Page(html(report_of(subject)))


def test_what_a_reviewer_reads():
    words = page_of(EVERYTHING).words
    for phrase in (
        "notifconf plan · confluent",
        "Plan: 1 to create, 1 to update, 1 to delete.",
        "This silences nobody hears of it",
        "error stale it is stale: a is gone warning expired-mute b.yaml:3:1 this mute has ended",
        '+ create integrations/slack display_name "slack" target.kind "Slack" target.webhook_url (sensitive)',
        '~ update subscriptions/Cluster lost (s-1) →tells + Slack, - Mail integrations ["Mail"] → ["Slack"]',
        '− delete integrations/Old (i-9) blocked: protected display_name "Old" x (none)',  # noqa: RUF001 -- a minus sign
        "1 live object is not declared here (mode sync would delete those it may).",
        "integrations/Kept i-7, kept: required",
    ):
        assert phrase in words


def test_what_became_of_each_change():
    outcome = applied(
        (created(), Result.APPLIED, None),
        (updated(), Result.FAILED, "500: try later"),
        (deleted(), Result.SKIPPED, "subscriptions/Cluster lost failed"),
        remaining=planned(updated()),
    )
    page = page_of(outcome)
    for phrase in (
        "notifconf apply · confluent",
        "Applied: 1 created, 0 updated, 0 deleted, 1 failed, 1 skipped.",
        "Left to do: ~ subscriptions/Cluster lost 1 change is left to do: plan and apply again to continue.",
        "create integrations/slack created",
        "update subscriptions/Cluster lost (s-1) →tells + Slack, - Mail failed 500: try later",
        "delete integrations/Old (i-9) skipped subscriptions/Cluster lost failed",
    ):
        assert phrase in page.words
    assert [attrs["data-result"] for attrs in page.named("details")] == ["applied", "failed", "skipped"]


def test_a_plan_without_changes_needs_no_script():
    page = page_of(planned())
    assert "No changes. Live state matches the configuration." in page.words
    assert page.named("script") == page.named("form") == page.named("details") == []


def test_filters_count_what_there_is():
    page = page_of(planned(created("a"), created("b"), updated()))
    assert [attrs["name"] for attrs in page.named("fieldset")] == ["action", "kind"]
    values = [attrs["value"] for attrs in page.named("input") if "value" in attrs]
    assert values == ["create", "update", "integration", "subscription"]
    assert "create 2 update 1" in page.words
    # A choice of one is none; without the script the form is not there.
    assert page_of(planned(created())).named("fieldset") == []
    assert "hidden" in page.named("form")[0]


@pytest.mark.parametrize(("count", "unfolded"), [(MAX_UNFOLDED_CHANGES, True), (MAX_UNFOLDED_CHANGES + 1, False)])
def test_many_changes_are_folded(count, unfolded):
    page = page_of(planned(*(created(f"c{index}") for index in range(count))))
    assert ["open" in attrs for attrs in page.named("details")] == [unfolded] * count


def test_only_what_stands_in_the_page_may_run():
    page = page_of(EVERYTHING)
    policy = next(attrs["content"] for attrs in page.named("meta") if "http-equiv" in attrs)
    hashes = {
        name: base64.b64encode(hashlib.sha256(page.inline[name].encode()).digest()).decode()
        for name in ("script", "style")
    }
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes['script']}'; style-src 'sha256-{hashes['style']}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_it_asks_for_nothing():
    page = page_of(EVERYTHING)
    attributes = [name for _, attrs in page.tags for name in attrs]
    assert {"src", "href", "action", "style"}.isdisjoint(attributes)
    assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in page.inline["style"]
    assert "@import" not in page.inline["style"]


def test_headings_are_in_order_and_name_their_sections():
    page = page_of(EVERYTHING)
    assert [tag for tag, _ in page.tags if re.fullmatch(r"h\d", tag)] == ["h1", "h2", "h2", "h2", "h2"]
    assert [attrs["aria-labelledby"] for attrs in page.named("section")] == [attrs["id"] for attrs in page.named("h2")]
    assert page.named("html") == [{"lang": "en"}]


@given(reports)
@example(TRICKS)
@example(TRICKS_APPLIED)
def test_no_text_from_outside_is_markup(report):
    page, plain = Page(html(report)), Page(html(harmless(report)))
    assert page.tags == plain.tags
    assert page.inline == plain.inline
    assert "".join(page.texts).replace("\n", "").isprintable()


@given(reports)
def test_it_reads_as_it_is_and_the_same_each_time(report):
    text = html(report)
    assert html(report) == text
    shown = "".join(Page(text).texts)
    for change in report.plan.changes:
        assert printable(change.address) in shown


def channel(value):
    value /= 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def luminance(color):
    red, green, blue = (channel(int(color[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """As WCAG 2 defines it: 4.5 is what text needs (level AA)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(scheme):
    style = page_of(EVERYTHING).inline["style"]
    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark))
    pairs = [(ink, ground) for ink in ("text", "quiet") for ground in ("page", "surface")]
    pairs += [(ink, "surface") for ink in ("create", "update", "delete")]
    pairs += [(ink, f"{ink}-surface") for ink in ("create", "update", "delete")]
    pairs += [("text", "delete-surface"), ("focus", "page")]
    low = {pair: contrast(colors[pair[0]], colors[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}
