import pytest

from notifconf.emulator.faults import KINDS, Fault, parse_fault


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_written(kind):
    assert parse_fault(kind) == Fault(kind)
    assert str(parse_fault(kind)) == kind


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("503:method=post", Fault("503", method="POST")),
        ("503:method=P*:nth=3", Fault("503", method="P*", nth=3)),
        ("hang:path=*/integrations:test:times=2", Fault("hang", path="*/integrations:test", times=2)),
        ("reset-after:path=*:lookup?*lkc-1*:every=5", Fault("reset-after", path="*:lookup?*lkc-1*", every=5)),
        ("empty:p=0.1:seed=7", Fault("empty", p=0.1, seed=7)),
        ("429-retry-after:seconds=0", Fault("429-retry-after", seconds=0)),
        ("lag:lists=3:nth=2:times=4", Fault("lag", lists=3, nth=2, times=4)),
    ],
)
def test_what_a_specification_says(spec, fault):
    assert parse_fault(spec) == fault
    assert parse_fault(str(fault)) == fault


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "unknown kind ''"),
        ("explode", "unknown kind 'explode'"),
        ("explode:nth=3", "unknown kind 'explode'"),
        ("418", "unknown kind '418'"),
        ("503:colour=red", "'colour=red' is no option"),
        ("503:", "'' is no option"),
        ("503:nth", "'nth' is no option"),
        ("503:nth=0", "nth must be a whole number from 1"),
        ("503:nth=x", "nth must be a whole number from 1"),
        ("503:every=-1", "every must be a whole number from 1"),
        ("503:times=1.5", "times must be a whole number from 1"),
        ("503:times=٣", "times must be a whole number from 1"),
        ("503:lists=0", "lists must be a whole number from 1"),
        ("503:p=2", "p must be a number from 0 to 1"),
        ("503:p=nan", "p must be a number from 0 to 1"),
        ("503:p=x", "p must be a number from 0 to 1"),
        ("503:nth=1:nth=2", "nth stands twice"),
        ("503:nth=1:p=0.5", "exclude each other"),
        ("503:every=1:p=0.5", "exclude each other"),
    ],
)
def test_what_is_wrong_with_a_specification_is_said(spec, words):
    with pytest.raises(ValueError, match="fault") as error:
        parse_fault(spec)
    assert words in str(error.value)
    assert repr(spec) in str(error.value)


def test_a_fault_of_no_kind_is_none():
    with pytest.raises(ValueError, match="unknown kind of fault 'explode'"):
        Fault("explode")


def sequence(spec: str, count: int = 12) -> list[int]:
    fault = parse_fault(spec)
    fired = []
    for number in range(1, count + 1):
        if fault.sees("GET", "/x", ""):
            fault.fired += 1
            fired.append(number)
    assert fault.seen == count
    return fired


@pytest.mark.parametrize(
    ("spec", "fired"),
    [
        ("503", list(range(1, 13))),
        ("503:times=2", [1, 2]),
        ("503:nth=3", [3]),
        ("503:nth=3:times=3", [3, 4, 5]),
        ("503:every=5", [5, 10]),
        ("503:every=5:times=1", [5]),
        ("503:p=0", []),
        ("503:p=1", list(range(1, 13))),
    ],
)
def test_which_requests_go_wrong(spec, fired):
    assert sequence(spec) == fired


def test_chance_can_be_repeated():
    assert sequence("503:p=0.5:seed=1", 100) == sequence("503:p=0.5:seed=1", 100) != sequence("503:p=0.5:seed=2", 100)
    assert 30 < len(sequence("503:p=0.5:seed=1", 100)) < 70


@pytest.mark.parametrize(
    ("spec", "matches"),
    [
        ("503:method=GET", True),
        ("503:method=POST", False),
        ("503:path=/notifications/v1/integrations", True),
        ("503:path=*/subscriptions", False),
        ("503:path=*page_token=a b*", True),
        ("503:path=*page_token=c*", False),
    ],
)
def test_what_a_fault_concerns(spec, matches):
    fault = parse_fault(spec)
    assert fault.sees("GET", "/notifications/v1/integrations", "page_token=a b&x=y") is matches
    assert fault.seen == matches
