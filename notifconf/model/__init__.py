"""Frozen data that every other part speaks: no I/O, no clock, no vendor."""

from typing import TYPE_CHECKING

from notifconf.model.diagnostic import Diagnostic, Position, error, nearest, warning
from notifconf.model.document import LocatedList, LocatedMapping
from notifconf.model.policy import Mode, Percentage, Policy
from notifconf.model.resource import Kind, LiveResource, Resource
from notifconf.model.state import Declarations, Live, Options, Workspace
from notifconf.model.value import Secret, Value

if TYPE_CHECKING:
    from notifconf.model.coverage import Channel, CoverageTerms, Reach
    from notifconf.model.exported import Entry, Exported, Section, Variable
    from notifconf.model.listing import Filters, Listing
else:
    _OF_SINGLE_COMMANDS = {
        "coverage": ("Channel", "CoverageTerms", "Reach"),
        "exported": ("Entry", "Exported", "Section", "Variable"),
        "listing": ("Filters", "Listing"),
    }

    def __getattr__(name: str) -> object:
        """Import what single commands need when they ask for it: start-up time is a feature."""
        from importlib import import_module

        for module, names in _OF_SINGLE_COMMANDS.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Channel",
    "CoverageTerms",
    "Declarations",
    "Diagnostic",
    "Entry",
    "Exported",
    "Filters",
    "Kind",
    "Listing",
    "Live",
    "LiveResource",
    "LocatedList",
    "LocatedMapping",
    "Mode",
    "Options",
    "Percentage",
    "Policy",
    "Position",
    "Reach",
    "Resource",
    "Secret",
    "Section",
    "Value",
    "Variable",
    "Workspace",
    "error",
    "nearest",
    "warning",
]
