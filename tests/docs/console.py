"""The commands of a page of the documentation: found, run with one shell, and compared with what the page shows.

A page's blocks with a title (```` ```yaml title="notifconf.yaml" ````) are files; its console blocks are commands,
each behind `$ `, with their output. All of a page run in one new folder with one shell, in their order, and reach the
embedded emulator. A line `…` stands for any lines; ids and times are not compared.

    python -m tests.docs.console PAGE…    runs the pages, and writes down what their commands print now
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n", re.MULTILINE)
ELSEWHERE = re.compile(r"(python3 -m venv|git|make|pip|pipx|docker|kubectl|pre-commit)\b|.*=…")
"""Commands that need what is not here: they are not run."""

SECRETS = ("ONCALL_URL", "PLATFORM_SLACK_URL", "DATA_TEAMS_URL", "WEBHOOK_URL", "SLACK_WEBHOOK_URL", "PAGER_URL")
HERE = "/srv/notifications"
"""What stands for the folder in which the commands run."""

END, ENDED = "\x1e", "( code=$?; printf '\\036'; exit $code )"

CHANGING = (
    (re.compile(r"\b(nt|i|s|rp|rs|u)-[0-9A-Za-z]{5,6}\b"), r"\1-ID"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "TIME"),
    (re.compile(r"\(in \d+ (day|hour|minute)s?\)"), "(in N days)"),
    (re.compile(r"(_seconds(?:\{[^}]*\})?) [\d.e+-]+$", re.MULTILINE), r"\1 NUMBER"),
    (re.compile(r"\bfingerprint\S+"), "FINGERPRINT"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)


@dataclass(frozen=True)
class Step:
    """A command of a page, or a file that it shows: `shown` is what the page says that it prints."""

    script: str
    shown: str
    start: int
    end: int


def steps_of(page: str) -> list[Step]:
    """Return what is to be done, in the page's order; `start` and `end` are where the output stands."""
    found: list[Step] = []
    for block in BLOCK.finditer(page):
        if block["title"]:
            folder = os.path.dirname(block["title"]) or "."  # noqa: PTH120
            script = f"mkdir -p {folder} && cat > {block['title']} <<'END-OF-FILE'\n{block['text']}END-OF-FILE"
            found.append(Step(script, "", block.end(), block.end()))
        elif block["language"] == "console":
            commands = list(COMMAND.finditer(block["text"]))
            ends = [*(command.start() for command in commands[1:]), len(block["text"])]
            begin = block.start("text")
            for command, end in zip(commands, ends, strict=True):
                if not ELSEWHERE.match(command[1]):
                    shown = block["text"][command.end() : end]
                    found.append(Step(command[1], shown, begin + command.end(), begin + end))
    return found


def run(steps: list[Step], folder: Path) -> list[str]:
    """Run the steps with one shell; answer what each one printed, on either stream."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": os.fspath(folder),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        "CONFLUENT_CLOUD_ENDPOINT": "emulator:",
        "KONNECT_SERVER_URL": "emulator:",
        **{name: f"https://hooks.example.com/canary-{name.lower()}" for name in SECRETS},
    }
    script = "exec 2>&1\n" + "".join(f"{step.script}\n{ENDED}\n" for step in steps)
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout.replace(os.fspath(folder), HERE).split(END)[:-1]


def matches(shown: str, printed: str) -> bool:
    """Say whether a command printed what the page shows."""
    parts = re.split(r"^…\n", normalised(shown), flags=re.MULTILINE)
    return re.fullmatch("(?:.*\n)*?".join(map(re.escape, parts)), normalised(printed)) is not None


def normalised(text: str) -> str:
    for pattern, replacement in CHANGING:
        text = pattern.sub(replacement, text)
    return text if not text or text.endswith("\n") else text + "\n"


def main() -> None:
    for path in map(Path, sys.argv[1:] or map(str, PAGES)):
        page = path.read_text(encoding="utf-8")
        steps = steps_of(page)
        with tempfile.TemporaryDirectory() as folder:
            results = run(steps, Path(folder))
        for step, printed in reversed(list(zip(steps, results, strict=True))):
            if not matches(step.shown, printed):
                page = page[: step.start] + printed + page[step.end :]
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
