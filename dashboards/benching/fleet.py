"""A day of a large fleet in a real Prometheus, for benches that ask it as boards do.

What rules record has the labels that they give. Those of cells come from the rules themselves,
evaluated over five minutes of scrapes (:func:`alerts.benching.causes.fleet_series`) of one group a
cell, for more groups change values and no labels; those of objectives from the history that the
rules of the whole library would have recorded (:mod:`slo.history`). Over the day, with a sample a
scrape, each is its last value, times a random walk but for what counts groups. What exporters serve
of each group is there as it was scraped, for five minutes, for boards of a fleet ask for it at one
moment alone. In the last hour, an alert of each cell fires.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

import numpy as np
import promql_parser

from alerts.benching.causes import (
    INTERVAL_SECONDS,
    SCRAPED_SECONDS,
    START,
    cell_of,
    running,
    write_fleet,
)
from alerts.causes.cell_levels import CELL_LEVELS
from alerts.cells import cells_group
from dashboards.queries.alerts import ALERT_STATE, ALERTS, ALERTS_FOR_STATE
from exporters import catalog
from slo import conventions
from slo.history import CellTraffic, history_batches
from slo.objective import Objective
from slo.objectives import LIBRARY, read_objective_paths
from slo.prometheus import PrometheusClient, Sample
from slo.promql import selectors, selectors_in
from slo.replay.evaluating import Replay
from slo.replay.moments import Moments, TimedGroup
from slo.rules import RecordingRule
from slo.series import Series
from slo.steps import Floats, Times

GROUPS = 2000
GROUPS_OF_CELL = 50
CELLS = GROUPS // GROUPS_OF_CELL
END = START + SCRAPED_SECONDS
"""When the day ends, UNIX seconds."""
DAY_SECONDS = 86400
_ALERTS_SECONDS = 3600
_SERIES_A_REQUEST = 200
_SPREAD = 7
"""Seed of the values."""
_VALUES: Mapping[str, Sequence[str]] = {catalog.TIER: catalog.TIERS}
"""Of grouping labels that are no place; others have one value."""
_FAMILIES = frozenset(catalog.FAMILIES)

_STANDING = frozenset((
    conventions.CELL_CAPACITY, conventions.CELL_GPUS_EXPECTED, conventions.CELL_GROUPS,
    conventions.CELL_GROUPS_KNOWN, conventions.CELL_REVISION_GROUPS, conventions.OBJECTIVE,
    conventions.PERIOD,
))  # fmt: skip
"""What is the same from scrape to scrape while nothing happens, and is stored and read so."""

Labels = Mapping[str, str]


async def fill(client: PrometheusClient, exprs: Iterable[str]) -> None:
    """Write what queries find of the fleet, into a server that holds nothing.

    What none of them finds is left out: a server looks up series by their names.

    Args:
        client: of the server.
        exprs: the queries, variables filled in.
    """
    wanted = [each for expr in exprs for each in selectors_in(promql_parser.parse(expr))]
    names = {each.name or "" for each in wanted}
    recorded = [*await recorded_of_cells(names), *recorded_of_objectives()]
    found = [each for each in recorded if any(finds(one, each.labels) for one in wanted)]
    times_ms = _times_ms(DAY_SECONDS)
    chance = np.random.default_rng(_SPREAD)
    walks = (
        Series(each.labels, times_ms, each.value * _walk(chance, times_ms, each.labels["__name__"]))
        for each in found
    )
    while some := list(islice(walks, _SERIES_A_REQUEST)):
        await client.remote_write(some)
    await client.remote_write(firing_alerts())
    await write_fleet(client, GROUPS, names & _FAMILIES, GROUPS_OF_CELL)


async def recorded_of_cells(names: Collection[str]) -> list[Sample]:
    """Return what the rules of cells record under some names, and what they know of groups."""
    own = cells_group(INTERVAL_SECONDS)
    cells = replace(own, rules=(*own.rules, *CELL_LEVELS))
    read = {each.name or "" for rule in cells.rules for each in selectors(rule.expr)}
    timed = TimedGroup(cells, Moments(INTERVAL_SECONDS))
    async with running() as (_, client):
        await write_fleet(client, CELLS, read, 1)
        replay = Replay(client, [timed], END - 2 * INTERVAL_SECONDS)
        await replay.advance(END)
        replay.require_no_failure()
        known = {each.record for each in cells.rules if isinstance(each, RecordingRule)}
        return [
            each for name in sorted(known & set(names)) for each in await client.query(name, END)
        ]


def recorded_of_objectives() -> Iterator[Sample]:
    """Give what the rules of all objectives of the library record, of each cell the same."""
    for objective in read_objective_paths([LIBRARY]):
        first, *others = _cells_of(objective)
        of = {conventions.SLO: objective.name, conventions.SERVICE: objective.service}
        for cell in (first, *others):
            yield Sample({"__name__": conventions.VANISHED_STATE, **of, **cell}, 0.0)
        traffic = {objective: [CellTraffic(first, _one_in_a_thousand)]}
        last = {
            frozenset(each.labels.items()): each
            for batch in history_batches(traffic, END, INTERVAL_SECONDS)
            for each in batch
        }
        for series in last.values():
            is_of_cell = first.items() <= series.labels.items()
            for cell in (first, *others) if is_of_cell else ({},):
                yield Sample({**series.labels, **cell}, float(series.values[-1]))


def firing_alerts() -> Iterator[Series]:
    """Give an alert of each cell, of either severity in turn, that has fired for an hour."""
    times_ms = _times_ms(_ALERTS_SECONDS)
    severities = (conventions.PAGE, conventions.TICKET)
    for number in range(CELLS):
        own = {conventions.ALERTNAME: "SloBurn", conventions.SLO: "chat-availability",
               **cell_of(number), conventions.SEVERITY: severities[number % 2]}  # fmt: skip
        since = np.full(times_ms.shape, times_ms[0] / 1000)
        yield Series({"__name__": ALERTS, ALERT_STATE: "firing", **own}, times_ms, since**0)
        yield Series({"__name__": ALERTS_FOR_STATE, **own}, times_ms, since)


def finds(selector: promql_parser.VectorSelector, labels: Labels) -> bool:
    """Tell whether a selector finds a series."""
    return selector.name in (None, labels["__name__"]) and all(
        _fits(each, labels.get(each.name, "")) for each in selector.matchers.matchers
    )


def _fits(matcher: promql_parser.Matcher, value: str) -> bool:
    op = matcher.op
    if op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual):
        is_it = matcher.value == value
    else:
        is_it = re.fullmatch(matcher.value, value) is not None
    return is_it is (op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.Re))


def _cells_of(objective: Objective) -> list[dict[str, str]]:
    """Return the grouping labels of every cell of an objective."""
    values = [_VALUES.get(each, ("only",)) for each in objective.grouping_labels]
    return [
        {label: place.get(label, other)
         for label, other in zip(objective.grouping_labels, others, strict=True)}
        for place, others in product(map(cell_of, range(CELLS)), product(*values))
    ]  # fmt: skip


def _one_in_a_thousand(times: Floats) -> tuple[Floats, Floats]:
    return np.full(times.shape, 0.01), np.full(times.shape, 10.0)


def _times_ms(seconds: int) -> Times:
    steps = np.arange(round(seconds / INTERVAL_SECONDS) + 1)
    return ((END - seconds + steps * INTERVAL_SECONDS) * 1000).astype(np.int64)


def _walk(chance: np.random.Generator, times_ms: Times, name: str) -> Floats:
    if name in _STANDING:
        return np.ones(times_ms.shape)
    walk: Floats = np.exp(np.cumsum(chance.normal(0, 0.01, times_ms.size)))
    return walk
