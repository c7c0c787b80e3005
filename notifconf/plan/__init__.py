"""The planner: pure functions from desired and live state to a plan."""

from notifconf.plan.change import Action, Change, Difference, Plan, Reference, Sensitive, Unmanaged
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
    "Unmanaged",
    "make_plan",
]
