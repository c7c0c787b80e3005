"""Write a file of a workspace in canonical order and style. Comments, blank lines and quotes stay.

The order is that of the JSON Schema: the members of each entry, never the entries of a list, and never the keys that a
user has chosen. ruamel.yaml writes the style. It keeps a comment with what stands *before* it. So blocks change their
places before that, as lines, together with the comments directly above them.

Nothing is written that does not read as before: `format_text` compares both texts.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import yaml as pyyaml

from notifconf.config.schema import workspace_schema
from notifconf.config.yaml import parse

Schema: TypeAlias = Mapping[str, Any]


def format_text(name: str, text: str) -> str:
    """Return the text of a file in canonical form. It must be YAML that `parse` reads without an error.

    Where an alias would come before its anchor, the order stays as it is. Where the style can't be changed without
    changing what the text means, the text stays as it is.
    """
    try:
        once = _format_once(name, text)
        return _format_once(name, once)  # the style may show an order that was hidden: `? key`
    except (pyyaml.YAMLError, RecursionError):
        return text


def _format_once(name: str, text: str) -> str:
    if pyyaml.compose(text, Loader=pyyaml.SafeLoader) is None:
        return text
    for candidate in (_reorder(text), text):
        styled = _restyle(candidate)
        if _read(name, styled) == _read(name, text) and _list_comments(styled) == _list_comments(text):
            return styled
    return text


def _read(name: str, text: str) -> object:
    document, diagnostics = parse(name, text.encode())
    return None if diagnostics else document


def _list_comments(text: str) -> list[str]:
    """Return the lines that are comments, in an order that does not depend on theirs."""
    return sorted(line.strip() for line in text.splitlines() if line.strip().startswith("#"))


def _restyle(text: str) -> str:
    """Write YAML with an indentation of two, list items indented, no line wrapped, and one newline at the end."""
    from ruamel import yaml  # not at the top: only this command needs it

    round_trip = yaml.YAML()
    round_trip.preserve_quotes = True
    round_trip.width = sys.maxsize
    round_trip.indent(mapping=2, sequence=4, offset=2)
    result = io.StringIO()
    try:
        round_trip.dump(round_trip.load(text), result)
    except (yaml.error.YAMLError, ValueError):
        return text
    return _tidy(result.getvalue())


def _reorder(text: str) -> str:
    """Put the members of all mappings in the order of the schema."""
    node = pyyaml.compose(text, Loader=pyyaml.SafeLoader)
    lines = text.splitlines()
    schema = workspace_schema()
    # An alias leads to a mapping that is there already: each is reordered once.
    found = {id(mapping): (mapping, order) for mapping, order in _find_mappings(node, [schema], schema)}
    for mapping, order in reversed(found.values()):
        _reorder_mapping(lines, mapping, order)
    return "\n".join(lines) + "\n"


def _find_mappings(node: Any, schemas: list[Schema], root: Schema) -> Iterator[tuple[Any, list[str]]]:
    """Yield each mapping with the names of its members in their order; what is inside of it comes later."""
    schemas = [found for schema in schemas for found in _resolve(schema, root)]
    if isinstance(node, pyyaml.MappingNode):
        order = [name for schema in schemas for name in schema.get("properties", ())]
        yield node, list(dict.fromkeys(order))
        for key, value in node.value:
            inner = [part for schema in schemas for part in _member_schemas(schema, key.value)]
            yield from _find_mappings(value, inner, root)
    elif isinstance(node, pyyaml.SequenceNode):
        items = [schema["items"] for schema in schemas if isinstance(schema.get("items"), dict)]
        for item in node.value:
            yield from _find_mappings(item, items, root)


def _resolve(schema: Schema, root: Schema) -> Iterator[Schema]:
    """Yield a schema and all schemas that it is made of."""
    yield schema
    if "$ref" in schema:
        yield from _resolve(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    parts = [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, ())]
    for part in (*parts, *(schema[word] for word in ("then", "else") if word in schema)):
        yield from _resolve(part, root)


def _member_schemas(schema: Schema, key: str) -> Iterator[Schema]:
    named = schema.get("properties", {}).get(key)
    others = schema.get("additionalProperties")
    yield from (found for found in (named, None if named else others) if isinstance(found, dict))


def _reorder_mapping(lines: list[str], node: Any, order: list[str]) -> None:
    """Put the members of one mapping in order, each with all that belongs to it."""
    keys = [str(key.value) for key, _ in node.value]
    rank = {name: index for index, name in enumerate(order)}
    wanted = sorted(range(len(keys)), key=lambda index: _rank(keys[index], rank))
    starts = [key.start_mark.line for key, _ in node.value]
    if node.flow_style:
        if node.start_mark.line == node.end_mark.line:
            _reorder_line(lines, node, wanted)
    elif keys and len(set(starts)) == len(starts):
        _reorder_block(lines, node, wanted, starts)


def _reorder_line(lines: list[str], node: Any, wanted: list[int]) -> None:
    """Reorder a mapping in braces that stands on one line. What parts its members stays."""
    number, ends = node.start_mark.line, [node.start_mark.column]
    text, parts, gaps = lines[number], [], []
    for key, value in node.value:
        gaps.append(text[ends[-1] : key.start_mark.column])
        parts.append(text[key.start_mark.column : value.end_mark.column])
        ends.append(value.end_mark.column)
    moved = "".join(gap + parts[index] for gap, index in zip(gaps, wanted, strict=True))
    lines[number] = text[: ends[0]] + moved + text[ends[-1] :]


def _reorder_block(lines: list[str], node: Any, wanted: list[int], starts: list[int]) -> None:
    column = node.value[0][0].start_mark.column
    prefix = lines[starts[0]][:column]
    is_top = node.start_mark.column == 0 and not prefix
    if prefix.strip() not in {"", "-"} or (wanted == sorted(wanted) and not is_top):
        return
    lines[starts[0]] = " " * column + lines[starts[0]][column:]
    # What stands above the first key of a file belongs to the file.
    begins = [starts[0] if prefix.strip() or is_top else _find_begin(lines, starts[0], -1)]
    last_lines = [_last_line(value) for _, value in node.value]
    begins += [_find_begin(lines, start, last) for start, last in zip(starts[1:], last_lines, strict=False)]
    ends = [*begins[1:], last_lines[-1] + 1]
    blocks = [_split_blank(lines[begin:end]) for begin, end in zip(begins, ends, strict=True)]
    # Blank lines stay where they are, since they part places. At the top each section has one above it.
    moved = [[*blocks[index][0], *([] if is_top else blocks[place][1])] for place, index in enumerate(wanted)]
    at = starts[wanted[0]] - begins[wanted[0]]
    moved[0][at] = prefix + moved[0][at][column:]
    if is_top:
        heads = {"version", "provider"}
        moved = [
            ["", *block] if place and str(node.value[index][0].value) not in heads else block
            for place, (index, block) in enumerate(zip(wanted, moved, strict=True))
        ]
    lines[begins[0] : ends[-1]] = [line for block in moved for line in block]


def _rank(key: str, rank: Mapping[str, int]) -> tuple[int, int]:
    """Return the place of a key: merges first, then anchors of the user after the head, then the schema's order."""
    if key == "<<":
        return -1, 0
    if key in rank:
        return (0 if key in {"version", "provider"} else 2), rank[key]
    return (1 if key.startswith("x-") else 3), 0


