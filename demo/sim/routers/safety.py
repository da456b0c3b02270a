"""The safety filter: every prompt and every answer is checked, unless the filter fails open.

A prompt that is blocked is answered by a refusal, which is an answer as any other. The filter's
time is in what the network takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Fleet, Floats

STAGES = ("input", "output")
VERDICTS = ("passed", "blocked", "bypassed")
BLOCKED = np.array([0.004, 0.001])
"""Share of prompts and of answers. [stage]. Chosen."""
CHECK_SECONDS = 0.012
"""Mean. Chosen."""


@dataclass
class Safety:
    """What was checked, and what passes unread."""

    checks: Floats
    """[C, stage, verdict]."""
    bypassed: Floats
    """Share of the checks that are not made. [C]."""


def start_safety(fleet: Fleet) -> Safety:
    """Return a filter that has checked nothing yet, and lets nothing pass unread."""
    cells = len(fleet.cells)
    return Safety(np.zeros((cells, len(STAGES), len(VERDICTS))), np.zeros(cells))


def check(safety: Safety, prompts: Floats, answers: Floats) -> None:
    """Count a step's checks of prompts and of answers. [C] each."""
    for stage, asked in enumerate((prompts, answers)):
        unread = asked * safety.bypassed
        read = asked - unread
        blocked = read * BLOCKED[stage]
        checks = safety.checks[:, stage]
        checks[:, 0] += read - blocked
        checks[:, 1] += blocked
        checks[:, 2] += unread
