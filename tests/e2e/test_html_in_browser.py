"""The HTML page as a browser shows it: skipped where there is no Chromium."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from notifconf.model import Diagnostic, Position
from notifconf.model.outcome import Result
from notifconf.model.plan import Silence, Unmanaged
from notifconf.report.html import html
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


def test_the_policy_stops_what_is_not_ours(browser, page):
    path = page(PLAN)
    path.write_text(path.read_text().replace("</main>", "<script>document.title = 'owned'</script></main>"))
    browser.open(path)
    assert "owned" not in browser.evaluate("document.title")
    assert complaints(browser) != []
