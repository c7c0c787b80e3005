"""Plan files: a plan is saved, reviewed, and applied exactly as it was reviewed.

A plan file is the JSON document of the plan. Its member `saved` holds what apply needs besides: the complete changes,
what the plan was made of, and the expressions and fingerprints of secrets. There is no secret in it.

Three checks make sure that apply does what the document shows:

- The document is made again from the saved part. It must be equal to the one in the file.
- The digest of the plan is computed again. `apply --plan-digest` compares it with the digest of the reviewed plan.
- A checksum of the whole file covers the rest, such as fingerprints. It only finds accidents: someone who can write the
  file can also compute the checksum.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from notifconf.errors import ChangedSinceError, UsageError
from notifconf.executor.secrets import (
    Fingerprints,
    encode_attributes,
    encode_secret,
    find_listed,
    find_lists,
    merge_lists,
    reveal,
)
from notifconf.model.canonical import canonical_json, canonical_text, digest_of
from notifconf.model.plan import Action, Attributes, Change, Plan, PlanValue, Reference, Sensitive
from notifconf.model.policy import Policy
from notifconf.model.resource import Kind, LiveResource, Secret, Value
from notifconf.model.state import Live, Options, Workspace
from notifconf.plan.codec import FORMAT_VERSION, Basis, Document, decode_plan, encode_plan, plan_digest, plan_document
from notifconf.plan.planner import Proposal, Secrets, iterate_sensitive, iterate_values
from notifconf.providers import load_provider
from notifconf.providers.base import Provider

MARK = '"format_version"'
"""A member of every plan file, and of no workspace."""

ALTERED = "the plan file was altered after it was made, or another version of notifconf made it"

_REFERENCE = re.compile(r"\$\{[^}:]+(:\?[^}]*)?\}|\$\{file:[^}]+\}")
"""References that consist of a name alone. A default value, or text beside the reference, may itself be a secret."""


class AlteredError(UsageError):
    """A plan file is not as `plan --out` wrote it."""

    def __init__(self, place: str = "") -> None:
        """Name the `place` where that shows, a JSON pointer, if it is known."""
        super().__init__(f"{ALTERED}{f' (see {place})' if place else ''}: make the plan anew")


class WrittenSecret(NamedTuple):
    """A secret that the plan writes; `expression` is how its value is found, None where only the workspace has it."""

    change: Change
    path: str
    fingerprint: str
    expression: str | None


Fingerprinted = Mapping[tuple[str, str, bool], str]
"""(address, JSON pointer, whether the secret is a live one or one that the plan writes) -> its fingerprint."""


class SavedPlan(NamedTuple):
    """A plan file, read back."""

    plan: Plan
    basis: Basis
    paths: tuple[str, ...]
    salt: str
    fingerprints: Fingerprinted
    organization: str | None = None
    """The organization that was planned, where a live object told it. It is no part of the digest."""


def sign(proposal: Proposal, workspace: Workspace, provider: Provider, endpoint: str, options: Options) -> Proposal:
    """Return the proposal with the digest of its plan, and what the digest covers beside the changes.

    `workspace` is the one that was planned, `endpoint` is in its canonical form.
    """
    basis = Basis(
        endpoint=endpoint,
        workspace=workspace.digest,
        options=json.loads(canonical_text(options)),
        verify=proposal.verify,
        bearers=find_bearer_ids(proposal.plan, proposal.live, proposal.secrets, provider),
    )
    return replace(proposal, plan=replace(proposal.plan, digest=plan_digest(proposal.plan, basis)), basis=basis)


def find_bearer_ids(plan: Plan, live: Live, secrets: Secrets, provider: Provider) -> dict[str, list[str]]:
    """Return, by the address of each create, the ids of the live objects with the same natural key.

    Some services do not keep names. There, a live object that another entry declares can have the natural key too. A
    name that holds a secret is among `secrets`.
    """
    bearers: dict[tuple[str, Hashable], list[str]] = {}
    for item in live.resources:
        for identity in item.identities:
            bearers.setdefault((item.kind, identity), []).append(item.id)
    return {
        change.address: sorted(
            found
            for identity in provider.identities(
                change.kind, encode_attributes(change.after or {}, change.address, {}, secrets)
            )
            for found in bearers.get((change.kind, identity), ())
        )
        for change in plan.changes
        if change.action is Action.CREATE
    }


def encode_plan_file(proposal: Proposal, basis: Basis, paths: Sequence[str]) -> str:
    """Return the text of a plan file; `paths` say where the workspace is."""
    plan = proposal.plan
    fingerprints = Fingerprints()
    saved: Document = {
        **basis.document,
        "paths": list(paths),
        "organization": proposal.live.organization,
        "salt": fingerprints.salt,
        "secrets": [
            {"address": address, "path": path, "live": is_live, "fingerprint": fingerprints.of(encode_secret(value))}
            for address, path, is_live, value in _iterate_secrets(proposal)
        ],
        **encode_plan(plan),
    }
    document = {**plan_document(plan), "saved": saved}
    saved["checksum"] = _checksum(document)
    return json.dumps(document, indent=2) + "\n"


def is_plan_file(text: str) -> bool:
    """Say whether a text is a plan file, complete or not, and no workspace. Its members may be in any order."""
    return text.lstrip().startswith("{") and MARK in text


def parse_plan_file(text: str) -> Document:
    """Return the JSON of a plan file. Raises `UsageError` if it is invalid, or of another version."""
    try:
        document = json.loads(text, object_pairs_hook=_parse_members, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise AlteredError from error
    if not isinstance(document, dict):
        raise AlteredError
    if document.get("format_version") != FORMAT_VERSION:
        raise UsageError(f"the plan file is of another version than {FORMAT_VERSION}: make the plan anew")
    return document


def decode_plan_file(document: Mapping[str, Any]) -> SavedPlan:
    """Read a plan file that its JSON Schema accepts.

    Raises `UsageError` for one that can't be applied: altered, with errors, refused.
    """
    saved = document["saved"]
    try:
        if saved["checksum"] != _checksum(document):
            raise AlteredError
        basis = Basis(saved["endpoint"], saved["workspace"], saved["options"], saved["verify"], saved["lookalikes"])
        plan = decode_plan(saved)
        plan = replace(plan, digest=plan_digest(plan, basis))
        shown = {name: value for name, value in document.items() if name != "saved"}
        if canonical_json(plan_document(plan)) != canonical_json(shown):
            raise AlteredError
    except (ValueError, RecursionError) as error:
        raise AlteredError from error
    fingerprints = {(item["address"], item["path"], item["live"]): item["fingerprint"] for item in saved["secrets"]}
    read = SavedPlan(plan, basis, tuple(saved["paths"]), saved["salt"], fingerprints, saved.get("organization"))
    _check(read)
    if plan.errors or plan.refusals:
        raise UsageError(
            "the plan has errors or was refused, so it can't be applied: fix what it says, or acknowledge a refusal "
            "with `plan --force --out`"
        )
    return read


def iterate_written_secrets(saved: SavedPlan) -> Iterator[WrittenSecret]:
    """Yield the secrets that the plan writes."""
    for change in saved.plan.changes:
        for path, value in iterate_sensitive(change.after):
            fingerprint = saved.fingerprints.get((change.address, path, False))
            if fingerprint is not None:
                expression = value.expression or ""
                yield WrittenSecret(change, path, fingerprint, expression if _REFERENCE.fullmatch(expression) else None)


def _iterate_secrets(proposal: Proposal) -> Iterator[tuple[str, str, bool, Value]]:
    """Yield the address, the path, whether it is live, and the value of each secret that the plan writes or changes."""
    attributes = {(item.kind, item.id): item.attributes for item in proposal.live.resources}
    for change in proposal.plan.changes:
        for path, _ in iterate_sensitive(change.after):
            if (change.address, path) in proposal.secrets:
                yield change.address, path, False, proposal.secrets[change.address, path]
        found = dict(iterate_values(attributes.get((change.kind, change.id or ""), {})))
        for path, _ in iterate_sensitive(change.before):
            if path in found:
                yield change.address, path, True, found[path]


def _check(saved: SavedPlan) -> None:
    """Raise `AlteredError` if the saved part does what the document does not show, or can't be carried out."""
    kinds = {kind.name for kind in load_provider(saved.plan.provider).kinds}
    creates = {change.address for change in saved.plan.changes if change.action is Action.CREATE}
    before: set[str] = set()
    for index, change in enumerate(saved.plan.changes):
        known = change.kind in kinds and before.issuperset(change.depends_on)
        if not (known and _writes_what_it_shows(change) and _secrets_are_kept(change, saved.fingerprints)):
            raise AlteredError(f"/saved/changes/{index}")
        before.add(change.address)
    if saved.basis.bearers.keys() != creates:
        raise AlteredError("/saved/lookalikes")


