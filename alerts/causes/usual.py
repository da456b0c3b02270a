"""What is usual in a cell: medians of its last hour, which stand still while nothing is usual.

A median, and no mean: minutes of an incident do not move it. And it stands still while retries,
queue or refusals are bad, so that what came before the trigger is what the rest is held against.

Not for ever: retries may be here to stay, as with a client that always asks twice, and the day goes
on. Nor is anything held that was never seen to be usual: where it is bad from the first sample on,
that sample is no measure of it.
"""

from __future__ import annotations

from exporters import catalog
from slo import conventions
from slo.rules import RecordingRule

LONGEST = "1h"
"""Long enough for a baseline, short enough to follow the day (facts: metastable queues, S4)."""
HELD_FOR = "6h"
"""For no longer than that after it was last usual does the median stand still. Chosen: a queue that
stays is pages and people's work by then, and in half of the way from night to noon a day's load is
another, so that what was usual says nothing any more. As long as causes are held."""
FEWEST_USUAL = 4
"""Evaluations within that time at which the cell was as usual, with fewer of which nothing is held:
as many as a base window has at least, before which rates are those of a part."""

CELL = ", ".join(catalog.CELL_LABELS)


def usual(of: str) -> str:
    """Return the selector of what is usual of something."""
    return f'{conventions.USUAL}{{{conventions.OF}="{of}"}}'


def hold_rules(unusual: str, seen: str) -> tuple[RecordingRule, ...]:
    """Return the rules that record where what is usual stands still, before all that reads it.

    Args:
        unusual: PromQL that has elements for each cell where nothing is usual; it must not depend
            on what is usual.
        seen: PromQL that has an element for each cell of which that is known.
    """
    state = conventions.CELL_UNUSUAL
    usually = f"count_over_time({state}[{HELD_FOR}]) - sum_over_time({state}[{HELD_FOR}])"
    return (
        RecordingRule(state, f"group by ({CELL}) ({unusual})\nor\n0 * {seen}"),
        RecordingRule(
            conventions.USUAL_HELD,
            f"group by ({CELL}) ({unusual})\nand on ({CELL})\n({usually} >= {FEWEST_USUAL})",
        ),
    )


def usual_rule(of: str, series: str, *, window: str = LONGEST) -> RecordingRule:
    """Return the rule that records what is usual of something.

    Args:
        of: its name.
        series: the selector of a recorded series; where a cell has several, all count.
        window: over which the median is taken.
    """
    median = f"sum by ({CELL}) (quantile_over_time(0.5, {series}[{window}]))"
    return RecordingRule(
        conventions.USUAL,
        f"max by ({CELL}) ({usual(of)})\nand on ({CELL})\n{conventions.USUAL_HELD}\nor\n{median}",
        {conventions.OF: of},
    )
