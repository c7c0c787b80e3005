"""`notifconf completion`: the script that lets a shell complete commands, options, files and addresses.

Addresses come from a workspace, which somebody else may have written, so they may hold anything that a shell acts on:
`$(…)`, quotes, newlines. None of it may reach the command line unquoted.

- Each script hands over the line up to the cursor. `_read_line` reads it as the shell does: it finds the words, and the
  quote that is open at the cursor.
- zsh and fish quote a candidate themselves, for the quote that is open. bash does not: `_quote_for_bash` does.
- Each answer ends with a NUL byte for zsh and fish, so that a newline in a candidate is part of it. For bash a quoted
  candidate holds no newline, and each answer is a line.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
    shell_complete,
)

from notifconf.cli.console import Console
from notifconf.cli.options import command
from notifconf.cli.process import COMPLETION_VARIABLE, ExitCode

PROGRAM = "notifconf"

# Readline replaces "$2" alone: what follows a word break or the quote that was opened last.
BASH_SCRIPT = """\
%(complete_func)s() {
    local completion
    COMPREPLY=()
    while IFS= read -r completion; do
        case $completion in
            dir,*) compopt -o dirnames ;;
            file,*) compopt -o default ;;
            plain,*) COMPREPLY+=("${completion#plain,}") ;;
        esac
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_REPLACED="$2" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

# The words are unquoted and quoted again, so that all of them have the one form that notifconf reads. Without
# compinit there is no compdef: that is looked at when .zshrc is done, as compinit may come later in it.
ZSH_SCRIPT = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local completion current open=${compstate[quote]}
    local -a before values described
    before=("${(@Q)words[1,CURRENT-1]}")
    current=${(Q)${:-$open$PREFIX$open}}
    for completion in "${(@0)$(COMP_LINE="${(j: :)${(@q)before}} ${(q)current}" \\
        %(complete_var)s=zsh_complete "${before[1]}" 2>/dev/null)}"; do
        case $completion in
            dir,*) _path_files -/ ;;
            file,*) _path_files -f ;;
            plain,*) values+=("${completion#plain,}") ;;
            described,*) described+=("${completion#described,}") ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#values )) && compadd -U -V unsorted -a values
}

