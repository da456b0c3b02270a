"""The numbers of all engines, in the few columns that their pages follow from.

They are an engine's memory and die with it. A page is linear in them: see
:mod:`demo.sim.engines.vllm_page`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from demo.sim.engines.levels import FIRST_TOKENS, PREFILLS, STEPS, WAITS
from demo.sim.fleet import Counts, Flags, Floats, Indices
from exporters.dialects import read_dialect


class Number(IntEnum):
    """What is counted, one row each; floats, for a fleet is a fluid until a page is written."""

    ALWAYS = 0
    """1: what constants are multiplied by."""
    STARTED = 1
    """UNIX seconds of the process's start."""
    CPU_SECONDS = 2
    LATE_FIRST_TOKENS = 3
    """Computed for users who had given up; vLLM hears of that a step later."""
    PROMPT_TOKENS = 4
    HIT_DEVICE_TOKENS = 5
    HIT_HOST_TOKENS = 6
    HIT_STORE_TOKENS = 7
    GENERATED_TOKENS = 8
    PREEMPTIONS = 9
    FINISHED = 10
    """Requests that came to their end."""
    FAILED = 11
    RUNNING = 12
    WAITING = 13
    KV_USAGE_RATIO = 14


ITERATION_BOUNDS = next(
    family.bounds
    for family in read_dialect("vllm_0_32").families
    if family.name == "vllm:iteration_tokens_total"
)


def _places() -> tuple[dict[str, slice], int]:
    places, at = {}, 0
    for name, size in (
        ("first_tokens", FIRST_TOKENS),
        ("gaps", len(STEPS)),
        ("finished_steps", len(STEPS)),
        ("finished_waits", len(WAITS)),
        ("finished_prefills", len(PREFILLS)),
        ("iterations", len(ITERATION_BOUNDS) + 1),
    ):
        places[name] = slice(at, at + size)
        at += size
    return places, at


LEVEL_PLACES, LEVEL_COUNT = _places()
"""Where each kind of level stands in a row of ``Registers.levels``."""


@dataclass
class Registers:
    """The numbers of all engines."""

    numbers: Floats
    """[Number, G]."""
    levels: Floats
    """How often each level was met, :data:`LEVEL_PLACES`. [G, LEVEL_COUNT]."""
    rows: Indices
    """Where each engine's levels begin. [G]."""

    def add_levels(self, name: str, levels: Counts, amounts: Floats) -> None:
        """Add one amount to one level of each engine. [G] each."""
        places = self.rows + levels
        places += LEVEL_PLACES[name].start
        self.levels.reshape(-1)[places] += amounts

    def restart(self, restarted: Flags, now: float) -> None:
        """Set the numbers of restarted engines to those of a new process."""
        self.numbers[:, restarted] = 0.0
        self.numbers[Number.ALWAYS, restarted] = 1.0
        self.numbers[Number.STARTED, restarted] = now
        self.levels[restarted] = 0.0


def start_registers(groups: int, now: float) -> Registers:
    """Return the numbers of engines that have just started."""
    registers = Registers(
        numbers=np.zeros((len(Number), groups)),
        levels=np.zeros((groups, LEVEL_COUNT)),
        rows=np.arange(groups) * LEVEL_COUNT,
    )
    registers.restart(np.ones(groups, bool), now)
    return registers
