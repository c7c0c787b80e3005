"""Where the emulator keeps its objects: one table of SQLite, each object as the JSON that a read answers."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    owner TEXT NOT NULL,
    facet TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (collection, id)
);
CREATE INDEX IF NOT EXISTS objects_in_order ON objects (collection, position);
CREATE INDEX IF NOT EXISTS objects_by_owner ON objects (collection, owner, position);
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""

COLUMNS = "id, position, owner, facet, body"
BUSY_SECONDS = 30.0

# Ids look random and never repeat: a permutation of the numbers below 62 ** 5.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 5
ID_SPACE = len(ALPHABET) ** ID_LENGTH
ID_STRIDE = 386_413_097  # coprime to ID_SPACE: odd, and no multiple of 31


class DatabaseUnusableError(Exception):
    """The file can't be opened, or is no database."""


@dataclass(frozen=True, slots=True)
class Row:
    """A stored object.

    Attributes:
        id: what it is addressed by; usually, but not in hostile test data, the `id` in its body.
        position: its place in a list.
        owner: what it belongs to: the notification type, resource or event of a subscription or preference; else "".
        facet: what a list filters by: the resource types, as `|CLUSTER|CONNECTOR|`; else "".
        body: the JSON that a read answers, as text.
    """

    id: str
    position: int
    owner: str
    facet: str
    body: str

    def json(self) -> dict[str, Any]:
        """The body, parsed; an empty object for hostile test data that is none."""
        body = json.loads(self.body)
        return body if isinstance(body, dict) else {}


class Store:
    """One connection to one database, shared by all requests.

    Every method is atomic; `transaction` makes several calls so. Another process may have the same file open.
    """

    def __init__(self, database: str) -> None:
        """Opens the file (made where it is missing, with its folder), or `:memory:`.

        Raises DatabaseUnusableError.
        """
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = _connect(database)
        except (OSError, sqlite3.Error) as error:
            raise DatabaseUnusableError(f"{database}: {error}") from error

    def close(self) -> None:
        """Closes the connection; a second call does nothing."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """What is done inside is done as a whole or, on an exception, not at all. May be nested."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def get(self, collection: str, identifier: str) -> Row | None:
        """The object of that id."""
        query = f"SELECT {COLUMNS} FROM objects WHERE collection = ? AND id = ?"  # noqa: S608 - a constant
        found = self._rows(query, (collection, identifier))
        return found[0] if found else None

    def page(self, collection: str, *, owner: str = "", facet: str = "", after: int = 0, limit: int = -1) -> list[Row]:
        """At most `limit` objects behind the position `after`, in order, of that owner and facet where given."""
        where, values = _where(collection, owner, facet)
        query = f"SELECT {COLUMNS} FROM objects {where} AND position > ? ORDER BY position LIMIT ?"  # noqa: S608
        return self._rows(query, (*values, after, limit))

    def positions_before(
        self, collection: str, *, before: int, limit: int, owner: str = "", facet: str = ""
    ) -> list[int]:
        """At most `limit` positions in front of `before`, the nearest first."""
        where, values = _where(collection, owner, facet)
        query = f"SELECT position FROM objects {where} AND position < ? ORDER BY position DESC LIMIT ?"  # noqa: S608
        with self._lock:
            return [position for (position,) in self._connection.execute(query, (*values, before, limit))]

    def count(self, collection: str, *, owner: str = "", facet: str = "") -> int:
        """How many objects there are, of that owner and facet where given."""
        where, values = _where(collection, owner, facet)
        with self._lock:
            row = self._connection.execute(f"SELECT count(*) FROM objects {where}", values).fetchone()  # noqa: S608
        return int(row[0])

    def containing(self, collection: str, text: str) -> list[Row]:
        """The objects whose body holds the text, somewhere."""
        query = f"SELECT {COLUMNS} FROM objects WHERE collection = ? AND instr(body, ?) ORDER BY position"  # noqa: S608
        return self._rows(query, (collection, text))

    def put(self, collection: str, identifier: str, body: Any, *, owner: str = "", facet: str = "") -> None:
        """Adds an object at the end, or replaces the one of that id in its place."""
        text = json.dumps(body)
        with self.transaction():
            self._connection.execute(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (collection, id)"
                " DO UPDATE SET owner = excluded.owner, facet = excluded.facet, body = excluded.body",
                (collection, identifier, self.next_number("position"), owner, facet, text),
            )

    def delete(self, collection: str, identifier: str) -> bool:
        """Removes an object; says whether it was there."""
        with self.transaction():
            query = "DELETE FROM objects WHERE collection = ? AND id = ?"
            return self._connection.execute(query, (collection, identifier)).rowcount > 0

    def clear(self, collection: str) -> None:
        """Removes every object of a collection. Its ids are not given out again."""
        with self.transaction():
            self._connection.execute("DELETE FROM objects WHERE collection = ?", (collection,))

    def next_number(self, name: str) -> int:
        """1, 2, 3, …, each once in the life of the database."""
        with self.transaction():
            query = (
                "INSERT INTO numbers VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
            )
            return int(self._connection.execute(query, (name,)).fetchone()[0])

    def new_id(self, collection: str, prefix: str) -> str:
        """An id such as `s-56R4y` that no object of the collection has or had."""
        while True:
            number = self.next_number("id") * ID_STRIDE % ID_SPACE
            digits = ""
            for _ in range(ID_LENGTH):
                number, digit = divmod(number, len(ALPHABET))
                digits += ALPHABET[digit]
            # A seeded object may have taken it.
            if self.get(collection, prefix + digits) is None:
                return prefix + digits

    def _rows(self, query: str, values: tuple[str | int, ...]) -> list[Row]:
        with self._lock:
            return [Row(*columns) for columns in self._connection.execute(query, values)]


def _connect(database: str) -> sqlite3.Connection:
    if database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # A killed process loses nothing so; only a machine that loses its power could.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.executescript(SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _where(collection: str, owner: str, facet: str) -> tuple[str, tuple[str, ...]]:
    where, values = "WHERE collection = ?", [collection]
    if owner:
        where += " AND owner = ?"
        values.append(owner)
    if facet:
        where += " AND instr(facet, ?)"
        values.append(f"|{facet}|")
    return where, tuple(values)
