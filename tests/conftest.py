"""What holds for all tests."""

from __future__ import annotations

import freezegun
from hypothesis import HealthCheck, settings

# A frozen clock is for what is tested: the loops of emulators that serve in threads of this process must go on.
freezegun.configure(extend_ignore_list=["asyncio", "uvicorn"])

# How fast a machine is, which may do other work beside, says nothing of what is tested.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
