"""The planner: pure functions from desired and live state to a plan."""

from notifconf.plan.planner import make_plan
from notifconf.plan.rules import Pair, Resolution, Rules

__all__ = ["Pair", "Resolution", "Rules", "make_plan"]
