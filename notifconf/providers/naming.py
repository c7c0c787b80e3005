"""Names for what an export declares: legible, and the same whenever the live state is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from itertools import count

KEY = re.compile(r"[a-z0-9_-]+")
LONGEST_KEY = 64
LONGEST_VARIABLE = 255


def slug(text: str) -> str:
    """Return a text as a key, `Platform alerts` as `platform-alerts`; empty where it has no letter or digit of ASCII.

    What is a key already stays as it is.
    """
    if KEY.fullmatch(text):
        return text[:LONGEST_KEY]
    ascii_text = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", ascii_text).strip("-_")[:LONGEST_KEY]


def variable_name(key: str) -> str:
    """Return the environment variable for the webhook's URL of what goes by `key`, such as ONCALL_WEBHOOK_URL."""
    word = re.sub(r"((^|_)WEBHOOK)?((^|_)URL)?$", "", key.upper().replace("-", "_"))
    name = f"{word}_WEBHOOK_URL" if word else "WEBHOOK_URL"
    return f"_{name}" if name[0].isdigit() else name


def free_name(name: str, taken: Container[str], separator: str, longest: int) -> str:
    """Return `name` or, where that is taken, the name with the first free number behind it; at most `longest` long."""
    if name not in taken:
        return name
    ends = (f"{separator}{number}" for number in count(2))
    return next(free for end in ends if (free := name[: longest - len(end)] + end) not in taken)
