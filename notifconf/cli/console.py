"""Where a command's words go: results to standard output (or a file), everything else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from notifconf.errors import UsageError, WorkspaceError

if TYPE_CHECKING:
    from notifconf.model import Diagnostic
    from notifconf.report.style import Line

MACHINE_FORMATS = frozenset({"json"})


@dataclass(slots=True)
class Console:
    """How a command talks: `format` of its result, the file that takes it, and how much is said beside it."""

    format: str = "text"
    output: Path | None = None
    color: bool = True
    verbose: bool = False
    quiet: bool = False
    _begun: bool = field(default=False, init=False)

    @property
    def machine(self) -> bool:
        """Whether standard output belongs to a machine."""
        return self.format in MACHINE_FORMATS

    def result(self, text: str) -> None:
        """Write the result, or a further part of it, as it is. Raises `UsageError` where its file can't be written."""
        if self.output is None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        try:
            with self.output.open("a" if self._begun else "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise UsageError(f"can't write {self.output}: {error.strerror}") from error
        self._begun = True

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines as the result."""
        from notifconf.report.style import plain_text

        self.result(plain_text(lines))

    def aside(self, lines: Iterable[Line]) -> None:
        """Write lines for a person, beside the result."""
        from notifconf.report.style import plain_text

        sys.stderr.write(plain_text(lines))
        sys.stderr.flush()

    def note(self, message: str) -> None:
        """Say something that a quiet command leaves out."""
        if not self.quiet:
            from notifconf.report.style import line

            self.aside([line(message)])

    def diagnostics(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Show diagnostics; a quiet command shows errors alone."""
        from notifconf.report.text import diagnostic_lines

        self.aside(diagnostic_lines(item for item in diagnostics if item.severity == "error" or not self.quiet))

    def failure(self, error: Exception) -> None:
        """Show why a command ends: on standard error, and in a machine's format as a result without changes."""
        from notifconf.model.diagnostic import Diagnostic

        if isinstance(error, WorkspaceError):
            self.diagnostics(error.diagnostics)
            diagnostics = error.diagnostics
        else:
            from notifconf.report.style import Span, line

            self.aside([line(Span("error:", "error"), f" {error}")])
            code = "usage" if isinstance(error, UsageError) else "service"
            diagnostics = (Diagnostic("error", code, str(error)),)
        if self.format == "json":
            from notifconf.report.json import diagnostics_json

            self.result(diagnostics_json(None, diagnostics))
