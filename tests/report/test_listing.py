from __future__ import annotations

import json

from notifconf.model.views import Listing
from notifconf.report.style import Span
from notifconf.report.table import listing_table, listings_json

LISTING = Listing(
    "subscriptions",
    "Subscriptions",
    ("type", "severity", "channels", "subscribed", "target"),
    (
        {"type": "A", "severity": "CRITICAL", "channels": ("x", "y"), "subscribed": True, "target": None, "id": "s-1"},
        {"type": "B", "severity": "", "channels": (), "subscribed": False, "target": "host", "id": "s-2"},
    ),
)


def test_a_table_has_the_columns_as_people_read_them():
    table = listing_table(LISTING)
    assert table.columns == LISTING.columns
    assert table.rows == (
        (Span("A"), Span("CRITICAL", "critical"), Span("x, y"), Span("yes"), Span("-")),
        (Span("B"), Span("-"), Span("-"), Span("no", "dim"), Span("host")),
    )


def test_a_verbose_table_has_all_that_is_known():
    table = listing_table(LISTING, verbose=True)
    assert table.columns == (*LISTING.columns, "id")
    assert [row[-1].text for row in table.rows] == ["s-1", "s-2"]


def test_json_has_every_member_as_it_is():
    text = listings_json("confluent", [LISTING, Listing("mutes", "Mutes", ("resource",), ())])
    assert json.loads(text) == {
        "provider": "confluent",
        "subscriptions": [
            {**row, "channels": list(row["channels"])}  # type: ignore[arg-type]  # this one is a tuple
            for row in LISTING.rows
        ],
        "mutes": [],
    }
    assert text.endswith("}\n")
