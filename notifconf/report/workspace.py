"""A live state as the YAML text of a workspace. PyYAML writes what is read again; the comments are ours."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

import yaml

from notifconf.model.diagnostic import shows
from notifconf.model.resource import Secret, Value
from notifconf.model.views import Entry, Exported, Section, Variable
from notifconf.report.style import printable

SCHEMA = "notifconf-v1.schema.json"
TAG = "tag:yaml.org,2002:"

HEAD = "The live state, as `notifconf export` found it: a plan of it shows no change."
SECRETS = "Set these before a plan. Their values are secrets: `notifconf export` writes them nowhere."
PROTECTED = "What is left out stays as it is, in mode sync too."


def workspace_text(exported: Exported) -> str:
    """Return the workspace as one file."""
    sections = "".join("\n" + _section(section) for section in exported.sections)
    policy = _policy(exported)
    return _head(exported.provider, exported.variables) + sections + (f"\n{policy}" if policy else "")


def workspace_files(exported: Exported) -> Mapping[str, str]:
    """Return the workspace as several files, by name: one for each section, and one for a policy if there is one.

    The first one lists the variables.
    """
    texts = {section.name: _section(section) for section in exported.sections}
    if policy := _policy(exported):
        texts["policy"] = policy
    heads = [_head(exported.provider, exported.variables), *[_head(exported.provider)] * (len(texts) - 1)]
    return {f"{name}.yaml": f"{head}\n{text}" for head, (name, text) in zip(heads, texts.items(), strict=True)}


def variable_lines(variables: Iterable[Variable]) -> Iterator[str]:
    """Yield a line for each variable, without its value."""
    for variable in variables:
        yield f"{variable.name}=  # {variable.purpose}"


def _head(provider: str, variables: Sequence[Variable] = ()) -> str:
    lines = [f"# yaml-language-server: $schema={SCHEMA}", _comment(HEAD)]
    if variables:
        lines += [_comment(SECRETS), *(_comment(f"  {line}") for line in variable_lines(variables))]
    return "\n".join([*lines, "version: 1", f"provider: {provider}", ""])


def _section(section: Section) -> str:
    left_out = "".join(f"{_comment(sentence)}\n" for sentence in (*section.comments, *section.left_out))
    if not section.entries:
        return f"{left_out}{section.name}: {'{}' if section.is_mapping else '[]'}\n"
    gap = "\n" if left_out else ""
    return f"{section.name}:\n" + _indented(left_out + gap + "".join(map(_entry, section.entries)))


def _entry(entry: Entry) -> str:
    comments = "".join(f"{_comment(text)}\n" for text in entry.comments)
    return comments + _yaml({entry.key: entry.members} if entry.key else (entry.members,))


def _policy(exported: Exported) -> str:
    members = "" if exported.owner is None else _yaml({"owner": exported.owner})
    if exported.protected:
        members += f"{_comment(PROTECTED)}\n{_yaml({'protected': exported.protected})}"
    return f"policy:\n{_indented(members)}" if members else ""


def _comment(text: str) -> str:
    """Return one line of comment, whatever the text is: names and descriptions come from outside."""
    return f"# {printable(text)}"


def _indented(text: str) -> str:
    return textwrap.indent(text, "  ")


class _Dumper(yaml.SafeDumper):
    """Indents the items of a list in a mapping, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 -- PyYAML's signature
        super().increase_indent(flow, indentless=False)


def _yaml(value: Value) -> str:
    """Return an entry in block style, its innermost lists and mappings in flow style, no line wrapped."""
    node = _node(value, blocks=2)
    text = str(yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=sys.maxsize))
    if shows(text.replace("\n", "")):
        return text
    # PyYAML takes for printable what turns text around, or hides it: nobody could review that.
    return str(yaml.serialize(node, Dumper=_Dumper, allow_unicode=False, width=sys.maxsize))


def _node(value: Value, *, blocks: int = 0) -> yaml.Node:
    """Return a value as PyYAML's emitter takes it; its outer levels, `blocks` of them, in block style."""
    if isinstance(value, Mapping):
        pairs = [(_node(name), _node(member, blocks=blocks - 1)) for name, member in value.items()]
        return yaml.MappingNode(f"{TAG}map", pairs, flow_style=_is_flow(value.values(), blocks))
    if isinstance(value, tuple):
        items = [_node(item, blocks=blocks - 1) for item in value]
        return yaml.SequenceNode(f"{TAG}seq", items, flow_style=_is_flow(value, blocks))
    if isinstance(value, Secret):
        return yaml.ScalarNode(f"{TAG}str", value.expression or "", style='"')
    if isinstance(value, str):
        # A text that isn't printable takes several lines unless it is in double quotes.
        style = None if shows(value) else '"'
        return yaml.ScalarNode(f"{TAG}str", value.replace("${", "$${"), style=style)
    return yaml.ScalarNode(f"{TAG}bool", "true" if value else "false")


def _is_flow(items: Iterable[Value], blocks: int) -> bool:
    return blocks <= 0 and not any(isinstance(item, Mapping | tuple) for item in items)