def _find_begin(lines: list[str], start: int, last: int) -> int:
    """Return where the block of a key begins: with the comments directly above it, after the line `last`."""
    while start - 1 > last and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _split_blank(block: list[str]) -> tuple[list[str], list[str]]:
    end = len(block)
    while end > 1 and not block[end - 1].strip():
        end -= 1
    return block[:end], block[end:]


def _last_line(node: Any) -> int:
    """Return the last line of what a node holds. The end of a block is told by what it holds: its own mark is later."""
    start: int = node.start_mark.line
    if isinstance(node, pyyaml.ScalarNode) or node.flow_style or not node.value:
        end: int = node.end_mark.line if node.end_mark.column else node.end_mark.line - 1
        return max(start, end)
    last = node.value[-1]
    return max(start, _last_line(last[1] if isinstance(last, tuple) else last))


def _tidy(text: str) -> str:
    """Indent comments as what follows them, and leave no more than one blank line in a row."""
    lines = text.splitlines()
    fixed = set(_list_lines_of_texts(pyyaml.compose(text, Loader=pyyaml.SafeLoader)))
    result: list[str] = []
    before = -1
    for number, line in enumerate(lines):
        if number not in fixed:
            if not line.strip() and (not result or not result[-1]):
                continue
            if line.lstrip().startswith("#"):
                line = _indent_comment(line, before, lines[number + 1 :])  # noqa: PLW2901 -- the line, tidied
            elif line.strip():
                before = _indentation(line)
        result.append(line)
    return "\n".join(result).rstrip("\n") + "\n"


def _indent_comment(line: str, before: int, rest: list[str]) -> str:
    following = (item for item in rest if item.strip() and not item.lstrip().startswith("#"))
    wanted = _indentation(next(following, line))
    ends_block = before > wanted and _indentation(line) == before
    return line if ends_block else " " * wanted + line.lstrip()


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _list_lines_of_texts(node: Any) -> Iterator[int]:
    """Yield the lines that a text of several lines takes after its first: a `#` or a blank line in them is a part."""
    if isinstance(node, pyyaml.ScalarNode):
        yield from range(node.start_mark.line + 1, node.end_mark.line + 1)
        return
    for item in node.value if node is not None else ():
        for part in item if isinstance(item, tuple) else (item,):
            yield from _list_lines_of_texts(part)
