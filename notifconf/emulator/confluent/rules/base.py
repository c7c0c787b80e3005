"""What the rules of all kinds of objects have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from notifconf.emulator.confluent.errors import Refusal, already_exists, forbidden, invalid
from notifconf.emulator.confluent.objects import INTEGRATIONS, TYPES, is_alive, reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notifconf.emulator.confluent.members import Members
    from notifconf.emulator.confluent.objects import JSON, Collection
    from notifconf.emulator.settings import Settings
    from notifconf.emulator.store import Row, Store


def check_access(settings: Settings, resource: object) -> None:
    """Whether these credentials may see what concerns the resource. Raises Refusal (403)."""
    if isinstance(resource, str) and any(fnmatchcase(resource, pattern) for pattern in settings.forbidden_resources):
        raise Refusal(forbidden(f"You do not have access to {resource}"))


class Rules(ABC):
    """The rules of one kind. Every method is called inside a transaction and raises Refusal."""

    collection: Collection

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    @abstractmethod
    def created(self, body: JSON) -> JSON:
        """The writable members of the object that a POST makes."""

    @abstractmethod
    def patched(self, live: JSON, body: JSON) -> JSON:
        """The members that a PATCH sets on a live object."""

    @abstractmethod
    def check_delete(self, live: JSON) -> None:
        """Whether the live object may go."""

    def permit(self, resource: object) -> None:
        """Whether these credentials may see and touch what concerns the resource."""
        check_access(self.settings, resource)

    def notification_type(self, identifier: str) -> JSON:
        """The type that a body refers to."""
        body = self._living_body(TYPES, identifier)
        if body is None:
            raise Refusal(invalid(f"notification_type: {identifier} does not exist", pointer="/notification_type/id"))
        if body.get("is_included_in_plan") is False:
            detail = f"notification_type: {identifier} is not included in the plan of this organization"
            raise Refusal(invalid(detail, pointer="/notification_type/id"))
        return body

    def integrations(self, identifiers: list[str]) -> list[JSON]:
        """References to the integrations that a body names."""
        missing = [
            invalid(f"integrations: {identifier} does not exist", pointer=f"/integrations/{index}/id")
            for index, identifier in enumerate(identifiers)
            if self._living_body(INTEGRATIONS, identifier) is None
        ]
        if missing:
            raise Refusal(*missing)
        return [reference(INTEGRATIONS, identifier) for identifier in identifiers]

    def state_of_new(self, members: Members) -> str:
        """`current_state` in the body of a POST: ENABLED where it is absent, unless the setting requires it."""
        if self.settings.require_state:
            members.require("current_state")
        return members.state() or "ENABLED"

    def refuse_twin(self, collection: Collection, twins: Iterable[Row], *, besides: object = None) -> None:
        """409 where one of these objects counts, other than the one of the id `besides`."""
        for row in twins:
            if row.id != besides and is_alive(row.json()):
                detail = f"There is such a {collection.reference_kind} already: {row.id}"
                raise Refusal(already_exists(detail, f"{collection.url}/{row.id}"))

    def _living_body(self, collection: Collection, identifier: str) -> JSON | None:
        row = self.store.get(collection.path, identifier)
        body = row.json() if row is not None else None
        return body if body is not None and is_alive(body) else None
