"""Plans and outcomes to render: a plausible one, and arbitrary ones full of text that would like to be more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields as members
from dataclasses import is_dataclass, replace
from typing import Any, cast

from hypothesis import strategies as st

from notifconf.model.diagnostic import Diagnostic, Position
from notifconf.model.plan import (
    Action,
    Change,
    ChangeOutcome,
    Difference,
    Outcome,
    Plan,
    PlanValue,
    Reference,
    Result,
    Sensitive,
    Silence,
    Unmanaged,
)
from notifconf.model.policy import Mode
from notifconf.report import Report

KINDS = ("integration", "subscription", "resource-preference", "resource-subscription", "event-subscription")


def created(name: str = "slack", **more: Any) -> Change:
    after: dict[str, PlanValue] = {"display_name": name, "target": {"kind": "Slack", "webhook_url": Sensitive()}}
    return Change(Action.CREATE, "integration", f"integrations/{name}", None, None, after, **more)


def updated(name: str = "Cluster lost", **more: Any) -> Change:
    before: dict[str, PlanValue] = {"integrations": (Reference("i-1", "Mail"),), "current_state": "ENABLED"}
    after: dict[str, PlanValue] = {"integrations": (Reference("i-2", "Slack"),), "current_state": "ENABLED"}
    return Change(
        Action.UPDATE,
        "subscription",
        f"subscriptions/{name}",
        "s-1",
        before,
        after,
        changed=("integrations",),
        differences=(Difference("/integrations", before["integrations"], after["integrations"]),),
        **more,
    )


def deleted(name: str = "Old", **more: Any) -> Change:
    return Change(
        Action.DELETE, "integration", f"integrations/{name}", "i-9", {"display_name": name, "x": None}, None, **more
    )


def planned(*changes: Change, **more: Any) -> Plan:
    return Plan("confluent", changes=changes, mode=Mode.UPSERT_ONLY, **more)


def applied(*results: tuple[Change, Result, str | None], **more: Any) -> Outcome:
    plan = planned(*(change for change, _, _ in results))
    became = tuple(ChangeOutcome(change, result, change.id or "i-new", error) for change, result, error in results)
    return Outcome(plan, became, **{"remaining": planned(), **more})


def report_of(subject: Plan | Outcome, **more: Any) -> Report:
    return Report(subject, **more) if isinstance(subject, Plan) else Report(subject.plan, subject, **more)


def mapped(value: Any, to: Callable[[str], str]) -> Any:
    """The same report with every text from outside replaced: what is ours (actions, kinds, codes) stays."""
    if isinstance(value, Position):
        return Position(to(value.file), value.line, value.column)
    if is_dataclass(value) and not isinstance(value, type):
        changed = _map_members(value, [item.name for item in members(value)], to)
        if isinstance(value, Change):
            changed["address"] = "/".join(map(to, value.address.split("/", 1)))
        return replace(value, **changed)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return cast("Any", value)._replace(**_map_members(value, value._fields, to))
    if isinstance(value, Mapping):
        return {f"{index}{to(name)}": mapped(member, to) for index, (name, member) in enumerate(value.items())}
    if isinstance(value, tuple):
        return tuple(mapped(item, to) for item in value)
    return to(value) if type(value) is str else value


def _map_members(value: Any, names: Iterable[str], to: Callable[[str], str]) -> dict[str, Any]:
    ours = {"kind", "severity", "code", "mode", "provider", "blocked", "folder", "digest"}
    return {name: mapped(getattr(value, name), to) for name in names if name not in ours}


HOSTILE = (
    "<script>alert(1)</script>",
    "</script>",
    "</summary></details><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "</style></title></code>",
    "-->",
    "<!--",
    "<![CDATA[",
    "&lt;b&gt;",
    "&#64;octocat",
    "@octocat",
    "@org/team",
    "octo@example.com",
    "#12",
    "GH-12",
    "https://evil.example/?a=b",
    "www.evil.example",
    "![x](https://evil.example)",
    "[x](javascript:alert(1))",
    "[x]: https://evil.example",
    "`",
    "``",
    "````",
    "~~~",
    "|a|b|",
    "**bold**",
    "# head",
    "> quote",
    "1. one",
    "- item",
    "***",
    "$x^2$",
    ":tada:",
    "    code",
    "::error::hello",
    "::set-output name=a::b",
    "  ::stop-commands::x",
    "##[add-mask]a",
    "###[error]",
    "%0A::error::x",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "\n",
    "\r\n",
    "\r::error::x",
    "\t",
    "\x00",
    "\x1b[31m",
    "\x85",
    "\u2028",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\ud800",
    "\\",
    " ",
    "",
)
texts = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12), st.text("`<>&\"'@#:|\\\n ", max_size=8)), max_size=4
).map("".join)
words = texts.filter(str.strip)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        texts,
        st.builds(Reference, texts, texts),
        st.builds(Sensitive, st.booleans()),
    ),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)
attributes = st.dictionaries(texts, st.one_of(values, st.dictionaries(texts, values, max_size=2)), max_size=3)
positions = st.none() | st.builds(Position, texts, st.integers(1, 999), st.integers(1, 999))
kinds = st.sampled_from(KINDS)
blocks = st.none() | st.sampled_from(("protected", "required-type"))
changes = st.one_of(
    st.builds(
        Change,
        st.just(Action.CREATE),
        kinds,
        texts,
        st.none(),
        st.none(),
        attributes,
        blocked=blocks,
        position=positions,
    ),
    st.builds(
        Change,
        st.just(Action.UPDATE),
        kinds,
        texts,
        texts,
        attributes,
        attributes,
        changed=st.lists(texts, max_size=2).map(tuple),
        differences=st.lists(st.builds(Difference, texts.map(lambda text: f"/{text}"), values, values), max_size=3).map(
            tuple
        ),
        blocked=blocks,
        position=positions,
    ),
    st.builds(Change, st.just(Action.DELETE), kinds, texts, texts, attributes, st.none(), position=positions),
)
diagnostics = st.builds(
    Diagnostic,
    st.sampled_from(("error", "warning")),
    st.sampled_from(("protected", "max-deletes", "expired-mute")),
    texts,
    positions,
    texts,
)
plans = st.builds(
    Plan,
    st.sampled_from(("confluent", "")),
    changes=st.lists(changes, max_size=4).map(tuple),
    unmanaged=st.lists(st.builds(Unmanaged, texts, kinds, texts, st.just("required")), max_size=2).map(tuple),
    silences=st.lists(st.builds(Silence, texts, words), max_size=2).map(tuple),
    diagnostics=st.lists(diagnostics, max_size=3).map(tuple),
    mode=st.sampled_from(Mode),
    digest=st.sampled_from(("", "0123456789abcdef" * 4)),
)


@st.composite
def outcomes(draw):
    plan = draw(plans)
    became = tuple(
        ChangeOutcome(change, result, draw(st.none() | texts), None if result is Result.APPLIED else draw(words))
        for change in plan.changes
        for result in [draw(st.sampled_from(Result))]
    )
    trouble = draw(st.none() | texts)
    remaining = None if trouble is not None else replace(plan, changes=plan.changes[:2])
    found = tuple(draw(st.lists(diagnostics, max_size=1)))
    return Outcome(plan, became, found, remaining, trouble, interrupted=draw(st.booleans()))


reports = st.one_of(plans, outcomes()).map(report_of)


def harmless(report: Report) -> Report:
    """The same report in plain words: equal texts stay equal, different ones different, and lines are kept.

    The parts of an address stay equal to the values that they are equal to.
    """
    words: dict[str, str] = {}

    def plain(text: str) -> str:
        *before, last = (text + ".").splitlines()
        lines = ["w" if line else "" for line in before] + ["w" if last != "." else ""]
        lines[-1 if lines[-1] else 0] = words.setdefault(text, f"w{len(words)}") if text else ""
        return "\n".join(lines)

    def to(text: str) -> str:
        return "#".join(map(plain, text.split("#")))

    changed: Report = mapped(report, to)
    return changed._replace(verdict=report.verdict)  # ours, not from outside


def _tricks() -> tuple[Report, Report]:
    """Every hostile text in every place where a text can stand, as a plan and as an outcome: no luck is needed."""
    tricks = [text for text in HOSTILE if text.strip()]
    plan = Plan(
        "confluent",
        changes=(
            *(created(text, position=Position(text, 1, 1)) for text in tricks),
            *(updated(text) for text in tricks),
            *(
                Change(Action.UPDATE, KINDS[0], "a", text, {}, {}, (text,), (Difference(f"/{text}", text, (text,)),))
                for text in tricks
            ),
            *(replace(deleted(text), before={text: {text: text}}, id=text) for text in tricks),
        ),
        unmanaged=tuple(Unmanaged(text, KINDS[0], text, "required") for text in tricks),
        silences=tuple(Silence(text, text) for text in tricks),
        diagnostics=tuple(Diagnostic("error", "protected", text, Position(text, 1, 1), text) for text in tricks),
        mode=Mode.SYNC,
    )
    became = tuple(ChangeOutcome(change, Result.FAILED, change.id, change.address) for change in plan.changes)
    return report_of(plan), report_of(Outcome(plan, became, plan.diagnostics, plan, interrupted=True))


TRICKS, TRICKS_APPLIED = _tricks()
