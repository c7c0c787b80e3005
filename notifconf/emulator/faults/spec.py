"""Which requests go wrong, and how.

A fault is written `KIND[:method=GLOB][:path=GLOB][:nth=N|:every=N|:p=0.1][:times=N][:OPTION=VALUE]`, for
example `503:method=POST:path=*/integrations:nth=2`. `path` is matched against the path, and against the path
with its decoded query. Without `nth`, `every` or `p` every matching request goes wrong; `nth` is the first of
`times` (1, if not given) consecutive ones.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STATUSES = (400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504)

KINDS = {
    "reset-before": "the connection is reset before the request takes effect",
    "reset-after": "the connection is reset when the request has taken effect, before any answer",
    "cut": "the request takes effect; the connection is reset in the middle of the answer",
    "hang": "there is never an answer, and no effect",
    "hang-after": "the request takes effect; there is never an answer",
    "429-retry-after": "429 with Retry-After (`seconds`, default 1); no effect",
    "empty": "the request takes effect; the answer has no body",
    "truncated": "the request takes effect; half of the body is missing",
    "html": "the request takes effect; the body is a web page",
    "wrong-type": "the request takes effect; the body is JSON of another shape",
    "repeat-page": "a page of a list behind the first holds the objects of the page before it",
    "loop-token": "the token of the next page leads back to the first, again and again",
    "vanish": "the object that is read, changed or deleted is gone just before",
    "lag": "an object that is created is missing in the next `lists` lists (default 1)",
    "meddle": "someone else makes a change just before: a twin of what is created, another state of what is"
    " changed or deleted, one integration or event subscription more in a list of those",
}
KINDS |= {str(status): f"{status}; no effect" for status in STATUSES}
KINDS |= {f"{status}-after": f"the request takes effect; the answer is {status}" for status in STATUSES}

OPTION = re.compile(r":(?=(?:method|path|nth|every|p|times|seconds|lists|seed)=)")


@dataclass(slots=True)
class Fault:
    """One way to go wrong, and the count of what it has done.

    Attributes:
        kind: one of KINDS.
        method: a glob.
        path: a glob.
        nth: the first request of those that match, from 1, that goes wrong.
        every: each request whose number is divisible by it goes wrong.
        p: the probability that a request goes wrong.
        times: how many requests go wrong at most.
        seconds: what `429-retry-after` asks to wait.
        lists: how many lists `lag` goes on for.
        seed: makes `p` repeatable.
        action: what `meddle` does, in tests that bring their own.
        seen: how many requests have matched.
        fired: how many of them went wrong.
    """

    kind: str
    method: str = "*"
    path: str = "*"
    nth: int | None = None
    every: int | None = None
    p: float | None = None
    times: int | None = None
    seconds: int = 1
    lists: int = 1
    seed: int | None = None
    action: Callable[[], None] | None = None
    seen: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)
    _random: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}: one of {', '.join(sorted(KINDS))}")
        if sum(value is not None for value in (self.nth, self.every, self.p)) > 1:
            raise ValueError("nth, every and p exclude each other")
        self._random = random.Random(self.seed)  # noqa: S311 - chance, not cryptography
        if self.nth is not None and self.times is None:
            self.times = 1

    def __str__(self) -> str:
        options = {
            "method": None if self.method == "*" else self.method,
            "path": None if self.path == "*" else self.path,
            "nth": self.nth,
            "every": self.every,
            "p": self.p,
            "times": None if self.nth is not None and self.times == 1 else self.times,
            "seconds": None if self.seconds == 1 else self.seconds,
            "lists": None if self.lists == 1 else self.lists,
            "seed": self.seed,
        }
        return self.kind + "".join(f":{name}={value}" for name, value in options.items() if value is not None)

    def sees(self, method: str, path: str, query: str) -> bool:
        """Counts a request that matches, and says whether it is one to go wrong; `query` is decoded."""
        if not fnmatchcase(method, self.method):
            return False
        if not fnmatchcase(path, self.path) and not fnmatchcase(f"{path}?{query}", self.path):
            return False
        self.seen += 1
        return (self.times is None or self.fired < self.times) and self._is_due()

    def _is_due(self) -> bool:
        if self.nth is not None:
            return self.seen >= self.nth
        if self.every is not None:
            return self.seen % self.every == 0
        return self.p is None or self._random.random() < self.p


def parse_fault(spec: str) -> Fault:
    """The fault that a specification describes. Raises ValueError, which says what is wrong with it."""
    kind, *options = OPTION.split(spec)
    if kind not in KINDS:
        kind, _, rest = kind.partition(":")
        if kind in KINDS:
            raise ValueError(f"fault {spec!r}: {rest!r} is no option: {OPTION_NAMES}")
        raise ValueError(f"fault {spec!r}: unknown kind {kind!r}: one of {', '.join(sorted(KINDS))}")
    values: dict[str, str | int | float] = {}
    for option in options:
        name, _, text = option.partition("=")
        if name in values:
            raise ValueError(f"fault {spec!r}: {name} stands twice")
        values[name] = _value(spec, name, text)
    try:
        return Fault(kind, **values)  # type: ignore[arg-type]  # _value makes each of its option's type
    except ValueError as error:
        raise ValueError(f"fault {spec!r}: {error}") from error


OPTION_NAMES = "method, path, nth, every, p, times, seconds, lists, seed"


def _value(spec: str, name: str, text: str) -> str | int | float:
    if name == "method":
        return text.upper()
    if name == "path":
        return text
    if name == "p":
        try:
            probability = float(text)
        except ValueError:
            probability = -1.0
        if not 0 <= probability <= 1:
            raise ValueError(f"fault {spec!r}: p must be a number from 0 to 1, not {text!r}")
        return probability
    low = 0 if name in {"seconds", "seed"} else 1
    if not (text.isascii() and text.isdigit() and len(text) < len(str(2**63)) and int(text) >= low):
        raise ValueError(f"fault {spec!r}: {name} must be a whole number from {low}, not {text!r}")
    return int(text)
