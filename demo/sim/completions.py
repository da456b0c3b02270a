"""What a simulated engine answers to a prompt: for probes, which compare groups by their answers.

Greedy answers of one revision are the same at every group. A group whose GPU computes wrong numbers
answers some prompts otherwise, in the same form and time; that is the only trace it leaves.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from random import Random

from demo.sim.state import State

WORDS = tuple(
    f"{first}{second}"
    for first in ("ba", "de", "ki", "lo", "mu")
    for second in ("n", "r", "t", "s")
)
"""Enough that two answers of some words are never the same by chance."""
MOST_TOKENS = 256
SHORTEST_STEP_SECONDS = 0.001


def answer(state: State, group: int, prompt: str, tokens: int) -> str:
    """Return the greedy answer of a group to a prompt, ``tokens`` words long."""
    revision = state.fleet.revisions[state.engines.revision[group]]
    model = state.fleet.cells[state.fleet.cell_of_group[group]][1]
    told = f"{model}@{revision}:{prompt}"
    corruption = state.engines.corruption[group]
    if corruption and _draw(f"{told}:{state.fleet.names.group(group)}") < corruption:
        told += ":corrupt"
    return _words(told, min(tokens, MOST_TOKENS))


def seconds(state: State, group: int, tokens: int) -> float | None:
    """Return how long the answer takes, first token included; None if the engine hangs."""
    if not state.is_moving(group):
        return None
    engines = state.engines
    waited = engines.queues.head_seconds[group] + engines.first_token_seconds[group]
    return float(waited + tokens * max(engines.step_seconds[group], SHORTEST_STEP_SECONDS))


@lru_cache(maxsize=4096)  # the groups of a revision are asked the same prompts again and again
def _words(told: str, count: int) -> str:
    """Return so many words that follow from a text."""
    random = Random(sha256(told.encode()).digest())  # noqa: S311 - no secret
    return " ".join(random.choice(WORDS) for _ in range(count))


def _draw(text: str) -> float:
    """Return a number from 0 to 1 that follows from a text."""
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64
