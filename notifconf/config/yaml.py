"""Read YAML into plain values that know their position.

The tree is built from the parser's events, without nodes: 10,000 resources are read in a fraction of a second. No
message repeats what a file says: a secret may stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from notifconf.config.scalars import MERGE, TAG, decode_plain, decode_tagged, format_key
from notifconf.model.diagnostic import BYTE_ORDER_MARK, UTF_16_MARKS, Diagnostic, Position, error, forbidden_in
from notifconf.model.located import LocatedList, LocatedMapping

MAX_VALUES: Final = 500_000
MAX_DIAGNOSTICS: Final = 1_000
MAX_DEPTH: Final = 100
MAX_REPEATED: Final = 1_000
"""So many of a file's first texts are looked up when they come again: most are its keys."""

_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_OPEN: Final = object()
_DROPPED: Final = object()


class UnreadableError(Exception):
    """An error after which the rest of a file can't be read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """Carry the diagnostic."""
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


class TreeBuilder:
    """Builds the tree of the file that positions call `file`; `diagnostics` collects what does not hide the rest."""

    def __init__(self, file: str) -> None:
        """Start with an empty tree."""
        self.file = file
        self.root: Any = None
        self.root_at = Position(file, 1, 1)
        self.diagnostics: list[Diagnostic] = []
        self._open: list[_OpenMapping | _OpenList] = []
        self._anchors: dict[str, Any] = {}
        self._values = 0
        self._repeated: dict[tuple[str, bool], Any] = {}

    def read(self, next_event: Callable[[], Any]) -> None:
        """Take every event of a stream that holds one document. Raises UnreadableError."""
        documents = 0
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                self._count(1, event)
                self._put(self._decode_scalar(event), self._locate(event))
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._begin(event, is_mapping=kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._end()
            elif kind is AliasEvent:
                self._resolve_alias(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise self._make_unreadable("a second document begins here: a file holds one", event)
            elif kind is StreamEndEvent:
                return

    def complain(self, code: str, message: str, at: Position) -> None:
        """Add an error. Raises UnreadableError if there are too many."""
        diagnostic = error(code, message, at)
        if len(self.diagnostics) == MAX_DIAGNOSTICS:
            raise UnreadableError(diagnostic)
        self.diagnostics.append(diagnostic)

    def _put(self, value: Any, at: Position) -> None:
        if self._open:
            self._open[-1].add(value, at)
        else:
            self.root, self.root_at = value, at

    def _begin(self, event: Any, *, is_mapping: bool) -> None:
        self._count(1, event)
        if len(self._open) == MAX_DEPTH:
            raise self._make_unreadable(f"this is nested deeper than {MAX_DEPTH} levels", event)
        at = self._locate(event)
        if event.tag not in {None, "!", TAG + ("map" if is_mapping else "seq")}:
            self.complain("yaml-syntax", "this tag is not supported: a mapping or a list needs none", at)
        opened = _OpenMapping(self, at) if is_mapping else _OpenList(at)
        opened.values_before = self._values - 1
        if event.anchor is not None:
            opened.anchor = event.anchor
            self._add_anchor(event, _OPEN)
        self._put(opened.container, at)
        self._open.append(opened)

    def _end(self) -> None:
        closed = self._open.pop()
        closed.close()
        if closed.anchor is not None:
            self._anchors[closed.anchor] = (closed.container, self._values - closed.values_before)

    def _decode_scalar(self, event: Any) -> Any:
        is_plain, is_bare = event.implicit[0], event.tag is None and event.anchor is None
        if is_bare and (known := self._repeated.get((event.value, is_plain), _OPEN)) is not _OPEN:
            return known
        text = _join_surrogates(event.value)
        try:
            if event.tag is None or event.tag == "!":
                value = decode_plain(text) if is_plain else text
            else:
                value = decode_tagged(event.tag, text)
        except ValueError as failure:
            self.complain("yaml-syntax", str(failure), self._locate(event))
            value = _DROPPED
        if forbidden_in(text):
            message = "an escape in this text stands for a character that is not allowed here"
            self.complain("yaml-syntax", message, self._locate(event))
        elif is_bare and value is not MERGE and value is not _DROPPED and len(self._repeated) < MAX_REPEATED:
            self._repeated[event.value, is_plain] = value
        if value is MERGE and not (self._open and self._open[-1].takes_key):
            value = text
        if event.anchor is not None:
            self._add_anchor(event, (value, 1))
        return value

    def _add_anchor(self, event: Any, value: Any) -> None:
        if event.anchor in self._anchors:
            self.complain("yaml-syntax", "an anchor above has this name already", self._locate(event))
        self._anchors[event.anchor] = value

    def _resolve_alias(self, event: Any) -> None:
        found = self._anchors.get(event.anchor)
        if found is None:
            raise self._make_unreadable("no anchor above has the name of this alias", event)
        if found is _OPEN:
            raise self._make_unreadable("this alias stands inside of what it refers to", event)
        value, values = found
        self._count(values, event)
        self._put(value, self._locate(event))

    def _count(self, values: int, event: Any) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            message = f"there are more than {MAX_VALUES:,} values, an alias counted as all that it refers to"
            raise self._make_unreadable(message, event)

    def _locate(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(self.file, mark.line + 1, mark.column + 1)

    def _make_unreadable(self, message: str, event: Any) -> UnreadableError:
        return UnreadableError(error("yaml-syntax", message, self._locate(event)))


def _join_surrogates(text: str) -> str:
    """Return a text whose pairs of surrogates, which escapes made, are the characters that they mean."""
    return (
        text
        if text.isprintable()
        else _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    )


class _OpenList:
    """A list that is still being read."""

    takes_key = False

    def __init__(self, at: Position) -> None:
        self.container = LocatedList(at)
        self.anchor: str | None = None
        self.values_before = 0

    def add(self, value: Any, at: Position) -> None:
        self.container.append(value)
        self.container.items_at.append(at)

    def close(self) -> None:
        """Nothing is left to do."""


class _OpenMapping:
    """A mapping that is still being read: a key, its value, the next key, and so on."""

    def __init__(self, builder: TreeBuilder, at: Position) -> None:
        self.container = LocatedMapping(at)
        self.anchor: str | None = None
        self.values_before = 0
        self.takes_key = True
        self._builder = builder
        self._key: Any = None
        self._key_at = at
        self._merged: Any = None
        self._merged_at: Position | None = None

    def add(self, value: Any, at: Position) -> None:
        if self.takes_key:
            self._key, self._key_at = self._check_key(value, at), at
        elif self._key is MERGE:
            self._merged = value if isinstance(value, LocatedList) else [value]
            self._merged_at = self._key_at
        elif self._key is not _DROPPED:
            self.container[self._key] = value
            self.container.keys_at[self._key] = self._key_at
            self.container.values_at[self._key] = at
        self.takes_key = not self.takes_key

    def _check_key(self, key: Any, at: Position) -> Any:
        """Return `key`, or _DROPPED where it can't be one."""
        if key is MERGE:
            first = self._merged_at
        elif key == "":
            # jsonschema-rs leaves an empty key out of the paths that it reports.
            self._builder.complain("yaml-syntax", "a key must not be empty: give it a name", at)
            return _DROPPED
        elif type(key) is str:
            first = self.container.keys_at.get(key)
        else:
            if key is not _DROPPED:
                self._builder.complain("yaml-syntax", "a key must be text: put it in quotes", at)
            return _DROPPED
        if first is None:
            return key
        name = format_key("<<" if key is MERGE else key)
        self._builder.complain("duplicate-key", f"the key {name} stands here already, at {first}", at)
        return _DROPPED

    def close(self) -> None:
        """Add the members of merged mappings; its own, and those of earlier ones, win."""
        for merged in self._merged or ():
            if not isinstance(merged, LocatedMapping):
                message = "`<<` takes an alias of a mapping, or a list of such"
                self._builder.complain("yaml-syntax", message, self._merged_at or self.container.position)
                continue
            for key, value in merged.items():
                if key not in self.container:
                    self.container[key] = value
                    self.container.keys_at[key] = merged.keys_at[key]
                    self.container.values_at[key] = merged.values_at[key]


