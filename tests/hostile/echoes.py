"""The forms in which a service may repeat a secret, and what of a secret is readable in a text."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote, urlsplit

SLACK = "https://hooks.slack.com/services/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"
QUERY = "https://flows.example.test/invoke?sig=Zq9_W-x77Lk20vBnMa31Qw&code=Pp83kd%2FLw0%3D%3D&n=1"
API_SECRET = "cflt7Hq/9Wz+LkX2bN4vR8t/Ms=Yp0dGf=="
SECRETS = {"Slack": SLACK, "query": QUERY, "API secret": API_SECRET}


def core(secret: str) -> str:
    """Return the part of a secret that its readers lack: without scheme, and without Slack's host."""
    return secret.partition("://")[2].removeprefix("hooks.slack.com") or secret


def query(secret: str) -> str:
    return urlsplit(secret).query or core(secret)


def value(secret: str) -> str:
    """Return the longest piece of a secret between its separators."""
    return max(re.split(r"[/?&=]", core(secret)), key=len)


def each(template: str) -> Callable[[str], str]:
    """Return a form that writes every character in one way."""
    return lambda secret: "".join(template.format(ord(char)) for char in secret)


def every_other(secret: str, escape: Callable[[str], str]) -> str:
    return "".join(escape(char) if index % 2 else char for index, char in enumerate(secret))


def wrapped(text: str, width: int, end: str) -> str:
    return end.join(text[start : start + width] for start in range(0, len(text), width))


def base_64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def percent(text: str) -> str:
    return "".join(f"%{ord(char):02X}" for char in text)


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "without its last character": lambda secret: secret[:-1],
    "without its first character": lambda secret: secret[1:],
    "cut after 60": lambda secret: secret[:60],
    "its end": lambda secret: secret[-12:],
    "its middle": lambda secret: core(secret)[8:20],
    "without its scheme": core,
    "the query alone": query,
    "one value": value,
    "two halves with dots": lambda secret: secret[: len(secret) // 2] + "..." + secret[len(secret) // 2 :],
    "in upper case": str.upper,
    "in lower case": str.lower,
    "case swapped": str.swapcase,
    "JSON": json.dumps,
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "JSON with \\/": lambda secret: secret.replace("/", "\\/"),
    "\\u0026 and \\u002f": lambda secret: re.sub("[&/=?]", lambda found: f"\\u{ord(found[0]):04x}", secret),
    "\\u002F in upper case": lambda secret: re.sub("[&/=?]", lambda found: f"\\u{ord(found[0]):04X}", secret),
    "\\uXXXX throughout": each("\\u{:04x}"),
    "\\uXXXX twice": lambda secret: json.dumps(each("\\u{:04x}")(secret)),
    "\\xXX throughout": each("\\x{:02x}"),
    "\\u{X} throughout": each("\\u{{{:04x}}}"),
    "octal escapes": each("\\{:03o}"),
    "%uXXXX": each("%u{:04X}"),
    "HTML": html.escape,
    "HTML twice": lambda secret: html.escape(html.escape(secret)),
    "&#x2F;": lambda secret: re.sub("[&/=?]", lambda found: f"&#x{ord(found[0]):X};", secret),
    "&#47;": lambda secret: re.sub("[&/=?]", lambda found: f"&#{ord(found[0])};", secret),
    "&#47 without its end": lambda secret: re.sub("[&/=?]", lambda found: f"&#{ord(found[0]):07}", secret),
    "&sol; and &equals;": lambda secret: secret.replace("&", "&amp;").replace("/", "&sol;").replace("=", "&equals;"),
    "&#N; throughout": each("&#{};"),
    "percent": lambda secret: quote(secret, safe=""),
    "percent, but for slashes": quote,
    "percent of a form": quote_plus,
    "percent twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "percent three times": lambda secret: quote(quote(quote(secret, safe=""), safe=""), safe=""),
    "percent throughout": percent,
    "percent, every other character": lambda secret: every_other(secret, percent),
    "percent, decoded once": unquote,
    "percent in HTML": lambda secret: html.escape(quote(secret, safe="")).replace("%", "&#37;"),
    "HTML in JSON": lambda secret: json.dumps(html.escape(secret)).replace("&", "\\u0026"),
    "lines of 8": lambda secret: wrapped(secret, 8, "\n"),
    "lines of 5 with an indent": lambda secret: wrapped(secret, 5, "\r\n    "),
    "lines of JSON": lambda secret: wrapped(secret, 8, "\\n"),
    "lines of quoted-printable": lambda secret: wrapped(secret.replace("=", "=3D"), 9, "=\r\n"),
    "spaced": " ".join,
    "tabs": lambda secret: wrapped(secret, 4, "\t"),
    "zero-width spaces": "\u200b".join,
    "soft hyphens": lambda secret: wrapped(secret, 3, "\u00ad"),
    "word joiners": lambda secret: wrapped(secret, 2, "\u2060"),
    "accents": "\u0301".join,
    "Hangul fillers": "\u3164".join,
    "selectors of emoji": "\ufe0f".join,
    "blank Braille": "\u2800".join,
    "NULs": "\0".join,
    "no-break spaces": lambda secret: wrapped(secret, 3, "\u00a0"),
    "reversed": lambda secret: secret[::-1],
    "percent, reversed": lambda secret: quote(secret, safe="")[::-1],
    "full width": full_width,
    "bold letters": lambda secret: "".join(
        chr(0x1D400 + ord(char) - ord("A")) if "A" <= char <= "Z" else char for char in secret.upper()
    ),
    "base64": base_64,
    "base64 without padding": lambda secret: base_64(secret).rstrip("="),
    "base64 of a URL": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 of more": lambda secret: base_64(f"ab{secret}"),
    "base64, cut at its start": lambda secret: base_64(secret)[3:],
    "base64, cut at its end": lambda secret: base_64(secret)[:-5],
    "base64 in lines": lambda secret: wrapped(base_64(secret), 16, "\n"),
    "base64 in short lines": lambda secret: wrapped(base_64(secret), 6, "\n"),
    "base64 of base64": lambda secret: base_64(base_64(secret)),
    "base64 of percent": lambda secret: base_64(quote(secret, safe="")),
    "base64 of UTF-16": lambda secret: base64.b64encode(secret.encode("utf-16")).decode(),
    "base64 in percent": lambda secret: quote(base_64(secret), safe=""),
    "base64 as a header": lambda secret: f"Basic {base_64('key:' + secret)}",
    "hex": lambda secret: secret.encode().hex(),
    "hex in upper case": lambda secret: secret.encode().hex().upper(),
    "hex, cut at its start": lambda secret: secret.encode().hex()[1:],
    "hex with colons": lambda secret: secret.encode().hex(":"),
    "hex with spaces": lambda secret: secret.encode().hex(" "),
    "hex with 0x": lambda secret: ", ".join(f"0x{byte:02x}" for byte in secret.encode()),
    "bytes in decimal": lambda secret: str(list(secret.encode())),
    "bytes as Go prints them": lambda secret: str(list(secret.encode())).replace(",", ""),
    "dashes": lambda secret: wrapped(core(secret), 6, "-"),
    "dots": lambda secret: ".".join(core(secret)),
    "bold in Markdown": lambda secret: wrapped(secret, 6, "**"),
    "a list of characters": lambda secret: json.dumps(list(secret)),
    "a list of pieces": lambda secret: json.dumps(re.findall(".{1,9}", core(secret))),
    "a sum of texts": lambda secret: wrapped(secret, 8, '" + "'),
    "separators replaced": lambda secret: re.sub("[^A-Za-z0-9]", "_", core(secret)),
    "tags": lambda secret: wrapped(secret, 4, "<wbr>"),
    "comments of HTML": lambda secret: wrapped(secret, 5, "<!-- -->"),
    "colours of a terminal": lambda secret: wrapped(secret, 4, "\x1b[31m"),
    "\\x{X} throughout": each("\\x{{{:x}}}"),
    "U+XXXX throughout": each("U+{:04X} "),
    "hex of base64": lambda secret: base_64(secret).encode().hex(),
}
"""Name -> what a service makes of a secret."""


