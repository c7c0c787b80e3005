"""Carrying a plan out."""

from notifconf.executor.outcome import TROUBLE, ChangeOutcome, Outcome, Result

__all__ = ["TROUBLE", "ChangeOutcome", "Outcome", "Result"]
