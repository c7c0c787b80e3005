"""Addresses on the command line, which a shell completes from the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from notifconf.errors import NotifconfError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Address(click.ParamType[str]):
    """An exact address, or a glob of addresses."""

    name = "address"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Offer what is declared in the workspace that the line names so far, else in the one at the default path."""
        from click.shell_completion import CompletionItem

        del param
        # Until the option has its value, click leaves arguments that it has seen unparsed.
        paths = ctx.params.get("paths") or tuple(ctx.args)
        return [CompletionItem(address) for address in declared_addresses(paths) if address.startswith(incomplete)]


def declared_addresses(paths: Sequence[str]) -> list[str]:
    """Return the addresses that a workspace declares, none for one that can't be read; the service is not asked."""
    from notifconf.cli.session import known_workspace
    from notifconf.config.sources import STANDARD_INPUT
    from notifconf.providers import provider_named

    if STANDARD_INPUT in paths:
        return []
    try:
        workspace = known_workspace(paths)
    except NotifconfError:
        return []
    if workspace is None:
        return []
    return sorted(set(provider_named(workspace.provider).addresses(workspace.declarations)))
