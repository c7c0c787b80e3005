"""Frozen data that every other part speaks: no I/O, no clock, no vendor."""

from notifconf.model.diagnostic import Diagnostic, Position, error, nearest, warning
from notifconf.model.document import LocatedList, LocatedMapping
from notifconf.model.policy import Mode, Percentage, Policy
from notifconf.model.resource import Kind, LiveResource, Resource
from notifconf.model.state import Declarations, Live, Options, Workspace
from notifconf.model.value import Secret, Value

__all__ = [
    "Declarations",
    "Diagnostic",
    "Kind",
    "Live",
    "LiveResource",
    "LocatedList",
    "LocatedMapping",
    "Mode",
    "Options",
    "Percentage",
    "Policy",
    "Position",
    "Resource",
    "Secret",
    "Value",
    "Workspace",
    "error",
    "nearest",
    "warning",
]
