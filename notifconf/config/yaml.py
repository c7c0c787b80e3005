"""YAML text into plain values that know their place.

The tree is built from the parser's events, without nodes: 10,000 resources are read in a fraction of a second. No
message repeats what a file says: a secret may stand there.
"""

from __future__ import annotations

import re
from typing import Final

import yaml

from notifconf.config.tree import TreeBuilder, UnreadableError
from notifconf.model import Diagnostic, LocatedMapping, Position, error
from notifconf.model.text import BYTE_ORDER_MARK, UTF_16_MARKS, forbidden_in

MOST_BYTES: Final = 8 * 1024 * 1024

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""The escape of half a character, in UTF-16."""

TAB: Final = "a tab can't indent a line: use spaces"
UNCLOSED: Final = "this quotation mark is not closed"

# What PyYAML's two parsers say, by a part of it, in the order in which the parts are looked for.
COMPLAINTS: Final = (
    ("mapping values are not allowed", "a `:` can't stand here: check the indentation, or put the text in quotes"),
    ("could not find expected ':'", "a key needs `:` and a space behind it: check indentation and quotes above"),
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
    ("escape", "this is no escape that YAML knows: put the text in single quotes"),
    ("hexdecimal", "an escape of this kind takes hexadecimal digits"),
    ("hexadecimal", "an escape of this kind takes hexadecimal digits"),
    ("document start", "text can't stand here: check the indentation and the quotes above"),
    ("directive", "this directive is not supported: take the line out"),
    ("YAML document", "this version of YAML is not supported: take the directive out"),
    ("alphabetic or numeric", "the name of an anchor or alias has letters, digits, `-` and `_`; in quotes, it is text"),
    ("node content", "a value is expected here: put text that begins with this character in quotes"),
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
        _read(builder, _text(file, data))
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
        words, mark = _in_our_words(failure.problem), failure.problem_mark
        end = _end_of(builder.file, text.rstrip())
        if mark is not None and text[mark.index - 1 : mark.index + 1] == "${":
            words = "in braces and brackets, text that holds `${…}` stands in quotes"
        elif mark is not None and text[mark.index : mark.index + 1] == "\t":
            words = TAB
        elif words == UNCLOSED or _at(builder.file, mark) >= end:
            # Nothing follows: what was begun before is what is wrong.
            mark = failure.context_mark or mark
        raise UnreadableError(error("yaml-syntax", words, min(_at(builder.file, mark), end))) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # Numbers in escapes and directives that are out of range: the pure parser lets Python's own errors through.
        raise UnreadableError(error("yaml-syntax", _in_our_words(None), builder.root_at)) from None
    finally:
        loader.dispose()


def _at(file: str, mark: yaml.Mark | None) -> Position:
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)


def _in_our_words(problem: str | None) -> str:
    """Say what a parser says without what it quotes."""
    return next((words for part, words in COMPLAINTS if part in (problem or "")), "this is not YAML")


def _text(file: str, data: bytes) -> str:
    """Decode a file; a byte order mark is no part of its text."""
    if len(data) > MOST_BYTES:
        message = f"the file is larger than {MOST_BYTES // 1024**2} MiB"
        raise UnreadableError(error("yaml-syntax", message, Position(file, 1, 1)))
    try:
        text = data.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as failure:
        readable = data[: failure.start].decode("utf-8").removeprefix(BYTE_ORDER_MARK)
        message = "this file is not UTF-8: here is a byte that can't stand in it"
        if data.startswith(UTF_16_MARKS):
            message = "this file is UTF-16: save it as UTF-8"
        raise UnreadableError(error("yaml-syntax", message, _end_of(file, readable))) from None
    found = forbidden_in(text)
    if found:
        message = f"the character U+{ord(found[0]):04X} can't stand in YAML"
        if found[0] == BYTE_ORDER_MARK:
            message = "a byte order mark (U+FEFF) stands here, where files were joined: take it out"
        raise UnreadableError(error("yaml-syntax", message, _end_of(file, text[: found.start()])))
    return text


def _end_of(file: str, text: str) -> Position:
    return Position(file, text.count("\n") + 1, len(text) - text.rfind("\n"))
