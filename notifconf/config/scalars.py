"""What a YAML scalar means: as PyYAML's safe loader reads it, with booleans that are `true` and `false` alone."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from yaml.constructor import SafeConstructor
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from notifconf.model.diagnostic import quoted

TAG: Final = "tag:yaml.org,2002:"
MERGE: Final = object()
"""What a plain `<<` means where a key stands."""

WORDS: Final[dict[str, Any]] = {
    "true": True,
    "false": False,
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "<<": MERGE,
}
MAX_NUMBER_LENGTH: Final = 100

_NAME: Final = re.compile(r"[\w .<-]{1,64}")
_NUMBERS: Final = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag in {TAG + "int", TAG + "float"}]
    for first, resolvers in Resolver.yaml_implicit_resolvers.items()
}
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    TAG + "null": (type(None),),
    TAG + "bool": (bool,),
    TAG + "int": (int,),
    TAG + "float": (int, float),
}
_CONSTRUCTOR: Final = SafeConstructor()


def format_key(key: str) -> str:
    """Return a key for a message. What can't be a name is not shown: `url:https://…` is a key that holds a secret."""
    return quoted(key if is_name(key) else "…")


def is_name(key: str) -> bool:
    """Say whether a key could be a name."""
    return _NAME.fullmatch(key) is not None


def decode_plain(text: str) -> Any:
    """Return the value of a plain scalar. Raises ValueError, which says why, for a number that is none."""
    if text in WORDS:
        return WORDS[text]
    for tag, regexp in _NUMBERS.get(text[0], ()):
        if regexp.match(text):
            return _decode_number(tag, text)
    return text


def decode_tagged(tag: str, text: str) -> Any:
    """Return the value of a scalar with an explicit tag. Raises ValueError, which says why it has none."""
    if tag == TAG + "str":
        return text
    expected = _TYPES.get(tag)
    if expected is None:
        raise ValueError("this tag is not supported: only !!str, !!int, !!float, !!bool, !!null, !!map and !!seq are")
    value = decode_plain(text)
    if type(value) not in expected:
        raise ValueError("this value does not have the type of its tag")
    return float(value) if tag == TAG + "float" else value


def _decode_number(tag: str, text: str) -> int | float:
    if len(text) > MAX_NUMBER_LENGTH:
        raise ValueError("this number is too long: put it in quotes if it is text")
    node = ScalarNode(tag, text)
    try:
        value: int | float = (
            _CONSTRUCTOR.construct_yaml_int(node) if tag == TAG + "int" else _CONSTRUCTOR.construct_yaml_float(node)
        )
    except ValueError:
        raise ValueError("this looks like a number, but is not one: put it in quotes if it is text") from None
    if not math.isfinite(value):
        raise ValueError("a number must be finite: put it in quotes if it is text")
    return value
