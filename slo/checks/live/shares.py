"""Whether bad or good events are a part of all events, in what is counted now."""

from __future__ import annotations

from exporters.durations import format_duration
from exporters.problems import Problem
from slo.checks.finding import finding, sides
from slo.checks.live.asking import Asked, list_some
from slo.objective import BASE_WINDOW, Objective, Ratio

WINDOW_SECONDS = 3600
"""Of rates here: what is counted at the begin of a request and at its end differs over a minute."""
SLACK = 1.1
"""As much more than all events is taken for such a difference, and so are some few events."""
FEW_EVENTS = 10


async def check_share(asked: Asked, objective: Objective) -> list[Problem]:
    """Return whether there are more bad or good events than events, in some cell.

    Counters are asked over an hour, or as much of it as the server has.

    Raises:
        PrometheusError: if there is no answer, or a query is refused.
    """
    if not isinstance(objective.indicator, Ratio):
        return []
    parts = sides(objective)
    total = parts.pop("total")
    [(side, part)] = parts.items()
    by, window = ", ".join(objective.grouping_labels), format_duration(WINDOW_SECONDS)
    sums = [f"sum by ({by}) ({each.replace(BASE_WINDOW, window)})" for each in (part, total)]
    few = f" + {FEW_EVENTS} / {WINDOW_SECONDS}" if BASE_WINDOW in total else ""
    more = await asked.vector(f"{sums[0]} > {SLACK} * {sums[1]}{few}")
    if not more:
        return []
    cells = [
        "{" + ",".join(f'{label}="{value}"' for label, value in sorted(each.labels.items())) + "}"
        for each in more
    ]
    return [
        finding(
            objective,
            "part-exceeds-total",
            f"{side} counts more {side} events than total counts events: {list_some(cells, 3)}",
            f"let {side} count each event once, and only such as total counts",
        )
    ]