def _writes_what_it_shows(change: Change) -> bool:
    """Say whether what the change writes is what it shows: all of a new object, of another one what differs."""
    shown = set(change.after or ())
    if change.action is Action.UPDATE:
        shown = {_get_attribute(item.path) for item in change.differences}
    return set(change.changed) == shown


def _secrets_are_kept(change: Change, fingerprints: Fingerprinted) -> bool:
    """Say whether each secret that is written has a fingerprint, and is marked as changed where it is."""
    for path, value in iterate_sensitive(change.after):
        written = fingerprints.get((change.address, path, False))
        if written is None and _get_attribute(path) in change.changed:
            return False
        live = fingerprints.get((change.address, path, True))
        is_new = change.action is Action.UPDATE and live != written
        if written is not None and is_new is not value.changed:
            return False
    return True


def _get_attribute(path: str) -> str:
    return path.split("/")[1]


def _checksum(document: Mapping[str, Any]) -> str:
    saved = {name: value for name, value in document["saved"].items() if name != "checksum"}
    return digest_of({**document, "saved": saved})


def _parse_members(pairs: Sequence[tuple[str, Any]]) -> Document:
    """Return the members of an object. Raises ValueError for a repeated name: which value counts is not clear."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def find_stale(saved: SavedPlan, live: Live, secrets: Secrets, provider: Provider, now: datetime) -> Iterator[str]:
    """Yield why a saved plan does not hold any more, one sentence each.

    `live` is what the plan touches as it is now, and `secrets` the present values of its secrets.
    """
    until = saved.plan.until
    if until is not None and now >= until:
        yield f"the plan held until {until:%Y-%m-%dT%H:%M:%SZ}, when a mute began or ended"
    fingerprints = Fingerprints(saved.salt)
    for item in iterate_written_secrets(saved):
        value = secrets.get((item.change.address, item.path))
        if value is None:
            yield f"{item.change.address}: the workspace has no value of {item.path} for it any more"
        elif not fingerprints.match(encode_secret(value), item.fingerprint):
            is_empty = isinstance(value, Secret) and not value.reveal()
            how = "is empty, which it was not" if is_empty else "is another than"
            yield f"{item.change.address}: the value of {item.path} {how} when the plan was made"
    bearers = find_bearer_ids(saved.plan, live, secrets, provider)
    for address, found in bearers.items():
        if not set(found) <= set(saved.basis.bearers[address]):
            yield f"{address} exists by now"
    by_id = {(item.kind, item.id): item for item in live.resources}
    owners = {item.id: item.owner for item in live.resources} | dict.fromkeys(bearers)
    policy = Policy(owner=saved.plan.owner, takes_over=saved.plan.takes_over)
    for change in saved.plan.changes:
        yield from _find_moved_references(change, owners, policy)
        if change.id is not None:
            comparison = _Comparison(change, saved, fingerprints)
            yield from _find_changed(change, by_id.get((change.kind, change.id)), comparison)


def _find_moved_references(change: Change, owners: Mapping[str, str | None], policy: Policy) -> Iterator[str]:
    """Yield what a list shall refer to and is gone, and what it shall lose and belongs to somebody else by now.

    `owners` says whose mark each object has that lives, or that the plan creates.
    """
    before, after = find_listed(change.before), find_listed(change.after)
    for target, reference in after.items():
        if target not in owners and not reference.kept:
            yield f"{change.address} refers to {reference}, which is gone"
    for target, reference in before.items():
        owner = owners.get(target)
        if target not in after and owner is not None and not policy.owns(owner):
            yield f"{change.address} would no longer reach {reference}, which belongs to {owner} by now"


def _find_changed(change: Change, found: LiveResource | None, comparison: _Comparison) -> Iterator[str]:
    if found is None:
        yield f"{change.address} is gone"
    elif names := ", ".join(_find_differing(change.before or {}, found, comparison)):
        yield f"{change.address} has changed: {names}"


def propose_saved(saved: SavedPlan, live: Live, secrets: Secrets, kinds: Iterable[Kind]) -> Proposal:
    """Return what `apply` needs to carry out a saved plan that is not stale; `kinds` are those of its provider."""
    absent = {kind.name: kind.absent for kind in kinds}

    def find_remaining(after: Live, ids: Mapping[str, str]) -> Plan:
        by_id = {(item.kind, item.id): item for item in after.resources}
        found = (by_id.get((change.kind, change.id or ids.get(change.address, ""))) for change in saved.plan.changes)
        remaining = [
            change
            for change, item in zip(saved.plan.changes, found, strict=True)
            if not _is_done(change, item, absent[change.kind], secrets, ids)
        ]
        return replace(saved.plan, changes=tuple(remaining), part="changes")

    return Proposal(saved.plan, live, secrets, find_remaining, saved.basis.verify, saved.basis)


def _is_done(
    change: Change,
    found: LiveResource | None,
    absent: Mapping[str, str],
    secrets: Secrets,
    ids: Mapping[str, str],
) -> bool:
    if found is None and absent and change.action is Action.UPDATE:
        return absent.items() <= (change.after or {}).items()
    if change.action is Action.DELETE or found is None:
        return (change.action is Action.DELETE) is (found is None)
    wanted = encode_attributes(change.after or {}, change.address, ids, secrets)
    live = {name: reveal(found.attributes.get(name)) for name in change.changed}
    try:
        wanted |= merge_lists(change, {name: live[name] for name in find_lists(change)}, ids)
    except ChangedSinceError:
        return False
    return all(live[name] == wanted.get(name) for name in change.changed)


class _Comparison:
    """Compares what a plan says of one object with what lives, secrets by their fingerprints."""

    def __init__(self, change: Change, saved: SavedPlan, fingerprints: Fingerprints) -> None:
        self._change = change
        self._saved = saved
        self._fingerprints = fingerprints

    def is_same(self, before: PlanValue, live: Value, path: str) -> bool:
        if isinstance(before, Sensitive) or isinstance(live, Secret):
            known = self._saved.fingerprints.get((self._change.address, path, True))
            if known is None or not isinstance(live, Secret | str | tuple):
                return False
            return self._fingerprints.match(encode_secret(live), known)
        if isinstance(before, Mapping) and isinstance(live, Mapping):
            return all(self.is_same(before.get(name), live.get(name), f"{path}/{name}") for name in {*before, *live})
        if isinstance(before, tuple) and isinstance(live, tuple):
            return sorted(map(_target, before)) == sorted(map(str, live))
        return _target(before) == live if isinstance(before, Reference) else before == live


def _find_differing(before: Attributes, found: LiveResource, comparison: _Comparison) -> Iterable[str]:
    for name in sorted({*before, *found.attributes}):
        if not comparison.is_same(before.get(name), found.attributes.get(name), f"/{name}"):
            yield name


def _target(value: PlanValue) -> str:
    return value.target if isinstance(value, Reference) else str(value)
