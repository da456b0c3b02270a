"""Whether an objective's target was another one: what was recorded then means something else."""

from __future__ import annotations

from datetime import UTC, datetime

from slo import conventions as names
from slo.levels import HOUR
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.rule import matching


async def other_target(
    client: PrometheusClient, objective: Objective, start: float, now: float
) -> str | None:
    """Return the sentence that says which other target was recorded until when; None if none was.

    Raises:
        PrometheusError: if the server does not answer.
    """
    first, last = (int(start // HOUR) + 1) * HOUR, int(now // HOUR) * HOUR
    if last < first:
        return None
    target = float(objective.target)
    expr = f"max({matching(names.OBJECTIVE, objective)} != {target!r})"
    found = await client.query_range(expr, first, last, HOUR)
    if not found:
        return None
    until = datetime.fromtimestamp(int(found[0].times_ms[-1]) / 1000, UTC)
    return (
        f"{objective.name}: the target was {found[0].values[-1]:g} until {until:%Y-%m-%d %H:%M} "
        "UTC; burn rates and budgets that were recorded then are not written anew and mean that "
        "one (counts are the same for both)"
    )
