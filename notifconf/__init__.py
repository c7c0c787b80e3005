"""Notification settings of Confluent Cloud and Kong Konnect as code.

docs/python-api.md describes the public names. The command line uses the same functions. A public name is imported when
it is first used: importing all of them takes much longer than `notifconf --version` may.
"""

# Type checkers take this for typing's. Nothing is imported here: the command's entry module comes after this one, and
# until then nothing handles a signal.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from notifconf.answers import coverage, explain, export, list_probes, locate, probe
    from notifconf.api import (
        apply,
        check_plan,
        load,
        load_plan,
        make_plan,
        read_live,
        render,
        save_plan,
        survey,
    )
    from notifconf.config import Access
    from notifconf.endpoints import Requests, connect
    from notifconf.errors import ApiError, NotifconfError, ServiceError, StaleError, UsageError, WorkspaceError
    from notifconf.executor.saved import SavedPlan
    from notifconf.executor.schedule import Control
    from notifconf.model.coverage import Explanation, Location, Probe, ProbeResult
    from notifconf.model.diagnostic import Diagnostic, Position
    from notifconf.model.plan import Action, Change, ChangeOutcome, Outcome, Plan, Result
    from notifconf.model.policy import Mode, Percentage
    from notifconf.model.resource import Secret
    from notifconf.model.state import Live, Options, Workspace
    from notifconf.model.views import Exported
    from notifconf.plan.planner import Proposal
    from notifconf.providers.base import Connection
    from notifconf.report.coverage import CoverageReport

__version__ = "0.1.0"

__all__ = [
    "Access",
    "Action",
    "ApiError",
    "Change",
    "ChangeOutcome",
    "Connection",
    "Control",
    "CoverageReport",
    "Diagnostic",
    "Explanation",
    "Exported",
    "Live",
    "Location",
    "Mode",
    "NotifconfError",
    "Options",
    "Outcome",
    "Percentage",
    "Plan",
    "Position",
    "Probe",
    "ProbeResult",
    "Proposal",
    "Requests",
    "Result",
    "SavedPlan",
    "Secret",
    "ServiceError",
    "StaleError",
    "UsageError",
    "Workspace",
    "WorkspaceError",
    "apply",
    "check_plan",
    "connect",
    "coverage",
    "explain",
    "export",
    "list_probes",
    "load",
    "load_plan",
    "locate",
    "make_plan",
    "probe",
    "read_live",
    "render",
    "save_plan",
    "survey",
]

_MODULES = {
    name: module
    for module, names in {
        "notifconf.answers": "coverage explain export list_probes locate probe",
        "notifconf.api": "apply check_plan load load_plan make_plan read_live render save_plan survey",
        "notifconf.config": "Access",
        "notifconf.endpoints": "Requests connect",
        "notifconf.errors": "ApiError NotifconfError ServiceError StaleError UsageError WorkspaceError",
        "notifconf.executor.saved": "SavedPlan",
        "notifconf.executor.schedule": "Control",
        "notifconf.model.coverage": "Explanation Location Probe ProbeResult",
        "notifconf.model.diagnostic": "Diagnostic Position",
        "notifconf.model.plan": "Action Change ChangeOutcome Outcome Plan Result",
        "notifconf.model.policy": "Mode Percentage",
        "notifconf.model.resource": "Secret",
        "notifconf.model.state": "Live Options Workspace",
        "notifconf.model.views": "Exported",
        "notifconf.plan.planner": "Proposal",
        "notifconf.providers.base": "Connection",
        "notifconf.report.coverage": "CoverageReport",
    }.items()
    for name in names.split()
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that it returns

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_MODULES[name]), name)