MAX_PIECE = 2000


def readable(text: str, secret: str) -> list[str]:
    """Return what can be read of a secret in a text: parts of 10 characters, in a view of the text and of the secret.

    This is written without a look at the product's own way to find them.
    """
    windows = {part for form in (core(secret), unquote(core(secret))) for part in parts(squeezed(form))}
    # A paragraph of output is read as one text, so that a secret in lines is found; most paragraphs come often.
    pieces = dict.fromkeys(piece for paragraph in text.split("\n\n") for piece in (paragraph, *paragraph.splitlines()))
    return [part for piece in pieces for part in windows & readable_parts(piece)]


@lru_cache(maxsize=500)
def readable_parts(piece: str) -> frozenset[str]:
    """Return the parts of 10 characters of all views. Most pieces come again, with each command and secret."""
    depth = 2 if len(piece) < MAX_PIECE else 0
    return frozenset(part for view in views(piece, depth) for part in parts(view))


def parts(text: str) -> list[str]:
    return [text[start : start + 10] for start in range(len(text) - 9)]


def squeezed(text: str) -> str:
    return unicodedata.normalize("NFKD", text).casefold().translate(SHOWN)


class _Shown(dict[int, int | None]):
    """A table for `str.translate` without what nobody sees. A character is judged once."""

    def __missing__(self, code: int) -> int | None:
        char = chr(code)
        is_shown = char.isprintable() and not char.isspace() and not unicodedata.combining(char)
        self[code] = code if is_shown else None
        return self[code]


SHOWN = _Shown()


def views(text: str, depth: int = 2) -> Iterator[str]:
    for turned in (text, text[::-1]):
        yield squeezed(turned)
    if not depth:
        return
    steps: list[Callable[[str], str]] = [
        unquote,
        html.unescape,
        lambda part: re.sub(r"\\+u\{?([0-9a-fA-F]{4})\}?|\\+x([0-9a-fA-F]{2})", _char, part),
        lambda part: re.sub(r"\\+([/\"\\])", r"\1", part),
    ]
    for step in steps:
        if (further := step(text)) != text:
            yield from views(further, depth - 1)
    for run in re.findall(r"[A-Za-z0-9+/_-]{16,}", "".join(text.split())):
        for start in range(4):
            cut = run[start:].translate(str.maketrans("-_", "+/"))
            yield squeezed(base64.b64decode(cut[: len(cut) // 4 * 4]).decode("latin-1").replace("\0", ""))
    for run in re.findall(r"(?:[0-9a-fA-F]{2}){10,}", "".join(text.split())):
        yield squeezed(bytes.fromhex(run).decode("latin-1"))


def _char(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2], 16))
