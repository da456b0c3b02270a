"""The numbers of all engines, in the few columns that their pages follow from.

They are an engine's memory and die with it. A page is linear in them: see
:mod:`demo.sim.engines.vllm_page`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np

from demo.sim.engines.levels import FIRST_TOKENS, PREFILLS, STEPS, WAITS
from demo.sim.fleet import Flags, Floats
from exporters.dialects import read_dialect


class Number(IntEnum):
    """What is counted, one row each; floats, for a fleet is a fluid until a page is written."""

    def _generate_next_value_(name, start, count, last_values):  # type: ignore[no-untyped-def,override]  # noqa: N805, ANN001, ANN202, ARG002
        return count

    ALWAYS = auto()
    """1: what constants are multiplied by."""
    STARTED = auto()
    """UNIX seconds of the process's start."""
    CPU_SECONDS = auto()
    FIRST_TOKENS = auto()
    """Requests that got their first token."""
    PROMPT_TOKENS = auto()
    HIT_DEVICE_TOKENS = auto()
    HIT_HOST_TOKENS = auto()
    HIT_STORE_TOKENS = auto()
    GENERATED_TOKENS = auto()
    PREEMPTIONS = auto()
    FINISHED = auto()
    """Requests that came to their end."""
    FAILED = auto()
    REJECTED = auto()
    RUNNING = auto()
    WAITING = auto()
    KV_USAGE_RATIO = auto()


GAUGES = (Number.RUNNING, Number.WAITING, Number.KV_USAGE_RATIO)

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

    def add_levels(self, name: str, levels: np.ndarray, amounts: Floats) -> None:
        """Add one amount to one level of each engine. [G] each."""
        rows = np.arange(len(self.levels)) * LEVEL_COUNT + LEVEL_PLACES[name].start
        self.levels.reshape(-1)[rows + levels] += amounts

    def restart(self, restarted: Flags, now: float) -> None:
        """Set the numbers of restarted engines to those of a new process."""
        self.numbers[:, restarted] = 0.0
        self.numbers[Number.ALWAYS, restarted] = 1.0
        self.numbers[Number.STARTED, restarted] = now
        self.levels[restarted] = 0.0


def start_registers(groups: int, now: float) -> Registers:
    """Return the numbers of engines that have just started."""
    registers = Registers(np.zeros((len(Number), groups)), np.zeros((groups, LEVEL_COUNT)))
    registers.restart(np.ones(groups, bool), now)
    return registers
