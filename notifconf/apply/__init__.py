"""Carrying a plan out."""

from notifconf.apply.outcome import TROUBLE, ChangeOutcome, Outcome, Result

__all__ = ["TROUBLE", "ChangeOutcome", "Outcome", "Result"]
