"""The log of requests, latency, and the rate limit."""

import time
from datetime import timedelta

import pytest
from freezegun import freeze_time

from notifconf.emulator import front, requestlog


def test_the_log_holds_what_was_asked(confluent):
    confluent.get("integrations", params={"page_size": "7"}, headers={"User-Agent": "notifconf/1"})
    confluent.post("subscriptions", {"colour": "blau"})
    first, second = confluent.emulator.requests.entries
    assert str(first) == "GET /notifications/v1/integrations?page_size=7"
    assert (first.user_agent, first.body, first.status) == ("notifconf/1", "", 200)
    assert str(second) == "POST /notifications/v1/subscriptions"
    assert (second.body, second.status) == ('{"colour":"blau"}', 400)
    confluent.emulator.requests.clear()
    assert confluent.emulator.requests.as_json() == {"count": 0, "peak": 0, "requests": []}


def test_the_log_is_bounded_and_the_count_is_not(confluent, monkeypatch):
    monkeypatch.setattr(requestlog, "MAX_ENTRIES", 3)
    log = requestlog.RequestLog()
    for number in range(5):
        log.arrived(requestlog.Entry("GET", f"/{number}", "", ""))
        log.left()
    assert [entry.path for entry in log.entries] == ["/2", "/3", "/4"]
    assert (log.count, log.peak) == (5, 1)


def test_latency_holds_every_answer_back_and_none_behind_another(confluent):
    confluent.emulator.settings.latency = 0.05
    start = time.perf_counter()
    confluent.together(*[("GET", "integrations", None)] * 8)
    assert time.perf_counter() - start >= 0.05
    assert confluent.emulator.requests.peak == 8


def test_past_the_rate_limit_429_until_the_next_second(confluent):
    confluent.emulator.settings.rate_limit = 3
    with freeze_time("2026-01-01", real_asyncio=True) as clock:
        answers = [confluent.get("integrations") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
        assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
        assert {answer.headers["X-RateLimit-Reset"] for answer in answers} == {"1"}
        assert [answer.headers.get("Retry-After") for answer in answers] == [None] * 3 + ["1"] * 2
        assert answers[-1].json()["errors"][0]["status"] == "429"
        clock.tick(timedelta(seconds=1))
        assert confluent.get("integrations").status_code == 200


def test_past_the_rate_limit_konnect_says_so_in_its_own_way(konnect):
    konnect.emulator.settings.rate_limit = 1
    with freeze_time("2026-01-01", real_asyncio=True):
        konnect.get("inbox")
        answer = konnect.get("inbox")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("limit", [1, 7])
def test_a_window_counts_from_its_first_request(limit):
    rate = front.RateLimit()
    with freeze_time("2026-01-01") as clock:
        assert [rate.take(limit)[0] for _ in range(limit + 1)] == [True] * limit + [False]
        clock.tick(timedelta(seconds=0.99))
        assert rate.take(limit) == (False, 0, 1)
        clock.tick(timedelta(seconds=0.01))
        assert rate.take(limit) == (True, limit - 1, 1)
