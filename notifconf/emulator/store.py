"""Where the emulator keeps its objects: one table of SQLite, each object as the JSON that a read answers.

Two smaller tables keep the cost of a request independent of the number of objects: `counts` holds how many objects a
collection and an owner have (triggers maintain it), and `links` holds which objects refer to which.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
CREATE TABLE IF NOT EXISTS links (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (collection, id, target)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_by_target ON links (collection, target);
CREATE TABLE IF NOT EXISTS counts (
    collection TEXT NOT NULL,
    owner TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (collection, owner)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS object_added AFTER INSERT ON objects BEGIN
    INSERT INTO counts VALUES (NEW.collection, '', 1) ON CONFLICT DO UPDATE SET number = number + 1;
    INSERT INTO counts SELECT NEW.collection, NEW.owner, 1 WHERE NEW.owner <> ''
        ON CONFLICT DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER IF NOT EXISTS object_removed AFTER DELETE ON objects BEGIN
    UPDATE counts SET number = number - 1 WHERE collection = OLD.collection AND owner IN ('', OLD.owner);
    DELETE FROM links WHERE collection = OLD.collection AND id = OLD.id;
END;
CREATE TRIGGER IF NOT EXISTS object_moved AFTER UPDATE OF owner ON objects WHEN OLD.owner <> NEW.owner BEGIN
    UPDATE counts SET number = number - 1 WHERE collection = OLD.collection AND owner = OLD.owner AND owner <> '';
    INSERT INTO counts SELECT NEW.collection, NEW.owner, 1 WHERE NEW.owner <> ''
        ON CONFLICT DO UPDATE SET number = number + 1;
END;
"""

# What `version` says of a file that holds all of the above. A file of an older version has neither counts nor links.
VERSION = 1

COLUMNS = "id, position, owner, facet, body"
BUSY_SECONDS = 30.0
LAST_POSITION = 2**62

# The folder of the embedded emulator. Like the database it holds webhook URLs, which are secrets.
FOLDER = ".notifconf"
FOLDER_MODE = 0o700
FILE_MODE = 0o600
SIBLINGS = ("-journal", "-wal", "-shm")

# Ids look random and never repeat: a permutation of the numbers below 62 ** 5.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 5
ID_SPACE = len(ALPHABET) ** ID_LENGTH
ID_STRIDE = 386_413_097  # coprime to ID_SPACE: odd, and no multiple of 31


class DatabaseUnusableError(OSError):
    """The file can't be opened, or is no database."""


