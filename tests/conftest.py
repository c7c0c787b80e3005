"""What holds for all tests."""

from __future__ import annotations

import signal

import freezegun
from hypothesis import HealthCheck, settings

# A frozen clock is for what is tested: the loops of emulators that serve in threads of this process must go on.
freezegun.configure(extend_ignore_list=["asyncio", "uvicorn"])

# How fast a machine is, which may do other work beside, says nothing of what is tested.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# In the background of a script, SIGINT is ignored, and so it is in each process that the tests start. With a handler
# here, those begin with the default.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
