"""What an engine remembers and computes with, changed while it serves: its cache and its weights.

By vLLM's own development endpoints (``VLLM_SERVER_DEV_MODE=1``, on loopback): a reset of the prefix
cache, and weights loaded in place from another checkpoint, between two steps.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

from demo.vllm.asking import Unanswered, ask

TRIES = 20
TRY_SECONDS = 0.1
PERIOD_SECONDS = 4.0
"""Weights are wrong for a part of each period, longer than answers take."""


async def flush_cache(url: str) -> None:
    """Empty an engine's prefix cache.

    While requests hold blocks vLLM refuses; where they always do, those are preempted and computed
    again, as is everything after a flush.

    Raises:
        Unanswered: the engine is gone or hangs.
    """
    for _ in range(TRIES):
        if (await ask("POST", f"{url}/reset_prefix_cache"))["success"]:
            return
        await asyncio.sleep(TRY_SECONDS)
    await ask("POST", f"{url}/reset_prefix_cache?reset_running_requests=true")


async def load_weights(url: str, model: Path) -> None:
    """Let an engine compute with the weights in a folder from its next step on.

    Raises:
        Unanswered: the engine is gone or hangs.
    """
    content = {"method": "reload_weights", "kwargs": {"weights_path": str(model)}}
    await ask("POST", f"{url}/collective_rpc", content)


async def corrupt(url: str, right: Path, wrong: Path, ratio: float) -> None:
    """Let an engine compute wrong numbers for a share of the time; when cancelled, right ones.

    What was wrong when it was cached stays wrong until it is cured, as on a real GPU.
    """
    try:
        while True:
            with suppress(Unanswered):  # it may be restarting; then it is right
                await load_weights(url, wrong)
            await asyncio.sleep(PERIOD_SECONDS * ratio)
            if ratio < 1:
                with suppress(Unanswered):
                    await load_weights(url, right)
                # Not in step with whatever else has a period.
                await asyncio.sleep(PERIOD_SECONDS * (1 - ratio) * random.uniform(0.5, 1.5))  # noqa: S311 -- no secret
    finally:
        with suppress(Unanswered):
            await load_weights(url, right)
            await flush_cache(url)