MAX_FILE_BYTES: Final = 8 * 1024 * 1024

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""The escape of half a character, in UTF-16."""

TAB: Final = "a tab can't indent a line: use spaces"
UNCLOSED: Final = "this quotation mark is not closed"
NO_VALUE: Final = "a value is expected here: put text that begins with this character in quotes"

# What PyYAML's two parsers say, by a part of it, in the order in which the parts are looked for.
COMPLAINTS: Final = (
    ("mapping values are not allowed", "a `:` can't stand here: check the indentation, or put the text in quotes"),
    ("could not find expected ':'", "a key needs `:` and a space after it: check indentation and quotes above"),
    ("expected key", "a key is expected here: check the indentation"),
    ("expected '-' indicator", "a list item, `- …`, is expected here: check the indentation"),
    ("expected <block end>", "this does not belong here: check the indentation"),
    ("sequence entries are not allowed", "a list can't begin on this line: put `-` on a line of its own"),
    ("expected ',' or ']'", "a list in brackets goes on with `,` or ends with `]`"),
    ("expected ',' or '}'", "a mapping in braces goes on with `,` or ends with `}`"),
    ("cannot start any token", "text can't begin with this character: put it in quotes"),
    ("tab character", TAB),
    ("end of stream", UNCLOSED),
    ("document indicator", UNCLOSED),
    ("document separator", UNCLOSED),
    ("tag", "this tag can't be read"),
    ("URI", "this tag can't be read"),
    ("expected '>'", "this tag can't be read"),
    ("escape", "YAML does not know this escape: put the text in single quotes"),
    ("hexdecimal", "an escape of this kind takes hexadecimal digits"),
    ("hexadecimal", "an escape of this kind takes hexadecimal digits"),
    ("document start", "text can't stand here: check the indentation and the quotes above"),
    ("directive", "this directive is not supported: take the line out"),
    ("YAML document", "this version of YAML is not supported: take the directive out"),
    ("alphabetic or numeric", "the name of an anchor or alias has letters, digits, `-` and `_`; in quotes, it is text"),
    ("node content", NO_VALUE),
    ("line break", "the text of a block begins on the next line"),
    ("indentation", "the indentation can't be read here"),
    ("simple key", "a key can't stand here: check the indentation"),
    ("mapping keys are not allowed", "a key can't stand here: check the indentation"),
)  # fmt: skip


def parse(file: str, data: bytes) -> tuple[LocatedMapping | None, list[Diagnostic]]:
    """Return the mapping that a file holds (empty for an empty file), and what is wrong with it.

    `file` is what positions call it. The mapping is None where not all of it can be known; of a key that stands
    twice, the first one counts.
    """
    builder = TreeBuilder(file)
    try:
        _read(builder, _decode_text(file, data))
    except UnreadableError as unreadable:
        builder.diagnostics.append(unreadable.diagnostic)
    if any(diagnostic.code != "duplicate-key" for diagnostic in builder.diagnostics):
        return None, builder.diagnostics
    if builder.root is None:
        return LocatedMapping(builder.root_at), builder.diagnostics
    if not isinstance(builder.root, LocatedMapping):
        message = "a workspace is a mapping: it begins with `version: 1` and `provider: …`"
        return None, [*builder.diagnostics, error("invalid-value", message, builder.root_at)]
    return builder.root, builder.diagnostics


def _read(builder: TreeBuilder, text: str) -> None:
    # JSON writes a character beyond U+FFFF as two escapes. The fast parser refuses them.
    loader = (yaml.SafeLoader if SURROGATE.search(text) else LOADER)(text)
    try:
        builder.read(loader.get_event)
    except yaml.MarkedYAMLError as failure:
        words, mark = _translate_problem(failure.problem), failure.problem_mark
        end = _find_end(builder.file, text.rstrip())
        if mark is not None and text[mark.index - 1 : mark.index + 1] == "${":
            words = "in braces and brackets, text that holds `${…}` stands in quotes"
        elif mark is not None and text[mark.index : mark.index + 1] == "\t":
            words = TAB
        elif words == UNCLOSED or _locate(builder.file, mark) >= end:
            # Nothing follows: what was begun before is what is wrong.
            mark = failure.context_mark or mark
            words = "the file ends here, and a value is expected" if words == NO_VALUE else words
        raise UnreadableError(error("yaml-syntax", words, min(_locate(builder.file, mark), end))) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # Numbers in escapes and directives that are out of range: the pure parser lets Python's own errors through.
        raise UnreadableError(error("yaml-syntax", _translate_problem(None), builder.root_at)) from None
    finally:
        loader.dispose()


def _locate(file: str, mark: yaml.Mark | None) -> Position:
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)


def _translate_problem(problem: str | None) -> str:
    """Return our own words for a message of PyYAML, without the text that PyYAML quotes."""
    return next((words for part, words in COMPLAINTS if part in (problem or "")), "this is not YAML")


def _decode_text(file: str, data: bytes) -> str:
    """Decode a file; a byte order mark is no part of its text."""
    if len(data) > MAX_FILE_BYTES:
        message = f"the file is larger than {MAX_FILE_BYTES // 1024**2} MiB"
        raise UnreadableError(error("yaml-syntax", message, Position(file, 1, 1)))
    try:
        text = data.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as failure:
        readable = data[: failure.start].decode("utf-8").removeprefix(BYTE_ORDER_MARK)
        message = "this file is not UTF-8: here is a byte that can't stand in it"
        if data.startswith(UTF_16_MARKS):
            message = "this file is UTF-16: save it as UTF-8"
        raise UnreadableError(error("yaml-syntax", message, _find_end(file, readable))) from None
    found = forbidden_in(text)
    if found:
        message = f"the character U+{ord(found[0]):04X} can't stand in YAML"
        if found[0] == BYTE_ORDER_MARK:
            message = "a byte order mark (U+FEFF) stands here, where files were joined: take it out"
        raise UnreadableError(error("yaml-syntax", message, _find_end(file, text[: found.start()])))
    return text


def _find_end(file: str, text: str) -> Position:
    return Position(file, text.count("\n") + 1, len(text) - text.rfind("\n"))
