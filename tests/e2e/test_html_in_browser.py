"""The HTML page as a browser shows it: skipped where there is no Chromium."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from notifconf.model.coverage import Channel, Reach
from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.plan import Result, Silence, Unmanaged
from notifconf.model.policy import CoverageTerms
from notifconf.plan.coverage import Sides
from notifconf.report.coverage import CoverageReport
from notifconf.report.html import coverage_html, html
from tests.e2e.chromium import browsing
from tests.report.reports import HOSTILE, applied, created, deleted, planned, report_of, updated

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

LONG = "environment=env-456xy/cloud-cluster=lkc-df123/connector=a_connector_with_a_name_that_does_not_end"
PLAN = planned(
    created("slack"),
    created(LONG),
    updated("Cluster lost"),
    deleted("Old", blocked="protected"),
    silences=(Silence("s", f"{LONG} is muted"),),
    unmanaged=(Unmanaged(f"integrations/{LONG}", "integration", "i-7", "required"),),
    diagnostics=(Diagnostic("warning", "expired-mute", "this mute has ended", Position(f"{LONG}.yaml", 3, 1)),),
)
OUTCOME = applied(
    (created(), Result.APPLIED, None),
    (updated(), Result.FAILED, f"500: {LONG}"),
    remaining=planned(updated()),
)

SHOWN = "[...document.querySelectorAll('.change')].filter((it) => it.checkVisibility()).map((it) => it.dataset.action)"
CLICK = "document.querySelector('input[value={}]').click()"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with browsing(CHROMIUM or "", tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def page(tmp_path):
    def written(subject):
        path = tmp_path / "plan.html"
        path.write_text(html(report_of(subject)), encoding="utf-8")
        return path

    return written


def complaints(browser):
    """What the browser did not like: blocked by the policy, failed to load, thrown."""
    return browser.named("Log.entryAdded") + browser.named("Runtime.exceptionThrown")


def test_filters_narrow_what_is_shown(browser, page):
    browser.open(page(PLAN))
    assert browser.evaluate(SHOWN) == ["create", "create", "update", "delete"]
    assert browser.evaluate("document.getElementById('shown').value") == "4 of 4 shown"
    browser.evaluate(CLICK.format("create"))
    assert browser.evaluate(SHOWN) == ["update", "delete"]
    browser.evaluate(CLICK.format("integration"))
    assert browser.evaluate(SHOWN) == ["update"]
    assert browser.evaluate("document.getElementById('shown').value") == "1 of 4 shown"
    browser.evaluate(CLICK.format("create"))
    browser.evaluate(CLICK.format("integration"))
    assert browser.evaluate(SHOWN) == ["create", "create", "update", "delete"]
    assert complaints(browser) == []


def test_changes_fold(browser, page):
    browser.open(page(PLAN))
    open_ones = "document.querySelectorAll('.change[open]').length"
    assert browser.evaluate(open_ones) == 4
    browser.evaluate("document.getElementById('fold').click()")
    assert browser.evaluate(open_ones) == 0
    browser.evaluate("document.getElementById('unfold').click()")
    assert browser.evaluate(open_ones) == 4


def test_without_scripts_everything_is_there_but_the_filters(browser, page):
    browser.open(page(PLAN), scripts=False)
    assert browser.evaluate(SHOWN) == ["create", "create", "update", "delete"]
    assert browser.evaluate("document.getElementById('filters').checkVisibility()") is False
    words = browser.evaluate("document.body.innerText")
    for phrase in ("Plan: 2 to create, 1 to update, 1 to delete.", "This silences", "this mute has ended", '["Slack"]'):
        assert phrase in words


@pytest.mark.parametrize("subject", [PLAN, OUTCOME, planned()], ids=["plan", "outcome", "no changes"])
@pytest.mark.parametrize("width", [320, 390, 1100])
def test_nothing_is_wider_than_the_screen(browser, page, subject, width):
    browser.open(page(subject), width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_it_follows_the_preference_of_the_reader(browser, page, dark):
    browser.open(page(PLAN), dark=dark)
    color = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    levels = [int(level) for level in color.removeprefix("rgb(").removesuffix(")").split(",")]
    assert (max(levels) < 64) is dark
    assert (min(levels) > 192) is not dark


def test_it_asks_for_nothing_and_runs_nothing_from_outside(browser, page):
    hostile = [replace(updated(), address=f"subscriptions/{text}") for text in HOSTILE]
    hostile += [created(text) for text in HOSTILE]
    path = page(planned(*hostile, silences=tuple(Silence("s", text) for text in HOSTILE)))
    browser.open(path)
    assert [event["request"]["url"] for event in browser.named("Network.requestWillBeSent")] == [path.as_uri()]
    assert complaints(browser) == []
    assert browser.evaluate("document.scripts.length") == 1
    assert browser.evaluate("document.querySelectorAll('img, a, iframe, link').length") == 0
    assert browser.evaluate("document.querySelectorAll('.change').length") == len(hostile)
    words = browser.evaluate("document.body.textContent")
    assert "<script>alert(1)</script>" in words


@pytest.fixture
def coverage(tmp_path):
    """Who is told of what: one type loses a channel, one gains it, one is off, and one reaches nobody."""
    slack, pager = Channel("Slack", "i-1", "Alerts"), Channel("Webhook", "i-2", LONG)
    key = frozenset({("subscription", "s-1")})
    types = [
        Sides(Reach("a", LONG, "CRITICAL", (slack,), (), key), Reach("a", LONG, "CRITICAL", (pager,), (), key)),
        Sides(*[Reach("b", "Switched off", "CRITICAL", (), (), key, off=(slack,))] * 2),
        Sides(*[Reach("c", "Muted in part", "CRITICAL", (slack,), (), key, muted_in=(LONG,))] * 2),
        *(Sides(*[Reach(text, text, "WARN")] * 2) for text in HOSTILE),
    ]
    path = tmp_path / "coverage.html"
    report = CoverageReport("confluent", CoverageTerms("type", "severity", ("CRITICAL",)), types, planned=True)
    path.write_text(coverage_html(report), encoding="utf-8")
    return path


VISIBLE_SIZE = """
(() => {
    const text = document.querySelector('.diagram .type text');
    return parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
})()
"""


@pytest.mark.parametrize(("width", "dark"), [(400, False), (400, True), (1100, False)])
def test_the_pictures_can_be_read(browser, coverage, width, dark):
    browser.open(coverage, width=width, dark=dark)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(VISIBLE_SIZE) >= 9.5
    assert browser.evaluate("document.querySelectorAll('.matrix td.added, .matrix td.removed').length") == 2
    assert browser.evaluate("document.querySelectorAll('.matrix td.partly').length") == 1
    fill = browser.evaluate("getComputedStyle(document.querySelector('.diagram text')).fill")
    levels = [int(level) for level in fill.removeprefix("rgb(").removesuffix(")").split(",")]
    assert (min(levels) > 128) is dark
    assert complaints(browser) == []
    assert [event["request"]["url"] for event in browser.named("Network.requestWillBeSent")] == [coverage.as_uri()]


def test_the_pictures_have_words_and_can_be_printed(browser, coverage):
    browser.open(coverage)
    nodes = browser.does("Accessibility.getFullAXTree")["nodes"]
    (image,) = [node for node in nodes if node.get("role", {}).get("value") == "image"]
    assert f"{LONG}: Slack Alerts (no longer told)" in image["name"]["value"]
    assert "told from now on" in browser.evaluate("document.querySelector('td.added').textContent")
    browser.does("Emulation.setEmulatedMedia", media="print")
    assert browser.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"


def test_a_plan_shows_who_is_told_before_and_after(browser, tmp_path):
    slack = Channel("Slack", "i-1", "Alerts")
    types = (Sides(Reach("a", "Cluster lost", "CRITICAL"), Reach("a", "Cluster lost", "CRITICAL", (slack,))),)
    path = tmp_path / "plan.html"
    path.write_text(html(report_of(PLAN)._replace(routing=types)), encoding="utf-8")
    browser.open(path, width=400)
    assert browser.evaluate("document.documentElement.scrollWidth") <= 400
    assert browser.evaluate("document.querySelector('.matrix td.added').checkVisibility()")
    assert complaints(browser) == []


def test_the_policy_stops_what_is_not_ours(browser, page):
    path = page(PLAN)
    path.write_text(path.read_text().replace("</main>", "<script>document.title = 'owned'</script></main>"))
    browser.open(path)
    assert "owned" not in browser.evaluate("document.title")
    assert complaints(browser) != []
