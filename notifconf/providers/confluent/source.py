"""Where live objects come from: each list and each lookup, and how its answer is decoded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notifconf.errors import ApiError, ForbiddenError, ProtocolError
from notifconf.model.diagnostic import quoted
from notifconf.providers.confluent import codec
from notifconf.providers.confluent.api import NOT_VISIBLE
from notifconf.providers.confluent.kinds import INTEGRATION, PREFERENCE, RESOURCE_SUBSCRIPTION, SUBSCRIPTION

if TYPE_CHECKING:
    from notifconf.model import LiveResource
    from notifconf.providers.confluent.api import Api, Item
    from notifconf.providers.confluent.catalogue import Catalogue
    from notifconf.providers.confluent.scope import Place


@dataclass(frozen=True, slots=True)
class Source:
    """One list or lookup: it tells all live objects of `kind`, or those of them that belong to `resource`.

    `fetch` returns None where the service says that there is nothing, or nothing that these credentials can see.
    """

    kind: str
    resource: str | None
    fetch: Callable[[], Awaitable[list[Item] | None]]
    decode: Callable[[Item, Catalogue], LiveResource]


@dataclass(frozen=True, slots=True)
class Sources:
    """The lists and lookups of one organisation."""

    api: Api

    def integrations(self) -> Source:
        """Return the list of integrations."""

        def decode(item: Item, _: Catalogue) -> LiveResource:
            return codec.decode_integration(item)

        return Source(INTEGRATION.name, None, lambda: self.api.listed("integrations"), decode)

    def subscriptions(self) -> Source:
        """Return the list of subscriptions."""
        return Source(SUBSCRIPTION.name, None, lambda: self.api.listed("subscriptions"), codec.decode_subscription)

    def preference(self, place: Place) -> Source:
        """Return the lookup of a resource's preference; errors name the resource and where it is declared."""

        async def fetch() -> list[Item] | None:
            return await _placed(self.api.preference(place.resource, place.resource_type), place)

        def decode(item: Item, _: Catalogue) -> LiveResource:
            return codec.decode_preference(item, place.resource, place.resource_type)

        return Source(PREFERENCE.name, place.resource, fetch, decode)

    def resource_subscriptions(self, place: Place) -> Source:
        """Return the lookup of a resource's subscriptions; errors name the resource and where it is declared."""

        async def fetch() -> list[Item] | None:
            return await _placed(self.api.resource_subscriptions(place.resource, place.resource_type), place)

        def decode(item: Item, catalogue: Catalogue) -> LiveResource:
            return codec.decode_resource_subscription(item, place.resource, place.resource_type, catalogue)

        return Source(RESOURCE_SUBSCRIPTION.name, place.resource, fetch, decode)


async def _placed(lookup: Awaitable[list[Item]], place: Place) -> list[Item] | None:
    try:
        return await lookup
    except ApiError as error:
        if isinstance(error, ForbiddenError) and error.code == NOT_VISIBLE:
            return None
        raise type(error)(
            f"{_named(place)}: {error}",
            status=error.status,
            operation=error.operation,
            request_id=error.request_id,
            sent=error.sent,
            code=error.code,
        ) from None
    except ProtocolError as error:
        raise ProtocolError(f"{_named(place)}: {error}", operation=error.operation) from None


def _named(place: Place) -> str:
    return f"{place.position}: {quoted(place.resource)}" if place.position else quoted(place.resource)
