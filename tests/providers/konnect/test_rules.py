from __future__ import annotations

from typing import Any

import pytest

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.plan import Action, Change
from notifconf.model.policy import Mode
from notifconf.model.resource import LiveResource
from notifconf.plan.planner import make_plan
from notifconf.providers.konnect import PROVIDER
from notifconf.providers.konnect.catalogue import Event
from notifconf.providers.konnect.workspace import DeclaredSubscription
from tests.providers.konnect.declared import BARE, BOTH, NOW, PLANE, TOKEN, entry, live, lives, workspace

CODE = "too-many-regional-configurations"
ONE: dict[str, Any] = {"entities": ("dp-1",)}


def found(code: str, entries: list[DeclaredSubscription], *there: LiveResource, **policy: Any) -> list[Diagnostic]:
    made = make_plan(workspace(*entries, **policy), live(*there), NOW, PROVIDER)
    return [item for item in made.diagnostics if item.code == code]


def entries(count: int, event: Event = PLANE, **members: Any) -> list[DeclaredSubscription]:
    return [entry(event, f"D{n}", line=n + 1, **(ONE | members)) for n in range(count)]


def there(count: int, event: Event = PLANE, **members: Any) -> list[LiveResource]:
    return [lives(event, n, f"L{n}", **({"entities": ["dp-1"]} | members)) for n in range(count)]


@pytest.mark.parametrize(
    ("declared", "undeclared", "refused"),
    [
        (entries(3), [], 0),
        (entries(4), [], 4),
        (entries(2), there(1), 0),
        (entries(2), there(2), 2),
        (entries(1), there(3), 1),
        (entries(0), there(5), 0),
        (entries(1), there(3, entities=["dp-2"]), 0),
        (entries(1), there(3, entities=["dp-2", "dp-1"]), 1),
        (entries(1), there(3, TOKEN), 0),
        (entries(4, TOKEN), [], 0),
        ([*entries(3), entry(PLANE, "Other", entities=("dp-2",))], [], 0),
        ([*entries(3), entry(PLANE, "Other", entities=("dp-2", "dp-1"))], [], 4),
        (entries(4, entities=("*",)), [], 4),
    ],
)
@pytest.mark.parametrize("mode", [Mode.UPSERT_ONLY, Mode.SYNC])
def test_regional_configurations_of_a_gateway(
    declared: list[DeclaredSubscription], undeclared: list[LiveResource], refused: int, mode: Mode
) -> None:
    assert len(found(CODE, declared, *undeclared, mode=mode, max_deletes=9)) == refused


def test_what_makes_room_in_the_same_plan_comes_too_late() -> None:
    declared = [entry(PLANE, "L0", entities=("dp-2",)), entry(PLANE, "New", **ONE)]
    assert len(found(CODE, declared, *there(3))) == 1
    assert found(CODE, declared, *there(2)) == []


def test_twins_count_twice() -> None:
    twins = [lives(PLANE, n, "Twin", entities=["dp-1"]) for n in range(3)]
    assert len(found(CODE, entries(1), *twins)) == 1


def test_it_says_which_and_where() -> None:
    (only,) = found(CODE, entries(1), *there(3))
    assert (only.severity, only.address) == ("error", f"event-subscriptions/{PLANE.id}#D0")
    assert '"dp-1" would be in 4 regional configurations' in only.message
    assert '"D0", "L0", "L1", "L2"' in only.message


def test_what_lives_already_and_stays_as_it_is_may() -> None:
    declared = [entry(PLANE, f"L{n}", **ONE) for n in range(5)]
    assert found(CODE, declared, *there(5)) == []
    assert len(found(CODE, [*declared[:4], entry(PLANE, "L4", enabled=False, **ONE)], *there(5))) == 1


