"""The planner: pure functions from desired and live state to a plan."""

from notifconf.plan.change import Action, Change, Difference, Plan, Reference, Sensitive, Silence, Unmanaged
from notifconf.plan.make import make_plan
from notifconf.plan.rules import Pair, Resolution, Rules

__all__ = [
    "Action",
    "Change",
    "Difference",
    "Pair",
    "Plan",
    "Reference",
    "Resolution",
    "Rules",
    "Sensitive",
    "Silence",
    "Unmanaged",
    "make_plan",
]