@dataclass(frozen=True, slots=True)
class Row:
    """A stored object.

    Attributes:
        id: what it is addressed by; usually, but not in hostile test data, the `id` in its body.
        position: its place in a list.
        owner: what it belongs to: the notification type, resource or event of a subscription or preference, the quota
            of an integration, the environment or cluster of an inventory's object; else "".
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

    @property
    def version(self) -> int:
        """The version of what the file holds: VERSION, or less where an older emulator wrote it."""
        with self._lock:
            return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @version.setter
    def version(self, version: int) -> None:
        with self._lock:
            self._connection.execute(f"PRAGMA user_version = {int(version)}")

    def page(
        self,
        collection: str,
        *,
        owner: str = "",
        facets: Sequence[str] = (),
        after: int = 0,
        before: int = LAST_POSITION,
        limit: int = -1,
        backwards: bool = False,
    ) -> list[Row]:
        """At most `limit` objects between two positions, of that owner and one of those facets where given.

        They are in order, or the last ones first if `backwards`.
        """
        where, values = _where(collection, owner, facets)
        direction = "DESC" if backwards else "ASC"
        query = (
            f"SELECT {COLUMNS} FROM objects {where} AND position > ? AND position < ?"  # noqa: S608 - constants
            f" ORDER BY position {direction} LIMIT ?"
        )
        return self._rows(query, (*values, after, before, limit))

    def positions_before(
        self, collection: str, *, before: int, limit: int, owner: str = "", facets: Sequence[str] = ()
    ) -> list[int]:
        """At most `limit` positions in front of `before`, the nearest first."""
        where, values = _where(collection, owner, facets)
        query = f"SELECT position FROM objects {where} AND position < ? ORDER BY position DESC LIMIT ?"  # noqa: S608
        with self._lock:
            return [position for (position,) in self._connection.execute(query, (*values, before, limit))]

    def count(self, collection: str, *, owner: str = "", facets: Sequence[str] = ()) -> int:
        """How many objects there are, of that owner and one of those facets where given.

        Without facets this is one look into `counts`, however many objects there are.
        """
        if facets:
            where, values = _where(collection, owner, facets)
            query = f"SELECT count(*) FROM objects {where}"  # noqa: S608 - constants
        else:
            query, values = "SELECT number FROM counts WHERE collection = ? AND owner = ?", (collection, owner)
        with self._lock:
            row = self._connection.execute(query, values).fetchone()
        return int(row[0]) if row else 0

    def linked(self, collection: str, target: str) -> list[Row]:
        """The objects of a collection that were put with a link to `target`."""
        # CROSS JOIN: else SQLite reads all objects in their order, to save the sorting of a few.
        query = (
            f"SELECT {COLUMNS} FROM links CROSS JOIN objects USING (collection, id)"  # noqa: S608 - a constant
            " WHERE collection = ? AND target = ? ORDER BY position"
        )
        return self._rows(query, (collection, target))

    def put(
        self,
        collection: str,
        identifier: str,
        body: Any,
        *,
        owner: str = "",
        facet: str = "",
        links: Iterable[str] = (),
    ) -> None:
        """Adds an object at the end, or replaces the one of that id in its place. `links` is what it refers to."""
        text = json.dumps(body)
        with self.transaction():
            self._connection.execute(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (collection, id)"
                " DO UPDATE SET owner = excluded.owner, facet = excluded.facet, body = excluded.body",
                (collection, identifier, self.next_number("position"), owner, facet, text),
            )
            self._connection.execute("DELETE FROM links WHERE collection = ? AND id = ?", (collection, identifier))
            self._connection.executemany(
                "INSERT OR IGNORE INTO links VALUES (?, ?, ?)", [(collection, identifier, target) for target in links]
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
        path = Path(database)
        if path.parent.name == FOLDER:
            _close_folder(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        _close_file(path)
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


def _close_folder(folder: Path) -> None:
    """Nobody else may enter the folder, and Git ignores what is in it.

    A link in the place of the folder or of its files is refused: a checkout could bring one along, and lead the
    emulator to a file of the user's.
    """
    if folder.is_symlink():
        raise OSError(f"{folder} is a link: remove it")
    folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    _restrict(folder, FOLDER_MODE)
    for name in os.listdir(folder):  # noqa: PTH208 - the names alone
        if (folder / name).is_symlink():
            raise OSError(f"{folder / name} is a link: remove it")
    ignore = folder / ".gitignore"
    if not ignore.exists() or ignore.read_bytes().strip() != b"*":
        ignore.write_text("*\n", encoding="ascii")


def _close_file(path: Path) -> None:
    """Nobody else may read the database, or what SQLite puts beside it (which gets the database's mode)."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
    for file in (path, *(Path(f"{path}{suffix}") for suffix in SIBLINGS)):
        # SQLite of another process may remove a journal at any time.
        with contextlib.suppress(FileNotFoundError):
            _restrict(file, FILE_MODE)


def _restrict(path: Path, mode: int) -> None:
    if stat.S_IMODE(path.stat().st_mode) & ~mode:
        path.chmod(mode)


def _where(collection: str, owner: str, facets: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    where, values = "WHERE collection = ?", [collection]
    if owner:
        where += " AND owner = ?"
        values.append(owner)
    if facets:
        where += f" AND ({' OR '.join(['instr(facet, ?)'] * len(facets))})"
        values += [f"|{facet}|" for facet in facets]
    return where, tuple(values)
