"""The command's entry, also of `python -m notifconf`: from here on a signal ends it with one line.

The command line takes a moment to import. Until it can handle signals itself, it must neither die of one nor show a
traceback. Importing the library installs no handler.
"""

# Not from `signal`: importing that takes milliseconds, in which nothing would handle one yet.
import os
from _signal import SIG_DFL, SIGINT, SIGTERM, default_int_handler, getsignal, signal  # type: ignore[import-not-found]


def _end(*_: object) -> None:
    """Say that nothing was changed, and end without running anything else."""
    try:
        os.write(2, b"Interrupted: nothing was changed.\n")
    finally:
        os._exit(130)


# What the parent process ignores (as a shell does for a job in the background) stays ignored.
for _number in (SIGINT, SIGTERM):
    if getsignal(_number) in (SIG_DFL, default_int_handler):
        signal(_number, _end)


def main() -> None:
    """Run the command line and exit."""
    from notifconf.cli.main import main as run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
