"""Write a file of a workspace in canonical order and style. Comments, blank lines and quotes stay.

The order is that of the JSON Schema: the members of each entry, never the entries of a list, and never the keys that a
user has chosen. ruamel.yaml writes the style. It keeps a comment with what stands *before* it. So blocks change their
places before that, as lines, together with the comments directly above them. A comment that is indented deeper than
what follows it ends the block before it, and stays there.

Nothing is written that does not read as before: `format_text` compares both texts.
"""

from __future__ import annotations

import io
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

import yaml as pyyaml

from notifconf.config.schema import workspace_schema
from notifconf.config.yaml import parse

Schema: TypeAlias = Mapping[str, Any]


class _Loader(pyyaml.SafeLoader):
    """Composes an alias as a scalar, with the place of the alias: what it stands for is somewhere else."""

    def compose_node(self, parent: pyyaml.Node | None, index: int) -> pyyaml.Node | None:
        if not self.check_event(pyyaml.AliasEvent):
            return super().compose_node(parent, index)
        event: Any = self.get_event()  # type: ignore[no-untyped-call]
        return pyyaml.ScalarNode("alias", event.anchor, event.start_mark, event.end_mark)


def format_text(name: str, text: str) -> str | None:
    """Return the text of a file in canonical form. It must be YAML that `parse` reads without an error.

    Where an alias would come before its anchor, the order stays as it is. Where the style would lose a comment, or
    change what the text means, there is no canonical form: None.
    """
    try:
        once = _format_once(name, text)
        return once and _format_once(name, once)  # the style may show an order that was hidden: `? key`
    except (pyyaml.YAMLError, RecursionError):
        return None


def _format_once(name: str, text: str) -> str | None:
    if pyyaml.compose(text, Loader=_Loader) is None:
        return text
    for candidate in (_reorder(text), text):
        styled = _restyle(candidate)
        is_same = styled is not None and _read(name, styled) == _read(name, text)
        if styled is not None and is_same and _list_comments(styled) == _list_comments(text):
            return styled
    return None


def _read(name: str, text: str) -> object:
    document, diagnostics = parse(name, text.encode())
    return None if diagnostics else document


def _list_comments(text: str) -> list[str]:
    """Return all comments, in an order that does not depend on theirs: what stands between tokens, from its `#` on."""
    found, end = [], 0
    for token in pyyaml.scan(text, Loader=pyyaml.SafeLoader):
        found += text[end : token.start_mark.index].splitlines()
        if isinstance(token, pyyaml.ScalarToken) and token.style in {"|", ">"}:
            found += text[token.start_mark.index : token.end_mark.index].splitlines()[:1]
        end = token.end_mark.index
    return sorted(line[line.index("#") :].rstrip() for line in found if "#" in line)


def find_lost_comment(text: str) -> int | None:
    """Return the line of the first comment inside braces or brackets, which has no place in the style, or None."""
    depth = end = 0
    with suppress(pyyaml.YAMLError):  # PyYAML's own scanner refuses some tabs that libyaml takes
        for token in pyyaml.scan(text, Loader=pyyaml.SafeLoader):
            found = text.find("#", end, token.start_mark.index)
            if depth and found >= 0:
                return text.count("\n", 0, found) + 1
            depth += isinstance(token, pyyaml.FlowMappingStartToken | pyyaml.FlowSequenceStartToken)
            depth -= isinstance(token, pyyaml.FlowMappingEndToken | pyyaml.FlowSequenceEndToken)
            end = token.end_mark.index
    return None


def _restyle(text: str) -> str | None:
    """Write YAML with an indentation of two, list items indented, no line wrapped, and one newline at the end.

    Returns None where ruamel.yaml does not read it: it is stricter here and there.
    """
    from ruamel import yaml  # not at the top: only this command needs it

    round_trip = yaml.YAML()
    round_trip.preserve_quotes = True
    round_trip.width = sys.maxsize
    round_trip.indent(mapping=2, sequence=4, offset=2)
    tokens = pyyaml.scan(text, Loader=pyyaml.SafeLoader)
    round_trip.explicit_start = any(isinstance(token, pyyaml.DocumentStartToken) for token in tokens)
    result = io.StringIO()
    try:
        round_trip.dump(round_trip.load(text), result)
    except (yaml.error.YAMLError, ValueError):
        return None
    return _tidy(_join_alias_comments(result.getvalue(), text), _find_comments(text).values())


def _join_alias_comments(text: str, before: str) -> str:
    """Put the comment of an alias back into its line: ruamel.yaml writes it below, where it belongs to what follows."""
    own_lines = {line.strip() for line in before.splitlines()}

    def join(found: re.Match[str]) -> str:
        return found[0] if found[2].strip() in own_lines else f"{found[1]}  {found[2]}"

    return re.sub(r"^(.*[:-] \*[^\s,]+)\n +(#.*)$", join, text, flags=re.MULTILINE)


