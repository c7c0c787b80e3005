"""What people read of a live state: rows and declarations.

A table and a JSON document are drawn from the rows, and the text of a workspace is written from the declarations.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping
from itertools import count
from typing import NamedTuple

from notifconf.model.resource import Secret, Value

Cell = str | int | bool | tuple[str, ...] | None


class Listing(NamedTuple):
    """Rows; the members of each are those of its JSON, in snake_case. `name` is the listing's own member.

    `columns` names those that a table shows; rows may hold more (ids). A cell holds no secret. `empty` says what it
    means that there are no rows.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell], ...]
    empty: str = "none"


class Filters(NamedTuple):
    """What `show`, `types` and `resources` are narrowed to; an empty one lets everything pass.

    Several values of one filter widen it, several filters narrow. Case does not matter; `type` takes globs on the
    display name, or an id. `environment`, `cluster` and `name` are globs on names and ids, of resources.
    """

    severity: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    namespace: tuple[str, ...] = ()
    name: tuple[str, ...] = ()


class Entry(NamedTuple):
    """An entry of a section; `key` is its key where the section is a mapping.

    `members` are as the language has them, lists as tuples; of a secret only its expression is ever written.
    """

    members: Mapping[str, Value]
    key: str = ""
    comments: tuple[str, ...] = ()


class Section(NamedTuple):
    """A section of a workspace, a mapping or a list, in the order in which it is written.

    `left_out` says, a sentence each, which live objects can't be declared, and why. `comments` stand at its head.
    """

    name: str
    entries: tuple[Entry, ...]
    is_mapping: bool = False
    left_out: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


class Variable(NamedTuple):
    """An environment variable that entries refer to; `purpose` says for a person what its value is."""

    name: str
    secret: Secret
    purpose: str


class Exported(NamedTuple):
    """A live state, declared as far as the language can.

    `protected` holds globs for `policy.protected`: of what is left out, and would be deleted in the mode `sync`.
    `owner` is for `policy.owner`.
    """

    sections: tuple[Section, ...]
    variables: tuple[Variable, ...] = ()
    provider: str = ""
    protected: tuple[str, ...] = ()
    owner: str | None = None

    @property
    def left_out(self) -> tuple[str, ...]:
        """What can't be declared, of all sections."""
        return tuple(sentence for section in self.sections for sentence in section.left_out)


KEY = re.compile(r"[a-z0-9_-]+")
LONGEST_KEY = 64
LONGEST_VARIABLE = 255


def slug(text: str) -> str:
    """Return a text as a key, `Platform alerts` as `platform-alerts`; empty where it has no letter or digit of ASCII.

    What is a key already stays as it is.
    """
    if KEY.fullmatch(text):
        return text[:LONGEST_KEY]
    ascii_text = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", ascii_text).strip("-_")[:LONGEST_KEY]


def variable_name(key: str) -> str:
    """Return the environment variable for the webhook's URL of what goes by `key`, such as ONCALL_WEBHOOK_URL."""
    word = re.sub(r"((^|_)WEBHOOK)?((^|_)URL)?$", "", key.upper().replace("-", "_"))
    name = f"{word}_WEBHOOK_URL" if word else "WEBHOOK_URL"
    return f"_{name}" if name[0].isdigit() else name


def free_name(name: str, taken: Container[str], separator: str, longest: int) -> str:
    """Return `name` or, where that is taken, the name with the first free number behind it; at most `longest` long."""
    if name not in taken:
        return name
    ends = (f"{separator}{number}" for number in count(2))
    return next(free for end in ends if (free := name[: longest - len(end)] + end) not in taken)
