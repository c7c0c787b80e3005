"""`notifconf types`: the notification types that you can subscribe to."""

from __future__ import annotations

from notifconf.cli.console import Console
from notifconf.cli.options import Service, command, filter_options, namespace_option, service_options
from notifconf.cli.process import ExitCode
from notifconf.cli.session import find_default_provider, survey
from notifconf.cli.show import write_listings
from notifconf.model.listing import Filters


@command(filter_options, namespace_option, service_options)
def types(*, filters: Filters, service: Service, console: Console) -> ExitCode:
    """List the notification types that you can subscribe to.

    The notification types of Confluent Cloud, or Konnect's events: all that a `match`, a `notification_type` or an
    `event` is written from.

    \b
    Example:
      notifconf types --category service --endpoint emulator:
    """
    provider = find_default_provider(service)
    live = survey(service, console, provider)
    write_listings(console, provider.name, [provider.types(live, filters)])
    return ExitCode.DONE
