"""What really happened to requests and tool calls, counted at the moment it was decided.

No counter that anybody scrapes is read here: these are the outcomes themselves, so that what the
stack measures can be held against them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.objectives import FIRST_TOKEN_SECONDS
from demo.sim.engines.levels import FIRST_TOKENS
from demo.sim.fleet import Counts, Fleet, Floats
from demo.sim.routers.counts import lane_count
from demo.sim.tools.ends import TOOL_ERROR_TYPES
from exporters.catalog import OUTCOMES, TIERS, TIME_TO_FIRST_TOKEN_BOUNDS

LATE_BUCKETS = np.array(
    [bound > FIRST_TOKEN_SECONDS for bound in (*TIME_TO_FIRST_TOKEN_BOUNDS, np.inf)]
)
PROMPT, CACHED, GENERATED, BILLED = range(4)


@dataclass
class Truth:
    """Events since the start."""

    offered: Counts
    """Requests that users sent, further attempts included, by where they belong. [C, T]."""
    unreachable: Counts
    """Of those, that reached no router. [C, T]."""
    outcomes: Counts
    """Requests that ended, by the cell that served them. [C, T, outcome]."""
    first_tokens: Counts
    """In time, late, never. [C, 3]."""
    first_token_levels: Floats
    """First tokens in time by their level. [L, FIRST_TOKENS]."""
    tokens: Floats
    """Prompt, cached, generated, billed. [C, T, 4]."""
    tool_calls: Counts
    """[tool cell, error type]."""
    wrong_answers: Floats
    """Well-formed answers that are wrong, of corrupted groups. [C]."""


def start_truth(fleet: Fleet, tool_cells: int) -> Truth:
    """Return a truth in which nothing has happened yet."""
    cells, tiers = len(fleet.cells), len(TIERS)

    def none(*shape: int) -> Counts:
        return np.zeros(shape, np.int64)

    return Truth(
        offered=none(cells, tiers),
        unreachable=none(cells, tiers),
        outcomes=none(cells, tiers, len(OUTCOMES)),
        first_tokens=none(cells, 3),
        first_token_levels=np.zeros((lane_count(fleet), FIRST_TOKENS)),
        tokens=np.zeros((cells, tiers, 4)),
        tool_calls=none(tool_cells, len(TOOL_ERROR_TYPES)),
        wrong_answers=np.zeros(cells),
    )
