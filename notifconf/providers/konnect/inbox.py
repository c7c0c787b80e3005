"""Konnect's inbox: the notifications with the channel IN_APP that the owner of the token has received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from notifconf.providers.inbox import Inbox, Job, Notification, Selection, Status
from notifconf.providers.konnect.api import Api
from notifconf.providers.konnect.codec import text_id, text_of

MAX_IDS_PER_REQUEST = 100


class KonnectInbox(Inbox):
    """See `notifconf.providers.inbox.Inbox`."""

    title = "Kong Konnect"

    def __init__(self, api: Api, parallelism: int) -> None:
        """Work through `api`."""
        super().__init__(parallelism)
        self._api = api

    async def select(self, selection: Selection, limit: int | None = None) -> list[Notification]:
        """Read the list page by page, and no further than `limit`."""
        return [_decode(item) for item in await self._api.inbox(_query(selection), limit)]

    def prepare_marks(self, ids: Sequence[str], status: Status) -> list[Job]:
        """Return a request for each 100 notifications."""
        unique = tuple(dict.fromkeys(ids))
        starts = range(0, len(unique), MAX_IDS_PER_REQUEST)
        batches = [unique[start : start + MAX_IDS_PER_REQUEST] for start in starts]
        return [Job(batch, partial(self._api.set_status, batch, status)) for batch in batches]

    def prepare_deletes(self, ids: Sequence[str]) -> list[Job]:
        """Return a request for each notification: the service deletes no more at once."""
        return [Job((item,), partial(self._api.delete_notification, item)) for item in dict.fromkeys(ids)]


def _query(selection: Selection) -> dict[str, str]:
    filters = (
        ("title", "contains", selection.title),
        ("description", "contains", selection.description),
        ("namespace", "eq", selection.namespace),
        ("region", "eq", selection.region),
        ("status", "eq", selection.status),
    )
    return {f"filter[{name}][{operator}]": value for name, operator, value in filters if value is not None}


def _decode(item: Mapping[str, Any]) -> Notification:
    return Notification(
        id=text_id(item, "id", "a notification"),
        title=text_of(item, "title"),
        status=text_of(item, "status"),
        region=text_of(item, "region"),
        namespace=text_of(item, "namespace"),
        entity=text_of(item, "entity_id"),
        created_at=text_of(item, "created_at"),
        document=item,
    )
