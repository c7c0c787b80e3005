"""From paths to a workspace: read, parse, merge, interpolate, check, declare. All that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Final

from notifconf.config.access import Access, credentials_in
from notifconf.config.indentation import mend_indentation
from notifconf.config.interpolate import interpolate
from notifconf.config.merge import merge
from notifconf.config.policy import check_policy, policy_of
from notifconf.config.schema import check
from notifconf.config.secrecy import misplaced_secrets
from notifconf.config.sources import PLAN_KEY, Source, read_sources, skipped_files
from notifconf.config.yaml import parse
from notifconf.errors import WorkspaceError
from notifconf.garbage import no_collection
from notifconf.model import Diagnostic, LocatedMapping, Position, Secret, Workspace, error
from notifconf.model.mask import Mask
from notifconf.providers import NAMES, provider_named

if TYPE_CHECKING:
    from datetime import datetime

MOST_DIAGNOSTICS: Final = 10_000

# Without a file that can't be read, these would be guesses.
_GUESSES: Final = frozenset({"undeclared-integration", "unused-integration"})


def load(
    paths: Sequence[str],
    *,
    environment: Mapping[str, str] | None,
    now: datetime,
    stdin: BinaryIO | None = None,
    access: Access | None = None,
) -> Workspace:
    """Load the workspace at `paths`: files, folders and `-`; none means `notifconf.yaml` here.

    Without an `environment`, references stay as written and what depends on their values is not judged: the workspace
    is valid as far as that goes, and not fit for a plan. `access` limits what references may read. Raises UsageError
    for paths that can't be read, and WorkspaceError, with everything that is wrong, warnings too.
    """
    sources = read_sources(paths, stdin)
    with no_collection():
        return _Loading(environment, access or Access(), skipped_files(paths)).workspace(sources, now)


class _Loading:
    """One run of `load`, and what it finds wrong."""

    def __init__(
        self, environment: Mapping[str, str] | None, access: Access, diagnostics: Iterable[Diagnostic]
    ) -> None:
        self._environment = environment
        self._access = access
        self._diagnostics = set(diagnostics)
        self._empty: dict[Position, str] = {}
        self._complete = True
        self._secrets = tuple(credentials_in(environment or {}))

    def workspace(self, sources: Sequence[Source], now: datetime) -> Workspace:
        """Return the workspace that the files declare."""
        document = self._document(sources)
        name = document.get("provider")
        if name is None:
            raise self._failure()
        if name not in NAMES or "provider" in document.expressions:
            message = f'"provider" must be one of {", ".join(NAMES)}, and not a reference'
            self._note([error("invalid-value", message, document.at("provider"))])
            raise self._failure()
        provider = provider_named(name)
        declarations, diagnostics = provider.declare(document)
        self._secrets += tuple(filter(self._is_known, provider.secrets(declarations)))
        self._note(misplaced_secrets(document, Mask(self._secrets)))
        self._note(one for one in diagnostics if self._complete or one.code not in _GUESSES)
        self._note(provider.check(declarations, now))
        self._note(check_policy(document, provider))
        workspace = Workspace(name, declarations, policy_of(document), self._secrets, self._sorted())
        if not workspace.is_valid:
            raise WorkspaceError(workspace.diagnostics, workspace)
        return workspace

    def _is_known(self, secret: Secret) -> bool:
        """Say whether a secret has its value; one that still stands as its reference has none."""
        return secret.expression is None or (self._environment is not None and "${" not in secret.reveal())

    def _document(self, sources: Sequence[Source]) -> LocatedMapping:
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
        if any(part.get("provider") not in (None, document.get("provider")) for part in parts):
            # Judged by the rules of one provider, all that the other's files say would be wrong.
            raise self._failure()
        self._note(interpolate(document, self._environment, self._access, self._empty))
        if not self._complete:
            document.setdefault("version", 1)
            if "provider" not in document:
                raise self._failure()
        self._note(mend_indentation(document))
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
        return WorkspaceError(tuple(map(self._with_reason, self._sorted())))

    def _with_reason(self, diagnostic: Diagnostic) -> Diagnostic:
        """Add to what is wrong with a value that something in it is empty."""
        reason = self._empty.get(diagnostic.position) if diagnostic.position is not None else None
        return replace(diagnostic, message=f"{diagnostic.message} ({reason})") if reason else diagnostic

    def _sorted(self) -> tuple[Diagnostic, ...]:
        shown = map(Mask(self._secrets).diagnostic, self._diagnostics)
        return tuple(sorted(shown, key=lambda diagnostic: diagnostic.sort_key))
