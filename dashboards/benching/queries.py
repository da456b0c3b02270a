"""What a refresh of the Fleet board costs a real Prometheus that holds a fleet of 2,000 groups.

Every query is asked for as Grafana does over the board's own range (:mod:`dashboards.benching.
grafana`), one after the other and several times. ``dashboards.fleet_query_p95_ms`` is of all of
them, in the time that the server tells: from when it took a query up to the end of its evaluation.
``dashboards.samples_per_fleet_refresh`` is what all of them read by the server's own count, which
does not depend on how busy the machine is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alerts.benching.causes import INTERVAL_SECONDS
from dashboards.asking import EVERYTHING
from dashboards.benching.fleet import END
from dashboards.benching.grafana import Asked, asked_of
from dashboards.build import build_boards
from dashboards.preview.times import Range, parse_range
from exporters.benching import Figure, figure
from slo.prometheus import Cost, PrometheusClient

TIMES = 5
QUERY_BAR_MS = 300
SAMPLES_BAR = 2_000_000
_BOARD = "fleet"


@dataclass(frozen=True)
class Told:
    """What one query of a refresh cost."""

    asked: Asked
    cost: Cost


def fleet_queries(range_: Range | None = None) -> list[Asked]:
    """Return what Grafana asks for on the Fleet board, over its own range if none is given."""
    board = json.loads(build_boards()[f"{_BOARD}.json"])
    own = parse_range(board["time"]["from"], board["time"]["to"], END)
    return list(asked_of(board, range_ or own, EVERYTHING, INTERVAL_SECONDS))


async def ask_for(client: PrometheusClient, queries: Sequence[Asked]) -> list[Told]:
    """Ask for every query once; return what each cost.

    Raises:
        ValueError: the server does not tell.
    """
    told = []
    for each in queries:
        cost = await client.cost_of_range(each.expr, each.start, each.end, each.step_seconds)
        if cost is None:
            raise ValueError("the server does not tell how many samples it reads")
        told.append(Told(each, cost))
    return told


async def query_figures(client: PrometheusClient) -> tuple[Figure, Figure]:
    """Return both figures, of a server that holds the fleet."""
    queries = fleet_queries()
    rounds = [await ask_for(client, queries) for _ in range(TIMES)]
    milliseconds = [1000 * each.cost.seconds for told in rounds for each in told]
    p95 = float(np.percentile(milliseconds, 95))
    samples = sum(each.cost.samples for each in rounds[0])
    return (
        figure("dashboards.fleet_query_p95_ms", p95, "ms", QUERY_BAR_MS),
        figure("dashboards.samples_per_fleet_refresh", samples, "samples", SAMPLES_BAR, digits=0),
    )
