"""The last look at what leaves a command: no output repeats a credential, or a secret of the workspace.

Plans and diagnostics are masked where they are made. This is for the rest: tables of live objects, errors of the
service, logs. The context of the command holds the secrets, since everything that prints must know them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from html import escape

import click

from notifconf.config.access import credentials_in
from notifconf.model import Mask, Secret

SECRETS = "notifconf.secrets"
MASK = "notifconf.mask"
"""Under these names Click's context knows the secrets of the workspace, and the mask that is made of them."""


def learn(secrets: Iterable[Secret]) -> None:
    """Keep these secrets out of everything that this command prints from now on."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta.setdefault(SECRETS, []).extend(secrets)
        context.meta.pop(MASK, None)


def learned() -> Sequence[Secret]:
    """Return the secrets that this command has learned so far."""
    context = click.get_current_context(silent=True)
    return () if context is None else tuple(context.meta.get(SECRETS, ()))


def mask(text: str) -> str:
    """Return `text` with every secret masked that this command knows."""
    context = click.get_current_context(silent=True)
    if context is None:
        return _mask(())(text)
    if MASK not in context.meta:
        context.meta[MASK] = _mask(context.meta.get(SECRETS, ()))
    shown: str = context.meta[MASK](text)
    return shown


def _mask(secrets: Iterable[Secret]) -> Mask:
    return Mask(form for secret in (*credentials_in(os.environ), *secrets) for form in _forms(secret))


def _forms(secret: Secret) -> Iterator[Secret]:
    """Yield a secret as texts, JSON and HTML have it."""
    yield secret
    value = secret.reveal()
    forms = (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], escape(value))
    yield from (Secret(form) for form in dict.fromkeys(forms) if form != value)
