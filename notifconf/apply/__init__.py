"""Carrying a plan out."""

from notifconf.apply.execute import execute
from notifconf.apply.outcome import ChangeOutcome, Outcome, Result

__all__ = ["ChangeOutcome", "Outcome", "Result", "execute"]
