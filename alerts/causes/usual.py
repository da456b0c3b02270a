"""What is usual in a cell: medians of its last hour, which stand still while nothing is usual.

A median, and no mean: minutes of an incident do not move it. And it stands still while retries,
queue or refusals are bad, so that what came before the trigger is what the rest is held against.
"""

from __future__ import annotations

from exporters import catalog
from slo import conventions
from slo.rules import RecordingRule

LONGEST = "1h"
"""Long enough for a baseline, short enough to follow the day (facts: metastable queues, S4)."""

CELL = ", ".join(catalog.CELL_LABELS)


def usual(of: str) -> str:
    """Return the selector of what is usual of something."""
    return f'{conventions.USUAL}{{{conventions.OF}="{of}"}}'


def usual_rule(of: str, series: str, *, unusual: str, window: str = LONGEST) -> RecordingRule:
    """Return the rule that records what is usual of something.

    Args:
        of: its name.
        series: the selector of a recorded series; where a cell has several, all count.
        unusual: PromQL that has an element for each cell where nothing is; it must not depend on
            what is usual.
        window: over which the median is taken.
    """
    median = f"sum by ({CELL}) (quantile_over_time(0.5, {series}[{window}]))"
    return RecordingRule(
        conventions.USUAL,
        f"max by ({CELL}) ({usual(of)})\nand on ({CELL})\n({unusual})\nor\n{median}",
        {conventions.OF: of},
    )
