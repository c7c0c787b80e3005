"""A plan file: what was reviewed, so that it and nothing else is applied.

It is the JSON document of the plan, and in its member `saved` what apply needs besides: the changes whole, the
endpoint, the workspace's digest, the expressions and fingerprints of secrets, and a digest of all of it. The digest is
against accidents, not against attackers: a plan file wants the same care as the workspace that it was made from.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from notifconf.errors import UsageError
from notifconf.executor.fingerprint import Fingerprints
from notifconf.executor.material import Secrets, hashable, values_in
from notifconf.model import Live, Secret, Workspace
from notifconf.plan import Change, Plan, Sensitive
from notifconf.plan.archive import archived, restored
from notifconf.plan.change import PlanValue
from notifconf.plan.codec import FORMAT_VERSION, Document, digest_of, plan_document

MARK = '"format_version"'
"""Every plan file has this among its members, and no workspace has."""

_REFERENCE = re.compile(r"\$\{[^}:]+(:\?[^}]*)?\}|\$\{file:[^}]+\}")
"""References that hold nothing but a name: a default or text beside it may itself be a secret."""


@dataclass(frozen=True, slots=True)
class SavedSecret:
    """A secret that the plan writes (`live` false) or that lives where it changes something (`live` true).

    `expression` is how its value is found; None where only the workspace has it.
    """

    address: str
    path: str
    live: bool
    fingerprint: str
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan file, read back."""

    plan: Plan
    endpoint: str
    paths: tuple[str, ...]
    verify: bool
    salt: str
    secrets: tuple[SavedSecret, ...]
    lookalikes: Mapping[str, Sequence[str]]
    """Address of each create -> ids of the live objects that look like it, and were there when the plan was made."""
    digest: str
    """Of what it shows, as `plan --format json` printed it."""

    def secret(self, address: str, path: str, *, live: bool) -> SavedSecret | None:
        """Return what is kept of one secret."""
        wanted = (address, path, live)
        return next((item for item in self.secrets if (item.address, item.path, item.live) == wanted), None)


def saved_text(
    plan: Plan,
    workspace: Workspace,
    live: Live,
    secrets: Secrets,
    *,
    lookalikes: Mapping[str, Sequence[str]],
    endpoint: str,
    paths: Sequence[str],
) -> str:
    """Return the text of a plan file; `secrets` holds the declared ones."""
    fingerprints = Fingerprints()
    saved: Document = {
        "endpoint": endpoint,
        "workspace": workspace.digest,
        "paths": list(paths),
        "verify": workspace.policy.verify_integrations,
        "salt": fingerprints.salt,
        "lookalikes": lookalikes,
        "secrets": [asdict(item) for item in _secrets(plan, live, secrets, fingerprints)],
        **archived(plan),
    }
    document = {**plan_document(plan), "saved": saved}
    saved["digest"] = _digest(document)
    return json.dumps(document, indent=2) + "\n"


def is_plan_file(text: str) -> bool:
    """Say whether a file is a plan file, whole or not, rather than a workspace; other tools may have sorted it."""
    return text.lstrip().startswith("{") and MARK in text


def read_saved(text: str) -> SavedPlan:
    """Read a plan file. Raises `UsageError` for one that can't be applied: altered, too new, with errors, refused."""
    try:
        document = json.loads(text)
        if document["format_version"] != FORMAT_VERSION:
            raise UsageError(f"the plan file is of another version than {FORMAT_VERSION}: make the plan anew")
        saved = document["saved"]
        if saved["digest"] != _digest(document):
            raise UsageError("the plan file was altered after it was made: make the plan anew")
        if not saved["applicable"]:
            raise UsageError("the plan has errors or was refused: it can't be applied")
        return SavedPlan(
            restored(saved),
            saved["endpoint"],
            tuple(saved["paths"]),
            saved["verify"],
            saved["salt"],
            tuple(SavedSecret(**item) for item in saved["secrets"]),
            dict(saved["lookalikes"]),
            digest_of({name: value for name, value in document.items() if name != "saved"}),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UsageError("the plan file was altered, or is not one that --out wrote: make the plan anew") from error


def _secrets(plan: Plan, live: Live, declared: Secrets, fingerprints: Fingerprints) -> Iterable[SavedSecret]:
    attributes = {(item.kind, item.id): item.attributes for item in live.resources}
    for change in plan.changes:
        for path in sensitive_paths(change.after):
            value = declared.get((change.address, path))
            if value is not None:
                expression = (value.expression if isinstance(value, Secret) else None) or ""
                yield SavedSecret(
                    change.address,
                    path,
                    live=False,
                    fingerprint=fingerprints.of(hashable(value)),
                    expression=expression if _REFERENCE.fullmatch(expression) else None,
                )
        found = dict(values_in(attributes.get((change.kind, change.id or ""), {})))
        for path in sensitive_paths(change.before):
            yield SavedSecret(change.address, path, live=True, fingerprint=fingerprints.of(hashable(found[path])))


def sensitive_paths(value: PlanValue, path: str = "") -> Iterable[str]:
    """Yield the JSON pointers of the secrets in an object."""
    if isinstance(value, Sensitive):
        yield path
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from sensitive_paths(member, f"{path}/{name}")


def written_secrets(saved: SavedPlan) -> Iterable[tuple[Change, SavedSecret]]:
    """Yield the secrets that the plan writes, each with its change."""
    changes = {change.address: change for change in saved.plan.changes}
    for secret in saved.secrets:
        if not secret.live:
            yield changes[secret.address], secret


def _digest(document: Mapping[str, Any]) -> str:
    saved = {name: value for name, value in document["saved"].items() if name != "digest"}
    text = json.dumps({**document, "saved": saved}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
