"""A live state as a workspace would declare it: data that the text of a workspace is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from notifconf.model.value import Secret, Value


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a section; `key` is its key where the section is a mapping.

    `members` are as the language has them, lists as tuples; of a secret only its expression is ever written.
    """

    members: Mapping[str, Value]
    key: str = ""
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a workspace, a mapping or a list, in the order in which it is written.

    `left_out` says, a sentence each, which live objects can't be declared, and why.
    """

    name: str
    entries: tuple[Entry, ...]
    is_mapping: bool = False
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that entries refer to; `purpose` says for a person what its value is."""

    name: str
    secret: Secret
    purpose: str


@dataclass(frozen=True, slots=True)
class Exported:
    """A live state, declared as far as the language can."""

    sections: tuple[Section, ...]
    variables: tuple[Variable, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """What can't be declared, of all sections."""
        return tuple(sentence for section in self.sections for sentence in section.left_out)
