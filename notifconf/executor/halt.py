"""Ending at once: what somebody who asks a second time wants."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unless_halted(work: Coroutine[Any, Any, T], halt: asyncio.Event | None) -> T | None:
    """Return what `work` does, or None once `halt` is set: then it is cancelled, wherever it is."""
    if halt is None:
        return await work
    if halt.is_set():
        work.close()
        return None
    working, halted = asyncio.ensure_future(work), asyncio.ensure_future(halt.wait())
    try:
        await asyncio.wait({working, halted}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        halted.cancel()
        working.cancel()
        await asyncio.gather(working, halted, return_exceptions=True)
