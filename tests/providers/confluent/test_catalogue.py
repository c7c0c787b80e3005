from __future__ import annotations

import pytest

from notifconf.providers.confluent.catalogue import Catalogue, NotificationType

TYPES = [
    NotificationType("nt-3", "Twin"),
    NotificationType("nt-1", "Connector in FAILED state", priority="REQUIRED"),
    NotificationType("nt-2", "twin"),
    NotificationType("Twin", "Named like another's id"),
]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("nt-1", ["nt-1"]),
        ("connector IN failed STATE", ["nt-1"]),
        ("tWIN", ["nt-3", "nt-2"]),
        ("Twin", ["Twin"]),
        ("NT-1", []),
        ("nothing", []),
        ("", []),
    ],
)
def test_types_are_found_by_id_else_by_name_in_any_case(name: str, ids: list[str]) -> None:
    assert [item.id for item in Catalogue.of(TYPES).named(name)] == ids


def test_order_does_not_matter() -> None:
    assert Catalogue.of(TYPES) == Catalogue.of(reversed(TYPES))


def test_what_a_type_is_called_and_whether_it_must_stay() -> None:
    catalogue = Catalogue.of(TYPES)
    assert (catalogue.display_name("nt-1"), catalogue.display_name("nt-9")) == ("Connector in FAILED state", "nt-9")
    assert [catalogue.is_required(name) for name in ("nt-1", "nt-2", "nt-9")] == [True, False, False]
