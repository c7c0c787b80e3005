"""Load a workspace: read, parse, merge, interpolate, check, declare. One run reports all errors at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cache
from typing import Any, BinaryIO, Final

from notifconf.config.access import Access, credentials_in
from notifconf.config.indentation import mend_indentation
from notifconf.config.interpolate import Origin, interpolate
from notifconf.config.scalars import format_key, is_name
from notifconf.config.schema import check
from notifconf.config.sources import PLAN_KEY, Source, read_sources, skipped_files
from notifconf.config.yaml import parse
from notifconf.errors import WorkspaceError
from notifconf.model.diagnostic import Diagnostic, Position, error, nearest, quoted, warning
from notifconf.model.located import LocatedList, LocatedMapping
from notifconf.model.mask import Mask
from notifconf.model.policy import GUARDS, OWNER, Guard, Minimum, Mode, Percentage, Policy
from notifconf.model.resource import Secret
from notifconf.model.state import Workspace
from notifconf.providers import BUILT_IN, is_provider, list_providers, load_provider
from notifconf.providers.base import Language, Provider


def find_misplaced_secrets(document: LocatedMapping, mask: Mask, identifiers: AbstractSet[str]) -> Iterator[Diagnostic]:
    """Yield an error for each key and each identifier that holds a secret: addresses and requests would show it."""
    is_secret = cache(mask.finds)
    seen: set[int] = set()
    waiting: list[Any] = [document]
    while waiting:
        container = waiting.pop()
        if id(container) in seen or not isinstance(container, LocatedMapping | LocatedList):
            continue
        seen.add(id(container))
        if isinstance(container, LocatedList):
            waiting += container
            continue
        waiting += container.values()
        for key, value in container.items():
            if is_secret(key):
                yield error("invalid-value", "a key can't hold a secret or a credential", container.keys_at[key])
            if key in identifiers and isinstance(value, str) and is_secret(value):
                message = f"`{key}` can't hold a secret or a credential: addresses and requests would show it"
                yield error("invalid-value", message, container.at(key))


_MAX_DELETES: Final = re.compile(r"(?P<number>[0-9]{1,9})|(?P<percentage>100|[1-9]?[0-9])%")


def parse_max_deletes(text: str) -> int | Percentage:
    """Return a number of objects, or a percentage, from "5" or "30%". Raises ValueError."""
    found = _MAX_DELETES.fullmatch(text.strip())
    if not found:
        raise ValueError("write a whole number such as 5, or a percentage from 0% to 100%")
    return int(found["number"]) if found["number"] else Percentage(int(found["percentage"]))


def decode_policy(document: dict[str, Any]) -> Policy:
    """Return the policy of a document that its schema accepts; what is absent has its default.

    An expression that is still unresolved counts as absent, and so does what the schema refused: it is None.
    """
    section = document.get("policy")
    if section is None:
        return Policy()
    given = {key: value for key, value in section.items() if value is not None and key not in section.unresolved}
    decoders: dict[str, Any] = {
        "mode": Mode,
        "max_deletes": _decode_max_deletes,
        "protected": _decode_patterns,
        "frozen": _decode_patterns,
        "coverage": _decode_coverage,
        "owner": str,
        "silences": str,
    }
    members = {key: decoders.get(key, bool)(value) for key, value in given.items()}
    return Policy(**members, places=dict(_locate_patterns(given)))


def _decode_patterns(value: LocatedList) -> tuple[str, ...]:
    return tuple(pattern for pattern in value if pattern is not None)


def _locate_patterns(section: dict[str, Any]) -> Iterator[tuple[tuple[Guard, str], Position]]:
    """Return where each pattern stands; the first place of one that stands in several files."""
    for guard in GUARDS:
        patterns: LocatedList | None = section.get(guard)
        if patterns is not None:
            places = sorted(((patterns.at(index), pattern) for index, pattern in enumerate(patterns)), reverse=True)
            yield from (((guard, pattern), place) for place, pattern in places if pattern is not None)


def _decode_max_deletes(value: float | str) -> int | Percentage:
    return parse_max_deletes(value) if isinstance(value, str) else int(value)


def check_policy(document: dict[str, Any], provider: Provider) -> Iterator[Diagnostic]:
    """Check the owner, and warn of what guards nothing: an unknown severity, or namespace, or a glob of no address."""
    policy: LocatedMapping | None = document.get("policy")
    if policy is None:
        return
    owner = policy.get("owner")
    # The schema takes a text with `${`, which a reference may still replace.
    if owner is not None and "owner" not in policy.unresolved and not OWNER.fullmatch(owner):
        yield error("invalid-value", '"owner" must be 1 to 32 characters of a-z, 0-9 and -', policy.at("owner"))
    if policy.get("discover") is True and not provider.has_inventory:
        message = f"{provider.title} has no inventory of resources, so there is nothing to discover"
        yield error("invalid-value", message, policy.keys_at["discover"])
    yield from _check_globs(policy, {kind.collection for kind in provider.kinds})
    coverage = policy.get("coverage")
    if not coverage:
        return
    terms = provider.coverage_terms
    for group in coverage:
        if group not in terms.groups:
            known = nearest(group, terms.groups) or f": those are {', '.join(terms.groups)}"
            message = f"the API's documents know no {terms.grouping} {format_key(group)}{known}"
            yield warning("invalid-value", message, coverage.keys_at[group])


def _check_globs(policy: LocatedMapping, collections: AbstractSet[str]) -> Iterator[Diagnostic]:
    """Warn of each glob that can be no address, since it begins with no collection: `integration/*`."""
    for (guard, pattern), place in _locate_patterns(policy):
        start = re.split(r"[*?\[]", pattern)[0]
        if (
            start == pattern
            or "${" in pattern
            or any(f"{name}/".startswith(start[: len(name) + 1]) for name in collections)
        ):
            continue
        collection = start.partition("/")[0]
        known = nearest(collection, collections) or f": they begin with {', '.join(sorted(collections))}"
        message = f"policy.{guard} lists {quoted(pattern)}, but no address begins with {quoted(collection)}{known}"
        yield warning("protects-nothing", message, place)


def _decode_coverage(minimums: dict[str, Any]) -> dict[str, Minimum]:
    return {group: _decode_minimum(value) for group, value in minimums.items()}


def _decode_minimum(value: Any) -> Minimum:
    if not isinstance(value, dict):
        return Minimum(int(value))
    excepts = tuple(sorted(value.get("except", ())))
    return Minimum(int(value["channels"]), excepts, value.get("count_required_mail", False))


REPEATABLE = frozenset({"version", "provider"})
"""What each file may say, as long as all say the same."""

JOINED_LEVELS: Final[Mapping[str, int]] = {"policy": 2}
"""How many levels of mappings join, of a section of this name; of all others one: no entry is in two files."""

IGNORED = "x-"
"""How the names of top-level members begin that are a place for anchors only."""


def merge(documents: Sequence[LocatedMapping]) -> tuple[LocatedMapping, list[Diagnostic]]:
    """Join the documents of at least one file, in their order; where two say the same thing, the first one counts.

    Top-level members whose name begins with `x-` are left out, and of several documents those with no value. The
    documents are used up.
    """
    whole = LocatedMapping(documents[0].position)
    diagnostics: list[Diagnostic] = []
    for document in documents:
        for key in document:
            # The name of a section stays when somebody comments out all its entries in one of several files.
            is_bare = len(documents) > 1 and document[key] is None
            if key.startswith(IGNORED) or is_bare:
                continue
            if key not in REPEATABLE or key not in whole:
                diagnostics += _join(whole, document, key, JOINED_LEVELS.get(key, 1))
            elif not _is_same(whole[key], document[key]):
                diagnostics.append(_refuse_repeated(whole, document, key, "says something else"))
    return whole, diagnostics


def _join(whole: LocatedMapping, part: LocatedMapping, key: str, levels: int) -> list[Diagnostic]:
    """Add the member `key` of `part` to `whole`. Lists join, and so do mappings, as many `levels` of them."""
    if key not in whole:
        whole[key] = part[key]
        whole.keys_at[key], whole.values_at[key] = part.keys_at[key], part.values_at[key]
        return []
    ours, theirs = whole[key], part[key]
    if isinstance(ours, LocatedList) and isinstance(theirs, LocatedList):
        whole[key] = _concatenate(ours, theirs)
        return []
    if isinstance(ours, LocatedMapping) and isinstance(theirs, LocatedMapping) and levels:
        return [diagnostic for member in theirs for diagnostic in _join(ours, theirs, member, levels - 1)]
    return [_refuse_repeated(whole, part, key, "stands here already")]


def _refuse_repeated(whole: LocatedMapping, part: LocatedMapping, key: str, why: str) -> Diagnostic:
    return error("duplicate-key", f"the key {format_key(key)} {why}, at {whole.keys_at[key]}", part.keys_at[key])


def _concatenate(ours: LocatedList, theirs: LocatedList) -> LocatedList:
    both = LocatedList(ours.position)
    both += [*ours, *theirs]
    both.items_at = [*ours.items_at, *theirs.items_at]
    return both


def _is_same(ours: Any, theirs: Any) -> bool:
    return type(ours) is type(theirs) and bool(ours == theirs)


MAX_DIAGNOSTICS: Final = 10_000


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
    return _Loading(environment, access or Access(), skipped_files(paths)).workspace(sources, now)


class _Loading:
    """One run of `load`, and the diagnostics that it collects."""

    def __init__(
        self, environment: Mapping[str, str] | None, access: Access, diagnostics: Iterable[Diagnostic]
    ) -> None:
        self._environment = environment
        self._access = access
        self._diagnostics = set(diagnostics)
        self._origins: dict[Position, Origin] = {}
        self._complete = True
        self._secrets: tuple[Secret, ...] = ()

    def workspace(self, sources: Sequence[Source], now: datetime) -> Workspace:
        """Return the workspace that the files declare."""
        document = self._document(sources)
        name = document.get("provider")
        if name is None:
            raise self._make_error()
        if not is_provider(name) or "provider" in document.expressions:
            message = f'"provider" must be one of {", ".join(BUILT_IN)}, and not a reference'
            self._note([error("invalid-value", message, document.at("provider"))])
            raise self._make_error()
        provider = load_provider(name)
        declarations, diagnostics = provider.declare(document)
        self._secrets += tuple(filter(self._is_known, provider.secrets(declarations)))
        self._note(find_misplaced_secrets(document, Mask(self._secrets), provider.language.identifiers))
        # A key that can't be a name may be a URL in the wrong place: no address may show it.
        sections = (document.get(section) for section in provider.language.entries)
        self._secrets += tuple(Secret(key) for section in sections for key in section or () if not is_name(key))
        guesses = frozenset[str]() if self._complete else provider.whole_workspace_codes
        self._note(one for one in diagnostics if one.code not in guesses)
        self._note(provider.check(declarations, now))
        self._note(check_policy(document, provider))
        workspace = Workspace(name, declarations, decode_policy(document), self._secrets, self._make_diagnostics())
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
            raise self._make_error()
        document, diagnostics = merge(parts)
        self._note(diagnostics)
        if any(part.get("provider") not in (None, document.get("provider")) for part in parts):
            # One provider's rules would report every line of the other provider's files as an error.
            raise self._make_error()
        self._guess_provider(document)
        # Before any reference is read: no reference may name a variable that holds credentials of this provider.
        provider = load_provider(document["provider"]) if is_provider(document.get("provider")) else None
        self._secrets += tuple(credentials_in(self._environment or {}))
        self._note(interpolate(document, self._environment, self._access, self._origins))
        if not self._complete:
            document.setdefault("version", 1)
            if "provider" not in document:
                raise self._make_error()
        self._note(mend_indentation(document, provider.language if provider else Language()))
        self._note(check(document))
        return document

    def _guess_provider(self, document: LocatedMapping) -> None:
        """Go on with the provider that a misspelt one means: then the rest of the workspace is checked as well."""
        name = document.get("provider")
        if not isinstance(name, str) or is_provider(name) or "${" in name:
            return
        from difflib import get_close_matches  # not at the top: only a mistake needs it

        known = list_providers()
        for meant in get_close_matches(name.casefold(), known, n=1):
            message = f'"provider" must be one of {", ".join(known)} (did you mean {quoted(meant)}?)'
            self._note([error("invalid-value", message, document.at("provider"))])
            document["provider"] = meant

    def _note(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            if len(self._diagnostics) == MAX_DIAGNOSTICS and diagnostic not in self._diagnostics:
                message = f"more than {MAX_DIAGNOSTICS:,} things are wrong: reading ends here"
                self._diagnostics.add(error(diagnostic.code, message))
                raise self._make_error()
            self._diagnostics.add(diagnostic)

    def _make_error(self) -> WorkspaceError:
        return WorkspaceError(self._make_diagnostics())

    def _add_reason(self, diagnostic: Diagnostic) -> Diagnostic:
        """Add to an error in a value where the value comes from."""
        origin = self._origins.get(diagnostic.position) if diagnostic.position is not None else None
        is_explained = origin is not None and diagnostic.severity == "error"
        return diagnostic._replace(message=f"{diagnostic.message} ({origin})") if is_explained else diagnostic

    def _make_diagnostics(self) -> tuple[Diagnostic, ...]:
        shown = map(Mask(self._secrets).diagnostic, map(self._add_reason, self._diagnostics))
        return tuple(sorted(shown, key=lambda diagnostic: diagnostic.sort_key))