%(complete_func)s_register() {
    precmd_functions=(${precmd_functions:#%(complete_func)s_register})
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
    compdef %(complete_func)s %(prog_name)s
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
elif (( $+functions[compdef] )); then
    compdef %(complete_func)s %(prog_name)s
else
    precmd_functions+=(%(complete_func)s_register)
fi
"""

FISH_SCRIPT = """\
function %(complete_func)s
    set -l answers (env COMP_LINE=(commandline -cp | string collect) %(complete_var)s=fish_complete \\
        %(prog_name)s 2>/dev/null | string split0)
    for index in (seq 1 2 (count $answers))
        switch $answers[$index]
            case dir
                printf '%%s\\0' (__fish_complete_directories (commandline -ct))
            case file
                printf '%%s\\0' (__fish_complete_path (commandline -ct))
            case plain
                printf '%%s\\0' $answers[(math $index + 1)]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s | string split0)"
"""


@command(formats=["text"])
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str, *, console: Console) -> ExitCode:
    """Print the script that makes a shell complete commands.

    Commands, options, files, and from the workspace the addresses for --target and --exclude; the service is never
    asked. Put the line of the example into ~/.bashrc. For zsh, put it into ~/.zshrc with zsh in place of bash. For
    fish, write the script to ~/.config/fish/completions/notifconf.fish.

    \b
    Example:
      eval "$(notifconf completion bash)"
    """
    root = click.get_current_context().find_root().command
    complete = get_completion_class(shell)
    if complete is not None:
        console.result(complete(root, {}, PROGRAM, COMPLETION_VARIABLE).source())
    return ExitCode.DONE


def answer(root: click.Command, instruction: str) -> int:
    """Tell a shell what may come next, and nothing else: whatever is wrong, it is said when the command is run."""
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 -- it stays open until the process ends
    return shell_complete(root, {}, PROGRAM, COMPLETION_VARIABLE, instruction)


def _make_syntax(*, single: str, escaped: str) -> re.Pattern[str]:
    """Return the pattern of a piece of a line: blanks, a part in quotes, or a part outside of quotes."""
    return re.compile(
        rf"""
        (?P<blank>\s+)
        | \$'(?P<ansi>(?:[^'\\]|\\.)*)(?P<ansi_end>'?)
        | '(?P<single>{single})(?P<single_end>'?)
        | \$?"(?P<double>(?:[^"\\]|\\.)*)(?P<double_end>"?)
        | \\(?P<escaped>{escaped})
        | (?P<plain>[^\s'"\\$]+|\$)
        """,
        re.VERBOSE | re.DOTALL,
    )


POSIX = _make_syntax(single=r"[^']*", escaped=r".?")
FISH = _make_syntax(single=r"(?:[^'\\]|\\.)*", escaped=r"(?:[xX][0-9a-fA-F]{2}|.)?")

ESCAPE = re.compile(r"\\([xX][0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _decode_escape(match: re.Match[str]) -> str:
    """Return the character that an escape of `$'…'` means."""
    code = match[1]
    if code[0] in "xX" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if code[0] in "01234567" else ESCAPED.get(code, code)


def _read_line(line: str, syntax: re.Pattern[str]) -> tuple[list[str], str]:
    """Return the words of a line, the last one as far as it goes, and the quote that is open at its end."""
    words = [""]
    opened = ""
    for piece in syntax.finditer(line.lstrip()):
        if piece["blank"]:
            words.append("")
        elif piece["ansi"] is not None:
            words[-1] += ESCAPE.sub(_decode_escape, piece["ansi"])
            opened = "" if piece["ansi_end"] else "$'"
        elif piece["single"] is not None:
            words[-1] += re.sub(r"\\([\\'])", r"\1", piece["single"]) if syntax is FISH else piece["single"]
            opened = "" if piece["single_end"] else "'"
        elif piece["double"] is not None:
            words[-1] += re.sub(r'\\([$`"\\])', r"\1", piece["double"])
            opened = "" if piece["double_end"] else '"'
        elif piece["escaped"] and syntax is FISH:
            words[-1] += ESCAPE.sub(_decode_escape, "\\" + piece["escaped"])
        else:
            words[-1] += piece["escaped"] or piece["plain"] or ""
    return words, opened


ACTED_ON = {
    "": re.compile(r"[^\w@%+=:,./-]"),
    "'": re.compile(r"['!\x00-\x1f\x7f]"),
    '"': re.compile(r'["$`\\!\x00-\x1f\x7f]'),
    "$'": re.compile(r"['\\!\x00-\x1f\x7f]"),
}
"""What may not stand as it is, by the quote that is open. `!` always is: bash looks for history in quotes too."""

TAKES_BACKSLASH = {"": "", "'": "", '"': '"$`\\', "$'": "'\\"}
"""What a backslash quotes inside of that quote. For all else the quote is closed before it and opened after it."""


def _quote_for_bash(text: str, opened: str) -> str:
    """Quote the rest of a word in which this quote is open.

    bash closes the quote, unless the last character looks as if that had been done.
    """
    closing = opened[-1:]

    def quote(match: re.Match[str]) -> str:
        char = match[0]
        if char in TAKES_BACKSLASH[opened]:
            return f"\\{char}"
        outside = f"$'\\x{ord(char):02x}'" if char < " " or char == "\x7f" else f"\\{char}"
        return closing + outside + opened

    quoted = ACTED_ON[opened].sub(quote, text)
    return quoted + closing if opened and quoted.endswith(closing) else quoted


class LineComplete(ShellComplete):
    """Completes the line that a script hands over; each answer is the whole word, with its type in front."""

    end = "\0"
    syntax = POSIX

    def get_completion_args(self) -> tuple[list[str], str]:
        """Read the words that are complete, and the one that is not."""
        words, _ = _read_line(os.environ["COMP_LINE"], self.syntax)
        name, equals, _ = words[-1].partition("=")
        self._option = name + equals if equals and name.startswith("--") else ""
        return words[1:-1], words[-1]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Give the type and the word."""
        return f"{item.type},{self._option}{item.value}"

    def complete(self) -> str:
        """Give all answers."""
        words, last = self.get_completion_args()
        return "".join(f"{self.format_completion(item)}{self.end}" for item in self.get_completions(words, last))


class BashComplete(LineComplete):
    """Completes in bash, which puts an answer into the line as it is, in the place of a part of the word."""

    name = "bash"
    source_template = BASH_SCRIPT
    end = "\n"

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Give what comes after the part of the word that bash keeps."""
        if item.type != "plain":
            return f"{item.type},"
        line = os.environ["COMP_LINE"].removesuffix(os.environ["COMP_REPLACED"])
        before, opened = _read_line(line, self.syntax)
        rest = f"{self._option}{item.value}"[len(before[-1]) :]
        return f"plain,{_quote_for_bash(rest, opened)}"


class ZshComplete(LineComplete):
    """Completes in zsh, which quotes by itself."""

    name = "zsh"
    source_template = ZSH_SCRIPT

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Give the description too if there is one: a colon parts the two."""
        if not item.help:
            return super().format_completion(item)
        value = re.sub(r"([\\:])", r"\\\1", str(item.value))
        return f"described,{value}:{item.help}"


class FishComplete(LineComplete):
    """Completes in fish, which quotes by itself."""

    name = "fish"
    source_template = FISH_SCRIPT
    syntax = FISH

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Give the description too if there is one: a tab parts the two, so fish takes no word that holds one."""
        if "\t" in str(item.value):
            return "left-out\0"
        described = f"\t{item.help}" if item.help else ""
        return f"{item.type}\0{self._option}{item.value}{described}"


for complete_class in (BashComplete, ZshComplete, FishComplete):
    add_completion_class(complete_class)
