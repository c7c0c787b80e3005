"""What holds for all tests."""

from __future__ import annotations

import signal

import freezegun
from hypothesis import HealthCheck, settings

from notifconf.executor import secrets

# A frozen clock is for what is tested: the loops of emulators that serve in threads of this process must go on.
freezegun.configure(extend_ignore_list=["asyncio", "uvicorn"])

# Each run tries the same examples, so that it fails for what was changed alone. `make laws` searches at random, longer.
# How fast a machine is, which may do other work beside, says nothing of what is tested.
COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("usual", COMMON, max_examples=20, derandomize=True, database=None)
settings.register_profile("thorough", COMMON, max_examples=500)
settings.load_profile("usual")

# It takes long by intent to guess a secret of a plan file. That is nothing that most tests need.
USUAL_COST, secrets.COST = secrets.COST, 2

# In the background of a script, SIGINT is ignored, and so it is in each process that the tests start. With a handler
# here, those begin with the default.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
