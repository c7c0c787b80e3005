"""Keeping known secrets out of what is shown, wherever a text repeats one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from notifconf.model.diagnostic import Diagnostic
from notifconf.model.resource import Secret

SHOWN: Final = "(sensitive)"

LEFT_OUT: Final = "…"
"""Stands for what may be secret in an expression: a default, a message, the text beside a reference."""

WITHHELD: Final = "(withheld: it repeats a secret)"
"""Stands in place of a text of the service that repeats a secret."""

MIN_SECRET_LENGTH: Final = 8
"""Shorter secrets are not looked for: ordinary words contain them."""

_URL_START: Final = re.compile("https?://", re.IGNORECASE)


class Mask:
    """Replaces secrets in texts.

    Most secrets are URLs, and there may be 10,000 of them. So URLs are looked up by their length, at each place where a
    URL begins; only the few other secrets are searched for.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        """Know these secrets, and the parts of them that came from outside, such as a token in a URL."""
        known = {text for secret in secrets for text in _texts(secret) if len(text) >= MIN_SECRET_LENGTH}
        known -= {"https://"}  # not a secret: half of a URL that somebody has yet to write
        self._urls = {text for text in known if _URL_START.match(text)}
        self._url_lengths = sorted({len(text) for text in self._urls}, reverse=True)
        others = sorted(known - self._urls, key=lambda text: (-len(text), text))
        self._others = re.compile("|".join(map(re.escape, others))) if others else None

    def __call__(self, text: str) -> str:
        """Return `text` with `(sensitive)` in the place of each secret."""
        if self._urls and "://" in text:
            text = self._without_urls(text)
        return self._others.sub(SHOWN, text) if self._others is not None else text

    def each(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Return the texts as `__call__` does, faster: most have no secret, and one look at all of them says so."""
        return tuple(map(self, texts) if self.finds("\n".join(texts)) else texts)

    def finds(self, text: str) -> bool:
        """Say whether a secret stands in `text`."""
        return self(text) != text

    def diagnostic(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return a diagnostic without the secrets that its message or address repeats."""
        address = diagnostic.address and self(diagnostic.address)
        return diagnostic._replace(message=self(diagnostic.message), address=address)

    def __repr__(self) -> str:
        return "Mask()"

    def _without_urls(self, text: str) -> str:
        shown, end = "", 0
        for found in _URL_START.finditer(text):
            start = found.start()
            length = next((size for size in self._url_lengths if text[start : start + size] in self._urls), 0)
            if length and start >= end:
                shown += text[end:start] + SHOWN
                end = start + length
        return shown + text[end:]


T = TypeVar("T")


def mask_texts(value: T, mask: Callable[[str], str]) -> T:
    """Return data with every text in it masked: in records, mappings, tuples and lists.

    What is escaped later hides a secret from a mask: `_` is `\\_` in Markdown.
    """
    found: Any = value
    if type(found) is str:
        found = mask(found)
    elif isinstance(found, tuple):
        parts = [mask_texts(part, mask) for part in found]
        found = type(found)(*parts) if hasattr(found, "_fields") else tuple(parts)
    elif isinstance(found, list):
        found = [mask_texts(part, mask) for part in found]
    elif isinstance(found, Mapping):
        found = {mask_texts(key, mask): mask_texts(part, mask) for key, part in found.items()}
    elif is_dataclass(found) and not isinstance(found, type):
        members = {item.name: mask_texts(getattr(found, item.name), mask) for item in fields(found) if item.init}
        found = replace(found, **members)
    return cast("T", found)


def _texts(secret: Secret) -> Iterable[str]:
    """Return the value, without white space around it too, and its parts, apart from the host of a URL."""
    value = secret.reveal()
    yield from (value, value.strip())
    host = _host(value)
    yield from (part.strip() for part in secret.parts if part.strip() not in host)


def _host(text: str) -> str:
    """Return the scheme and the host of a URL, which many secrets share; empty for other texts."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""


_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HTML_ESCAPES = (
    str.maketrans({**_MARKUP, '"': "&quot;", "'": "&#x27;"}),
    str.maketrans({**_MARKUP, '"': "&#34;", "'": "&#39;"}),
)
"""How Markdown (Python's `html`) and pages (MarkupSafe) contain the characters of a secret."""


def encoded_forms(secret: Secret) -> Iterator[Secret]:
    """Yield a secret as plain text, JSON and HTML contain it."""
    yield secret
    value = secret.reveal()
    in_json = (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    forms = (*in_json, *(value.translate(table) for table in _HTML_ESCAPES))
    yield from (Secret(form) for form in dict.fromkeys(forms) if form != value)
