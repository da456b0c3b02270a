"""Whether what was recorded under an objective's name was another objective, or another target.

Of another objective, nothing is filled: one sum would hold the events of both. Of another target,
the counts are the same, and what was recorded then is told.
"""

from __future__ import annotations

from datetime import UTC, datetime

from exporters.durations import format_duration
from exporters.problems import Problem
from slo import conventions as names
from slo.fingerprint import fingerprint
from slo.levels import HOUR
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.rule import matching


async def other_objective(
    client: PrometheusClient, objective: Objective, reach_seconds: float, now: float
) -> Problem | None:
    """Return the problem of an objective that counted other events, cells or periods; else None.

    Args:
        client: of the server with the recorded series.
        objective: as it is now.
        reach_seconds: how far back is looked. What was recorded before is in no count of it.
        now: UNIX seconds.

    Raises:
        PrometheusError: if the server does not answer.
    """
    own = matching(names.FINGERPRINT, objective)
    reach = format_duration(int(reach_seconds))
    # Subqueries stand at multiples of 5 minutes, where also what a backfill wrote hourly stands.
    other = f"timestamp({own} != {fingerprint(objective)})[{reach}:5m]"
    found = await client.query(f"max(max_over_time({other}))", now)
    if not found:
        return None
    message = (
        "until about "
        f"{moment(found[0].value)} another objective was recorded under this name: its indicator, "
        "grouping labels, slices or period were others, and sums would hold the events of both"
    )
    fix = (
        "give the new one a name of its own, or delete what was recorded, as "
        "slo/backfill/README.md says, and run it again"
    )
    place = objective.file, objective.line, objective.column
    return Problem(*place, objective.name, message, fix)


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
    until = int(found[0].times_ms[-1]) / 1000
    return (
        f"{objective.name}: the target was {found[0].values[-1]:g} until {moment(until)}; burn "
        "rates and budgets that were recorded then are not written anew and mean that one (counts "
        "are the same for both)"
    )


def moment(seconds: float) -> str:
    """Return a UNIX time for people: ``2026-03-01 14:05 UTC``."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
