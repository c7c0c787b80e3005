"""Keeping secrets out of texts that come back from outside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, urlsplit

from notifconf.model import Secret

MASK = "(sensitive)"

SHORTEST = 4
"""Shorter secrets are not looked for: they would be found in every other word, and make all messages unreadable."""

SHORTEST_PART = 16
"""A part of a secret URL is a secret by itself from this length on (tokens are), so that words of a path are not."""


class Redactor:
    """Replaces known secrets in texts, however a service echoes them: as they are, JSON-escaped or URL-quoted.

    Of a secret URL also what stands behind its scheme and behind its host, and tokens in it, are replaced.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        """Know some secrets; more may be added at any time."""
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[Secret]) -> None:
        """Know more secrets."""
        self._secrets.update(secret.reveal().strip() for secret in secrets)
        self._pattern = None

    def __call__(self, text: str) -> str:
        """Return `text` with every known secret in it replaced, the longest first."""
        if not self._secrets:
            return text
        if self._pattern is None:
            self._pattern = _pattern(self._secrets)
        return self._pattern.sub(MASK, text)

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"


def _pattern(secrets: Iterable[str]) -> re.Pattern[str]:
    forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
    alternatives = "|".join(map(re.escape, sorted(forms, key=lambda form: (-len(form), form))))
    # Hosts, and the digits of %xx escapes, come back in either case. Without any form nothing may match.
    return re.compile(alternatives or r"(?!)", re.IGNORECASE)


def _forms(secret: str) -> Iterator[str]:
    for text in (secret, *_parts(secret)):
        yield text
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield json.dumps(text).replace("/", "\\/")[1:-1]
        yield quote(text, errors="replace")
        yield quote(text, safe="", errors="replace")
        yield quote_plus(text, errors="replace")


def _parts(secret: str) -> Iterator[str]:
    """Return the texts of a secret URL that give it away without its scheme and host; of other secrets none."""
    try:
        url = urlsplit(secret)
    except ValueError:
        return
    if url.scheme not in ("http", "https"):
        return
    host, _, rest = secret.partition("://")[2].partition("/")
    behind_host = "/" + rest
    yield f"{host}{behind_host}"
    if len(behind_host) >= SHORTEST_PART:
        yield behind_host
    userinfo, at, _ = host.rpartition("@")
    if at:
        yield userinfo
        yield userinfo.partition(":")[2]
    yield from (part for part in re.split(r"[/?&=#;:]", rest) if len(part) >= SHORTEST_PART)
