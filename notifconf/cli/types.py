"""`notifconf types`: what one can be told of."""

from __future__ import annotations

from notifconf.cli.console import Console
from notifconf.cli.exitcode import ExitCode
from notifconf.cli.listing import filter_options, give, provider_for, surveyed
from notifconf.cli.options import command, console_options, service_options
from notifconf.cli.session import Service, known_workspace
from notifconf.model import Filters


@command()
@filter_options
@service_options
@console_options("text", "json")
def types(*, filters: Filters, service: Service, console: Console) -> ExitCode:
    """List what one can subscribe to.

    The notification types of Confluent Cloud, or Konnect's events: all that a `match`, a `notification_type` or an
    `event` is written from.

    \b
    Example:
      notifconf types --category service --endpoint emulator:
    """
    workspace = None if service.provider else known_workspace((), access=service.access)
    provider = provider_for(workspace, service)
    live = surveyed(provider, service, console)
    give([provider.types(live, filters)], provider, console)
    return ExitCode.DONE