def _reorder(text: str) -> str:
    """Put the members of all mappings in the order of the schema."""
    node = pyyaml.compose(text, Loader=_Loader)
    lines = text.splitlines()
    schema = workspace_schema()
    for mapping, order in reversed(list(_find_mappings(node, [schema], schema))):
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
    begins = [starts[0] if prefix.strip() or is_top else _find_begin(lines, starts[0], -1, column)]
    last_lines = [_last_line(value) for _, value in node.value]
    begins += [_find_begin(lines, start, last, column) for start, last in zip(starts[1:], last_lines, strict=False)]
    ends = [*begins[1:], _find_end(lines, last_lines[-1], column)]
    blocks = [_split_blank(lines[begin:end]) for begin, end in zip(begins, ends, strict=True)]
    # Blank lines stay where they are, since they part places. At the top each section has one above it.
    moved = [[*blocks[index][0], *([] if is_top else blocks[place][1])] for place, index in enumerate(wanted)]
    at = starts[wanted[0]] - begins[wanted[0]]
    moved[0][at] = prefix + moved[0][at][column:]
    # What stands above the first member of an item stands above the item.
    moved[0][:at] = [" " * _indentation(prefix + "-") + line.lstrip() for line in moved[0][:at]]
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


def _find_begin(lines: list[str], start: int, last: int, column: int) -> int:
    """Return where the block of a key begins: with the comments directly above it, after the line `last`."""
    while start - 1 > last and _is_comment(lines[start - 1]) and _indentation(lines[start - 1]) <= column:
        start -= 1
    return start


def _find_end(lines: list[str], last: int, column: int) -> int:
    """Return where the block ends whose last line is `last`: behind the comments that are indented deeper."""
    end = last + 1
    for number in range(end, len(lines)):
        if _is_comment(lines[number]) and _indentation(lines[number]) > column:
            end = number + 1
        elif lines[number].strip():
            break
    return end


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


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


class _Comment(NamedTuple):
    """A line that is a comment.

    `text` is the comment, `following` the column of what follows it, and `ended` those of the blocks that end before
    that, the outermost first. `deeper` says how many of these end before the comment, counted from the innermost on,
    since a list may be indented as little as its key; None for a comment that belongs to what follows.
    """

    text: str
    following: int
    ended: list[int]
    deeper: int | None


def _tidy(text: str, before: Iterable[_Comment]) -> str:
    """Leave no more than one blank line in a row, and indent comments as deep as they were `before`."""
    fixed = set(_list_lines_of_texts(pyyaml.compose(text, Loader=_Loader)))
    comments = _find_comments(text)
    were = _pair(comments, before)
    result: list[str] = []
    for number, line in enumerate(text.splitlines()):
        if number not in fixed and not line.strip() and (not result or not result[-1]):
            continue
        if number in comments:
            _, following, ended, _ = comments[number]
            deeper = were[number]
            column = following if deeper is None or not ended else ended[-1 - min(deeper, len(ended) - 1)]
            line = " " * column + line.lstrip()  # noqa: PLW2901 -- the line, tidied
        result.append(line)
    return "\n".join(result).rstrip("\n") + "\n"


def _pair(comments: Mapping[int, _Comment], before: Iterable[_Comment]) -> dict[int, int | None]:
    """Return how deep each comment was. One that stood behind something else belongs to what follows it."""
    waiting = deque(before)
    were: dict[int, int | None] = {}
    for number, comment in comments.items():
        is_known = bool(waiting) and waiting[0].text == comment.text
        were[number] = waiting.popleft().deeper if is_known else None
    return were


def _find_comments(text: str) -> dict[int, _Comment]:
    """Return the lines that are comments, by their number."""
    lines = text.splitlines()
    root = pyyaml.compose(text, Loader=_Loader)
    fixed, continued = set(_list_lines_of_texts(root)), set(_list_lines_of_flows(root))
    contents = [number for number, line in enumerate(lines) if line.strip() and number not in fixed]
    followings, following = {}, 0
    for number in reversed(contents):
        followings[number] = following
        if not _is_comment(lines[number]):
            following = _indentation(lines[number])
    comments: dict[int, _Comment] = {}
    open_columns: list[int] = []
    for number in contents:
        line, column = lines[number], _indentation(lines[number])
        if _is_comment(line):
            following = followings[number]
            ended = [known for known in open_columns if known > following]
            deeper = sum(known > column for known in ended)
            comments[number] = _Comment(
                line.strip(), following, ended, deeper if column > following and ended else None
            )
            continue
        if number in continued:
            continue
        inner = len(line) - len(line.lstrip("- "))
        open_columns = [*(known for known in open_columns if known < column), *sorted({column, inner})]
    return comments


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _list_lines_of_flows(node: Any) -> Iterator[int]:
    """Yield the lines that braces and brackets take after their first: their columns mean nothing."""
    if isinstance(node, pyyaml.CollectionNode):
        if node.flow_style:
            yield from range(node.start_mark.line + 1, node.end_mark.line + 1)
            return
        for item in node.value:
            for part in item if isinstance(item, tuple) else (item,):
                yield from _list_lines_of_flows(part)


def _list_lines_of_texts(node: Any) -> Iterator[int]:
    """Yield the lines that a text of several lines takes after its first: a `#` or a blank line in them is a part."""
    if isinstance(node, pyyaml.ScalarNode):
        yield from range(node.start_mark.line + 1, node.end_mark.line + 1)
        return
    for item in node.value if node is not None else ():
        for part in item if isinstance(item, tuple) else (item,):
            yield from _list_lines_of_texts(part)
