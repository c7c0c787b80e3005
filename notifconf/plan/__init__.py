"""The planner: pure functions from desired and live state to a plan."""

from notifconf.plan.planner import Proposal, make_plan, propose
from notifconf.plan.rules import Pair, Resolution, Rules

__all__ = ["Pair", "Proposal", "Resolution", "Rules", "make_plan", "propose"]