@pytest.mark.parametrize(
    ("declared", "undeclared", "warned"),
    [
        ([entry(PLANE)], [], None),
        ([entry(PLANE, regions=("EU",))], [], "does not cover all regions and entities by EMAIL, IN_APP"),
        ([entry(PLANE, entities=("a",))], [], "by EMAIL, IN_APP"),
        ([entry(PLANE, enabled=False)], [], "by EMAIL, IN_APP"),
        ([entry(PLANE, channels={"EMAIL": False})], [], "by EMAIL"),
        ([entry(TOKEN, channels={"EMAIL": False})], [], None),
        ([entry(TOKEN, regions=("EU",))], [], "by IN_APP"),
        ([entry(PLANE, regions=("EU",)), entry(PLANE, "Rest")], [], None),
        ([entry(PLANE, "A", channels={"EMAIL": False}), entry(PLANE, "B", channels={"IN_APP": False})], [], None),
        ([entry(PLANE, regions=("EU",))], [lives(PLANE, 1, "Other", regions=["US"])], None),
        ([entry(PLANE, regions=("EU",))], [lives(PLANE, 1)], None),
        ([entry(BARE, regions=("EU",), channels={"EMAIL": True})], [], None),
    ],
)
def test_a_default_that_ends(
    declared: list[DeclaredSubscription], undeclared: list[LiveResource], warned: str | None
) -> None:
    warnings = found("replaces-default", declared, *undeclared)
    assert [warned in item.message for item in warnings if warned] == ([True] if warned else [])
    assert [item.severity for item in warnings] == ["warning"] * (warned is not None)
    # Where nobody is told any more, that is said of the event: it loses its last channels.
    silences = make_plan(workspace(*declared), live(*undeclared), NOW, PROVIDER).silences
    assert len([item for item in silences if "default" in item.message]) == len(warnings)
    refused = found("silences", declared, *undeclared, silences="refuse")
    assert [item.severity for item in refused] == ["error"] * len(silences)


ON: dict[str, Any] = {
    "event": "e",
    "name": "Ops",
    "regions": ("*",),
    "entities": ("*",),
    "channels": BOTH,
    "enabled": True,
}
OFF = ON | {"enabled": False}
MAIL_OFF = ON | {"channels": {"EMAIL": False, "IN_APP": True}}
ALL_OFF = ON | {"channels": {"EMAIL": False, "IN_APP": False}}


def change(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    action = Action.CREATE if before is None else Action.DELETE if after is None else Action.UPDATE
    return Change(action, "event-subscription", "address", "id-1", before, after)


WHAT = 'the subscription "Ops" to "e" '


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        (None, OFF, []),
        (ON, ON, []),
        (OFF, ON, []),
        (ON, OFF, [WHAT + "is disabled: it tells nobody any more by EMAIL, IN_APP"]),
        (ON, None, [WHAT + "is deleted: it tells nobody any more by EMAIL, IN_APP"]),
        (MAIL_OFF, None, [WHAT + "is deleted: it tells nobody any more by IN_APP"]),
        (OFF, None, []),
        (ALL_OFF, None, []),
        (ALL_OFF, OFF, []),
        (ON, MAIL_OFF, [WHAT + "tells nobody any more by EMAIL"]),
        (ON, ALL_OFF, [WHAT + "tells nobody any more by EMAIL, IN_APP"]),
        (MAIL_OFF, ON, []),
        (OFF, MAIL_OFF | {"enabled": False}, []),
        (ON, ON | {"regions": ("EU",)}, [WHAT + "no longer covers regions other than EU"]),
        (ON | {"regions": ("EU", "US")}, ON | {"regions": ("EU",)}, [WHAT + "no longer covers regions US"]),
        (ON | {"regions": ("EU",)}, ON, []),
        (ON | {"regions": ("EU",)}, ON | {"regions": ("EU", "US")}, []),
        (ON | {"entities": ("a", "b")}, ON | {"entities": ("c",)}, [WHAT + "no longer covers entities a, b"]),
        (
            ON,
            MAIL_OFF | {"entities": ("a",)},
            [WHAT + "tells nobody any more by EMAIL", WHAT + "no longer covers entities other than a"],
        ),
        (
            {name: value for name, value in ON.items() if name != "name"},
            None,
            ['the subscription "id-1" to "e" is deleted: it tells nobody any more by EMAIL, IN_APP'],
        ),
    ],
)
def test_what_a_change_silences(before: Any, after: Any, sentences: list[str]) -> None:
    told = PROVIDER.silences([change(before, after)], live())
    assert [silence.message for silence in told] == sentences


def test_a_sentence_stays_one() -> None:
    many = ON | {"entities": tuple(f"e{n:02}" for n in range(30))}
    (silence,) = PROVIDER.silences([change(many, ON | {"entities": ("e00",)})], live())
    assert silence.message.endswith("e10 and 19 more")
