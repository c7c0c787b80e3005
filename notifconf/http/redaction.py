"""Keeping secrets out of texts of a service, whatever form it repeats them in.

A service, or a proxy before it, may repeat a secret in an error, a header, a name or an id: cut, escaped, encoded, or
turned around. So a text is looked at in several views: as it stands, with its escapes decoded, with its base64 and hex
decoded, without markup, and each of these from its end. A view has no white space, no characters that do not show, no
accents, and no upper case. A text repeats a secret if a view of it holds any 10 characters in a row of a view of the
secret, or any 10 letters and digits, whatever stands between them.

A text with a repeated secret is withheld as a whole: what is left of it could complete the secret, or be another form
of it. Only where all that stands beside whole secrets is ordinary words are these replaced, and the words shown. Of a
secret URL, the scheme is not looked for, nor a host that many share.

The texts of objects (names, descriptions) are judged more mildly: a name such as `payments-alerts` may well stand in
the path of a hook too. There only a whole secret, in whatever form, counts, and names stay as they are: objects are
recognised and protected by them. `notifconf.model.mask` replaces a whole secret in a name when it is shown.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from html import unescape
from itertools import chain
from typing import Any, Final
from unicodedata import category, normalize
from urllib.parse import quote, quote_plus, unquote

from notifconf.errors import ProtocolError
from notifconf.model.diagnostic import INVISIBLE
from notifconf.model.mask import SHOWN, WITHHELD
from notifconf.model.resource import Secret

WINDOW_LENGTH: Final = 10
"""So many characters in a row of a secret are a part that nobody may read."""

PIECE_LENGTH: Final = 5
"""A secret is indexed by its pieces of this length, one after the other. Any window of a secret holds a whole piece."""

MAX_CANDIDATES_LENGTH: Final = 1_000
"""Where the secrets that have one piece are longer than this, a text with this piece is compared with an index of all
windows of all secrets. It is made once, since that takes long."""

MIN_SECRET_LENGTH: Final = 4
"""Shorter secrets are not looked for: ordinary words contain them. Those below WINDOW_LENGTH are replaced in place."""

STEP: Final = 4
"""A whole secret is indexed by its last windows, this many: one of them begins at each fourth place of a text."""

MAX_ROUNDS: Final = 5
"""How often a text may be escaped: each proxy on the way may do it once more."""

MAX_ENCODINGS: Final = 2
"""How many encodings (base64, hex) may stand in each other."""

IDENTIFIERS: Final = frozenset({"id", "event_id"})
"""Members that become a part of addresses of requests, and so of errors and logs."""

NAMES_OF_OBJECTS: Final = frozenset({"display_name", "name", "event_title", "title", "resource", "current_state"})
"""Members that objects are recognised, matched and protected by: the planner must see them as they are."""

COMMON_WORDS: Final = ("integrations", "notifications", "subscriptions", "environments", "organizations")
"""Addresses of hooks hold these words, and so do all errors of the services."""

_URL: Final = re.compile(r"https?://(?P<login>[^/?#]*@)?(?P<host>[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_BLANK: Final = re.compile(r"[\0-\x20\x7f]+")
_ESCAPE: Final = re.compile(
    r"(?:\\[ux]|%u)\{(?P<braced>[0-9a-f]{1,6})\}|(?:[\\%]u|U\+)(?P<code>[0-9a-f]{4})|\\U(?P<long>[0-9a-f]{8})"
    r"|\\x(?P<byte>[0-9a-f]{2})|\\(?P<octal>[0-7]{3})|\\(?P<char>.)",
    re.IGNORECASE,
)
_BLANK_ESCAPES: Final = "bfnrt"
_QUOTED_PRINTABLE: Final = re.compile(r"=(?:\r?\n|([0-9A-Fa-f]{2}))")
_MARKUP: Final = re.compile(r"<[^<>]*>|\x1b\[[\d;]*[A-Za-z]")
_SEPARATORS: Final = re.compile(r"[\W_]+")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{14,}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}(?:,?0x|\\x|[:,;._-])?){10,}", re.IGNORECASE)
_OTHER_THAN_HEX: Final = re.compile(r"[^0-9a-f-]")
_NO_HEX_DIGIT: Final = re.compile(r"0x|[^0-9a-f]", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"\d{2,3}(?:[,;\s]+\d{2,3}){9,}")
_ENCODED: Final = (
    re.compile(r"[\\&%=<\r\n\x1b]|U\+|[^\0-\x7f]"),
    _BASE64,
    re.compile(r"(?:(?:0x)?[0-9a-f]{2}[\s,:;.]*){10}", re.IGNORECASE),
    _DECIMAL,
)
"""What a text holds whose views differ from how it stands. The other texts, such as names, are searched quickly."""
_WORD: Final = re.compile(r"[^\W_]{4,}")
_ORDINARY: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_READABLE: Final = re.compile(rb"[\x21-\x7e]{10}")


class Redactor:
    """Finds known secrets in the texts of a service. Secrets may be added at any time.

    `shared_host` returns the host of a URL if it belongs to a well-known service, else None.
    """

    def __init__(
        self, secrets: Iterable[Secret] = (), *, shared_host: Callable[[str], str | None] = lambda _: None
    ) -> None:
        """Know some secrets."""
        self._shared_host = cache(shared_host)
        self._known: set[str] = set()
        self._views_to_index: list[str] = []
        self._views: list[str] = []
        self._candidates: dict[str, str] = {}
        self._common_pieces: set[str] = set()
        self._windows: set[str] = set()
        self._windows_of = 0
        self._short: set[str] = set()
        self._waiting: list[str] = []
        self._whole: set[str] = set()
        self._ends: set[str] = set()
        self._shortest_whole = 0
        self._declared: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[Secret]) -> None:
        """Know more secrets."""
        # Most runs never see a text of the service that must be searched: the index is built when the first one comes.
        for secret in secrets:
            value = secret.reveal()
            if value not in self._known:
                self._known.add(value)
                self._waiting.append(value)

    def finds(self, text: str) -> bool:
        """Return whether `text` repeats a part of a secret, in any form."""
        self._index_windows()
        return bool(self._candidates) and len(text) >= WINDOW_LENGTH and _any_view(text, self._holds)

    def finds_whole(self, text: str) -> bool:
        """Return whether `text` repeats a whole secret, in any form."""
        self._index()
        # Most texts of objects are short, and no form of a secret is shorter than its view.
        is_too_short = text.isascii() and len(text) < self._shortest_whole
        return bool(self._whole) and not is_too_short and _any_view(text, self._holds_whole)

    def keep(self, declared: object) -> None:
        """Remember the texts that a workspace declares: the planner compares them, so `withhold` leaves them alone."""
        self._declared.update(text for text in _find_texts(declared) if len(text) >= WINDOW_LENGTH)

    def withhold(self, items: Iterable[Any]) -> None:
        """Replace the texts that repeat a whole secret in JSON objects of the service, apart from names.

        Raises `ProtocolError` where an id does: requests, and so errors and logs, would repeat it further.
        """
        waiting: list[Any] = list(items)
        while waiting:
            container = waiting.pop()
            for key, value in list(container.items() if isinstance(container, dict) else enumerate(container)):
                if isinstance(value, dict | list):
                    waiting.append(value)
                elif not isinstance(value, str) or key in NAMES_OF_OBJECTS or value in self._declared:
                    continue
                elif self.finds_whole(value):
                    if key in IDENTIFIERS:
                        raise ProtocolError("the service sent an object whose id repeats a secret")
                    container[key] = WITHHELD

    def __call__(self, text: str) -> str:
        """Return `text` with whole secrets replaced, or what stands for it if it still repeats a part of one."""
        if self.finds(text):
            parts = [text]
            for secret in sorted(
                (known for known in self._known if len(known) >= WINDOW_LENGTH), key=len, reverse=True
            ):
                parts = [piece for part in parts for piece in part.split(secret)]
            text = SHOWN.join(parts)
            if not self._is_prose(" ".join(parts)) or self.finds(text):
                return WITHHELD
        return self._pattern.sub(SHOWN, text) if self._pattern is not None else text

    def _is_prose(self, text: str) -> bool:
        """Return whether what stands beside secrets has ordinary words only, and none of a secret: no key, no code."""
        words = _WORD.findall(text)
        known = [secret.casefold().removeprefix("https://") for secret in self._known]
        return all(
            _ORDINARY.fullmatch(word) and not any(word.casefold() in secret for secret in known) for word in words
        )

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} secrets)"

    def _holds(self, view: str) -> bool:
        """Return whether a view of a text has a window of a secret, with or without what is no letter or digit."""
        squeezed = _SEPARATORS.sub("", view)
        return self._has_window(view) or (squeezed != view and self._has_window(squeezed))

    def _has_window(self, view: str) -> bool:
        found = self._candidates.keys() & _parts(view, PIECE_LENGTH)
        if not found:
            return False
        windows = {*_parts(view, WINDOW_LENGTH)} - _COMMON_WINDOWS
        if any(window in self._candidates[piece] for piece in found for window in windows):
            return True
        return not self._common_pieces.isdisjoint(found) and not windows.isdisjoint(self._list_windows())

    def _holds_whole(self, view: str) -> bool:
        """Return whether a view of a text has a whole secret."""
        step = min(STEP, self._shortest_whole - WINDOW_LENGTH + 1)
        starts = range(0, len(view) - WINDOW_LENGTH + 1, step)
        may_hold = not self._ends.isdisjoint([view[start : start + WINDOW_LENGTH] for start in starts])
        return may_hold and any(whole in view for whole in self._whole)

    def _list_windows(self) -> set[str]:
        """Return the windows of all secrets."""
        for view in self._views[self._windows_of :]:
            self._windows.update(_parts(view, WINDOW_LENGTH))
        self._windows_of = len(self._views)
        return self._windows

    def _index(self) -> None:
        """Index whole the secrets that came since the last call."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        short = len(self._short)
        for value in waiting:
            for part in _secret_parts(value, self._shared_host):
                views = [folded for view in _unescaped(part) if len(folded := view.casefold()) >= WINDOW_LENGTH]
                for view in views:
                    self._add_whole(view)
                self._views_to_index += views
                if not views:
                    self._short.update(_short_forms(part))
        self._shortest_whole = min(map(len, self._whole), default=0)
        if len(self._short) > short:
            alternatives = sorted(self._short, key=lambda part: (-len(part), part))
            self._pattern = re.compile("|".join(map(re.escape, alternatives)), re.IGNORECASE)

    def _index_windows(self) -> None:
        """Index the windows of the secrets that came since the last call. It takes longer, and only errors need it."""
        self._index()
        waiting, self._views_to_index = self._views_to_index, []
        for view in waiting:
            self._add_view(view)
            squeezed = _SEPARATORS.sub("", view)
            if squeezed != view and len(squeezed) >= WINDOW_LENGTH:
                self._add_view(squeezed)

    def _add_view(self, view: str) -> None:
        self._views.append(view)
        for start in range(0, len(view) - PIECE_LENGTH + 1, PIECE_LENGTH):
            piece = view[start : start + PIECE_LENGTH]
            known = self._candidates.get(piece)
            if known is None:
                self._candidates[piece] = view
            elif len(known) < MAX_CANDIDATES_LENGTH:
                self._candidates[piece] = f"{known}\n{view}"  # no window holds a line break
            else:
                self._common_pieces.add(piece)

    def _add_whole(self, view: str) -> None:
        whole = _without_host(view)
        last = len(whole) - WINDOW_LENGTH
        if last >= 0 and not any(whole in word for word in COMMON_WORDS):
            self._whole.add(whole)
            self._ends.update(whole[start:][:WINDOW_LENGTH] for start in range(max(0, last - STEP + 1), last + 1))


