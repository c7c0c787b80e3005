"""`notifconf completion`: the script that lets a shell complete commands, options, files and addresses."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
    get_completion_class,
    shell_complete,
    split_arg_string,
)

from notifconf.cli.exitcode import ExitCode
from notifconf.cli.help import command
from notifconf.cli.options import COMPLETION, console_options

if TYPE_CHECKING:
    from notifconf.cli.console import Console

PROGRAM = "notifconf"

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
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
BREAKS = re.compile(r"[=:@]")
"""Where bash begins a new word, beside blanks and operators: it replaces only what stands behind."""


@command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@console_options("text")
def completion(shell: str, *, console: Console) -> ExitCode:
    """Print the script that makes a shell complete commands.

    Commands, options, files, and from the workspace the addresses for --target and --exclude; the service is never
    asked. Put the line of the example into ~/.bashrc (for zsh, with zsh, into ~/.zshrc); for fish write the script to
    ~/.config/fish/completions/notifconf.fish.

    \b
    Example:
      eval "$(notifconf completion bash)"
    """
    root = click.get_current_context().find_root().command
    complete = get_completion_class(shell)
    if complete is not None:
        console.result(complete(root, {}, PROGRAM, COMPLETION).source())
    return ExitCode.DONE


def answer(root: click.Command, instruction: str) -> int:
    """Tell a shell what may come next, and nothing else: whatever is wrong, it is said when the command is run."""
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 -- it stays open until the process ends
    return shell_complete(root, {}, PROGRAM, COMPLETION, instruction)


class AddressBashComplete(BashComplete):
    """Completes in bash what click's own class can't: words with blanks, quotes and equal signs, as addresses have."""

    source_template = BASH_SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """Split the line as far as the cursor; bash's own words break at equal signs."""
        # With a mark at its end the last word is there even if it is empty, and tells whether a quote is open.
        *words, last = split_arg_string(os.environ["COMP_LINE"] + "\0")
        self._word = last.removesuffix("\0")
        self._quoted = _ends_in_quotes(os.environ["COMP_LINE"])
        return words[1:], self._word

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Give what bash puts in the place of the word that it sees."""
        if item.type != "plain" or self._quoted:
            return f"{item.type},{item.value}"
        word = self._word.partition("=")[2] if self._word.startswith("-") and "=" in self._word else self._word
        seen = BREAKS.split(word)[-1]
        rest = str(item.value)[len(word) - len(seen) :]
        return "plain," + re.sub(r"([^\w@%+=:,./-])", r"\\\1", rest)


class AddressFishComplete(FishComplete):
    """Completes in fish what click's own class cuts: addresses (and descriptions) with a comma in them."""

    source_template = FishComplete.source_template.replace('string split ","', 'string split --max 1 ","')


def _ends_in_quotes(line: str) -> bool:
    """Say whether a quotation mark is open at the end."""
    quote = ""
    characters = iter(line)
    for character in characters:
        if character == "\\" and quote != "'":
            next(characters, "")
        elif character in "\"'" and quote in ("", character):
            quote = "" if quote else character
    return bool(quote)


add_completion_class(AddressBashComplete)
add_completion_class(AddressFishComplete)
