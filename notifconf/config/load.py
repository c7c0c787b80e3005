"""From paths to a workspace: read, parse, merge, interpolate, check, declare. All that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final

from notifconf.config.interpolate import interpolate
from notifconf.config.merge import merge
from notifconf.config.policy import check_policy, policy_of
from notifconf.config.schema import check
from notifconf.config.sources import Source, read_sources
from notifconf.config.yaml import parse
from notifconf.errors import WorkspaceError
from notifconf.garbage import no_collection
from notifconf.model import Diagnostic, LocatedMapping, Workspace, error
from notifconf.providers import NAMES, provider_named

if TYPE_CHECKING:
    from datetime import datetime

MOST_DIAGNOSTICS: Final = 10_000

PLAN_KEY: Final = "format_version"
"""What a plan as JSON begins with, and no workspace has."""

# Without a file that can't be read, these would be guesses.
_GUESSES: Final = frozenset({"undeclared-integration", "unused-integration"})


def load(
    paths: Sequence[str], *, environment: Mapping[str, str] | None, now: datetime, stdin: BinaryIO | None = None
) -> Workspace:
    """Load the workspace at `paths`: files, folders and `-`; none means `notifconf.yaml` here.

    Without an `environment`, references stay as written and what depends on their values is not judged: the workspace
    is valid as far as that goes, and not fit for a plan. Raises UsageError for paths that can't be read, and
    WorkspaceError, with everything that is wrong, warnings too.
    """
    sources = read_sources(paths, stdin)
    with no_collection():
        return _Loading().workspace(sources, environment, now)


class _Loading:
    """One run of `load`, and what it finds wrong."""

    def __init__(self) -> None:
        self._diagnostics: set[Diagnostic] = set()
        self._complete = True

    def workspace(self, sources: Sequence[Source], environment: Mapping[str, str] | None, now: datetime) -> Workspace:
        """Return the workspace that the files declare."""
        document = self._document(sources, environment)
        name = document.get("provider")
        if name is None:
            raise self._failure()
        if name not in NAMES or "provider" in document.expressions:
            message = f'"provider" must be one of {", ".join(NAMES)}, and not a reference'
            self._note([error("invalid-value", message, document.at("provider"))])
            raise self._failure()
        provider = provider_named(name)
        declarations, diagnostics = provider.declare(document)
        self._note(one for one in diagnostics if self._complete or one.code not in _GUESSES)
        self._note(provider.check(declarations, now))
        self._note(check_policy(document, provider))
        if any(diagnostic.severity == "error" for diagnostic in self._diagnostics):
            raise self._failure()
        return Workspace(name, declarations, policy_of(document), self._sorted())

    def _document(self, sources: Sequence[Source], environment: Mapping[str, str] | None) -> LocatedMapping:
        """Return the whole document, as far as the files can be read and the schema accepts it."""
        parts = []
        for name, data in sources:
            part, diagnostics = parse(name, data)
            self._note(diagnostics)
            if part is not None and PLAN_KEY in part:
                message = (
                    "this is a plan, not a workspace: `notifconf apply PLANFILE` takes a saved one, and no other path"
                )
                raise WorkspaceError([error("invalid-value", message, part.keys_at[PLAN_KEY])])
            parts += [part] if part is not None else []
        self._complete = len(parts) == len(sources)
        if not parts:
            raise self._failure()
        document, diagnostics = merge(parts)
        self._note(diagnostics)
        if any(part.get("provider", document.get("provider")) != document.get("provider") for part in parts):
            # Judged by the rules of one provider, all that the other's files say would be wrong.
            raise self._failure()
        self._note(interpolate(document, environment))
        if not self._complete:
            document.setdefault("version", 1)
            if "provider" not in document:
                raise self._failure()
        self._note(check(document))
        return document

    def _note(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            if len(self._diagnostics) == MOST_DIAGNOSTICS and diagnostic not in self._diagnostics:
                message = f"more than {MOST_DIAGNOSTICS:,} things are wrong: reading ends here"
                self._diagnostics.add(error(diagnostic.code, message))
                raise self._failure()
            self._diagnostics.add(diagnostic)

    def _failure(self) -> WorkspaceError:
        return WorkspaceError(self._sorted())

    def _sorted(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self._diagnostics, key=lambda diagnostic: diagnostic.sort_key))