def _short_forms(part: str) -> Iterator[str]:
    """Yield a short secret as a text has it, as JSON and URLs write it."""
    yield from (part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1])
    yield from (quote(part, safe=safe, errors="replace") for safe in ("/", ""))
    yield quote_plus(part, errors="replace")


def _find_texts(value: object) -> Iterator[str]:
    """Yield the texts in declarations or attributes, apart from secrets."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(map(_find_texts, value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from chain.from_iterable(map(_find_texts, value))
    elif is_dataclass(value):
        yield from chain.from_iterable(_find_texts(getattr(value, item.name)) for item in fields(value))


def _secret_parts(value: str, shared_host: Callable[[str], str | None]) -> Iterator[str]:
    """Return the texts of a secret that nobody may see: of a URL, not its scheme, nor a host that many share."""
    return (part for part in _url_parts(value, shared_host) if len(part) >= MIN_SECRET_LENGTH)


def _url_parts(value: str, shared_host: Callable[[str], str | None]) -> Collection[str]:
    value = value.strip()
    found = _URL.fullmatch(value)
    if found is None:
        return (value,)
    login = (found["login"] or "").removesuffix("@")
    behind_scheme = value.partition("://")[2]
    # Many secrets are URLs of one host: `shared_host` is asked once for each.
    place = behind_scheme if shared_host(f"https://{found['host']}/") is None else found["rest"]
    return (place, login, login.partition(":")[2])


def _without_host(view: str) -> str:
    """Return what is secret in any case: of the view of a URL without its scheme, the path and query."""
    host, slash, rest = view.partition("/")
    return rest.strip("/") if slash and (not host or "." in host) else view


def _parts(text: str, length: int) -> list[str]:
    """Return every part of a text that has this length."""
    return [text[start : start + length] for start in range(len(text) - length + 1)]


def _any_view(text: str, holds: Callable[[str], bool]) -> bool:
    """Return whether a view of a text is what `holds` looks for."""
    plain = _compact(text).casefold()
    if holds(plain) or holds(plain[::-1]):
        return True
    if _is_random_id(text) or not any(pattern.search(text) for pattern in _ENCODED):
        return False
    return any(holds(view) for way in (text, text[::-1]) for view in _views(way, MAX_ENCODINGS))


def _views(text: str, encodings: int) -> Iterator[str]:
    """Yield the views of a text: `encodings` is how many encodings are decoded, one in the other."""
    for view in _unescaped(text):
        yield view.casefold()
        if encodings:
            for data in _decoded(view):
                yield from _views(data, encodings - 1)
    if encodings:
        for found in _DECIMAL.finditer(text):
            codes = [int(code) for code in re.findall(r"\d+", found[0])]
            yield from _views("".join(map(chr, codes)), encodings - 1)
    if "<" in text or "\x1b" in text:
        yield _compact(_MARKUP.sub("", text)).casefold()
    if "=" in text:
        yield _compact(_QUOTED_PRINTABLE.sub(lambda found: chr(int(found[1] or "20", 16)), text)).casefold()


def _unescaped(text: str) -> Iterator[str]:
    """Yield a text as it stands, and after each round of decoding its escapes, until it has none."""
    for _ in range(MAX_ROUNDS):
        text = _compact(text)
        yield text
        decoded = text
        if "\\" in text or "%u" in text or "U+" in text:
            decoded = _ESCAPE.sub(_character, decoded)
        if "&" in decoded:
            decoded = unescape(decoded)
        if "%" in decoded:
            decoded = unquote(decoded)
        if decoded == text:
            return
        text = decoded


def _compact(text: str) -> str:
    """Return a text without white space, accents, and characters that do not show; full-width letters become usual."""
    if text.isascii():
        return _BLANK.sub("", text)
    return "".join(
        char
        for char in normalize("NFKD", text)
        if char.isprintable() and not char.isspace() and category(char) not in _MARKS and not _INVISIBLE.match(char)
    )


def _character(found: re.Match[str]) -> str:
    """Return the character that an escape of JSON or of a programming language stands for."""
    if found["char"]:
        return "" if found["char"] in _BLANK_ESCAPES else found["char"]
    in_hex = found["braced"] or found["code"] or found["long"] or found["byte"]
    code = int(in_hex, 16) if in_hex else int(found["octal"], 8)
    return chr(code) if code < 0x110000 else ""  # noqa: PLR2004 -- the end of Unicode


def _decoded(text: str) -> Iterator[str]:
    """Yield what the runs of base64 and hex in a text may stand for. Where a run begins is not known: it may be cut."""
    for found in _BASE64.finditer(text):
        if not _OTHER_THAN_HEX.search(found[0]):
            continue  # a UUID, or the id of a request
        run = found[0].translate(_URL_SAFE)
        for start in range(4):
            whole = (len(run) - start) // 4 * 4
            data = binascii.a2b_base64(run[start : start + whole] + _rest(run[start + whole :]))
            yield from _readable(data)
    for found in _HEX.finditer(text):
        digits = _NO_HEX_DIGIT.sub("", found[0])
        for start in range(2):
            yield from _readable(bytes.fromhex(digits[start : start + (len(digits) - start) // 2 * 2]))


def _is_random_id(text: str) -> bool:
    """Return whether a text is a UUID, as most request ids are, and no 16 readable bytes in hex."""
    if not _UUID.fullmatch(text):
        return False
    digits = text.replace("-", "")
    ways = (digits, digits[1:-1], digits[::-1], digits[-2:0:-1])
    return not any(_READABLE.search(bytes.fromhex(way)) for way in ways)


def _rest(run: str) -> str:
    """Return the last characters of base64, which are fewer than four, with their padding."""
    return run + "=" * (4 - len(run)) if len(run) > 1 else ""


def _readable(data: bytes) -> Iterator[str]:
    """Yield bytes as a text if they can hold a part of a secret. UTF-16 has a NUL beside each letter."""
    data = data.replace(b"\0", b"")
    if _READABLE.search(data):
        yield data.decode(errors="replace")


_MARKS: Final = frozenset({"Mn", "Me"})
_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")
_COMMON_WINDOWS: Final = frozenset(window for word in COMMON_WORDS for window in _parts(word, WINDOW_LENGTH))
