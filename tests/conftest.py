"""What holds for all tests."""

from __future__ import annotations

import freezegun

# A frozen clock is for what is tested: the loops of emulators that serve in threads of this process must go on.
freezegun.configure(extend_ignore_list=["asyncio", "uvicorn"])
