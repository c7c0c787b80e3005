"""The command line: one command a file. The only part of notifconf that prints, asks and exits."""

import gc
import sys

# Almost all objects of a command live until its end. With Python's default of 700 new objects between two searches for
# garbage, these searches take a tenth of the start-up time. A small command makes fewer than these.
gc.set_threshold(100_000, 20, 20)

# httpx imports its own command line if click and rich are installed: more code than all its other modules. None means
# that the module can't be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
