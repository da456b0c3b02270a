"""What one evaluation of the causes costs a real Prometheus, beside the recorded series of cells.

A fleet of so many groups is told by every family of the catalogue that causes and cells read, in
five minutes of scrapes in which all is well: nothing that is asked for is missing, and no cause is
at work. What is measured is the server's own processor time, which does not depend on how busy the
machine is; templates of alerts are not in it, for nothing fires.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import aiohttp
import numpy as np

from alerts.causes.cause import cause_levels, cause_state_rule
from alerts.causes.every import causes
from alerts.cells import cells_group
from exporters import catalog
from exporters.catalog import Family
from exporters.programs import locate_program
from exporters.scrape import JOBS
from slo.benching.server import PATIENCE_SECONDS
from slo.prometheus import PrometheusClient
from slo.promql import selectors
from slo.replay.evaluating import Replay
from slo.replay.moments import Moments, TimedGroup
from slo.rules import RuleGroup
from slo.series import Series
from slo.testing import running_prometheus

INTERVAL_SECONDS = 15.0
SCRAPED_SECONDS = 300.0
GROUPS_OF_CELL = 250
REGIONS = 4
GPUS_OF_GROUP = 8
START = 20_000 * 86400.0
"""UNIX seconds: in October 2024."""
LARGEST_WRITE_SERIES = 2000
_CPU = re.compile(r"^process_cpu_seconds_total (\S+)$", re.MULTILINE)
_VALUES = {
    catalog.STATE: catalog.GROUP_STATES,
    catalog.TIER: catalog.TIERS,
    catalog.ATTEMPT: catalog.ATTEMPTS,
    catalog.OUTCOME: ("ok", "error", "timeout"),
    catalog.PHASE: ("prompt", "generation"),
    catalog.REASON: ("none",),
}
"""Of labels that tell no place; others have one value."""
_ARE_ONE_WHERE = ("up", "ok", "none")
"""Values of labels of gauges that are 1 where all is well; 0 at others."""


@dataclass(frozen=True)
class Costs:
    """Seconds of processor time of one evaluation."""

    causes: float
    cells: float


async def measure_evaluation(groups: int) -> Costs:
    """Return what an evaluation costs at so many shard groups."""
    cells, of_causes = cells_group(INTERVAL_SECONDS), _recording_causes()
    names = {
        selector.name or ""
        for group in (cells, of_causes)
        for rule in group.rules
        for selector in selectors(rule.expr)
    }
    async with running() as (url, client):
        await write_fleet(client, groups, names)
        end = START + SCRAPED_SECONDS
        spent = []
        for group in (cells, of_causes):
            timed = TimedGroup(group, Moments(INTERVAL_SECONDS))
            replay = Replay(client, [timed], end - 2 * INTERVAL_SECONDS, at_once=1)
            await replay.advance(end - INTERVAL_SECONDS)  # of levels, which the next one reads
            before = await _cpu_seconds(url)
            await replay.advance(end)
            replay.require_no_failure()
            spent.append(await _cpu_seconds(url) - before)
    return Costs(causes=spent[1], cells=spent[0])


async def write_fleet(
    client: PrometheusClient,
    groups: int,
    names: Iterable[str],
    groups_of_cell: int = GROUPS_OF_CELL,
) -> None:
    """Write what was scraped of a fleet under some names (:func:`fleet_series`)."""
    series = fleet_series(groups, names, groups_of_cell)
    while batch := list(islice(series, LARGEST_WRITE_SERIES)):
        await client.remote_write(batch)


def fleet_series(
    groups: int, names: Iterable[str], groups_of_cell: int = GROUPS_OF_CELL
) -> Iterator[Series]:
    """Yield what was scraped of a fleet under some names."""
    wanted = set(names)
    steps = np.arange(round(SCRAPED_SECONDS / INTERVAL_SECONDS) + 1)
    times_ms = ((START + steps * INTERVAL_SECONDS) * 1000).astype(np.int64)
    rising = (steps * 150).astype(np.float64)
    flat, none = np.ones(len(steps)), np.zeros(len(steps))
    for job in JOBS.values():
        yield Series({"__name__": "up", "job": job, "instance": job}, times_ms, flat)
    for family in sorted(_families(), key=lambda each: each.name):
        for name, more in _names(family):
            if name not in wanted:
                continue
            for place, rest in product(_places(family, groups, groups_of_cell), _rest(family)):
                labels = {"__name__": name, **place, **rest, **more}
                counts = family.kind != "gauge"
                is_one = all(
                    rest.get(label, "ok") in _ARE_ONE_WHERE
                    for label in (catalog.STATE, catalog.REASON)
                )
                values = rising if counts else flat if is_one else none
                yield Series(labels, times_ms, values)


def cell_of(number: int) -> dict[str, str]:
    """Return the labels of a cell of the fleet, by its number from 0 on."""
    return {
        catalog.CLUSTER: "demo",
        catalog.REGION: f"r{number % REGIONS}",
        catalog.MODEL: f"m{number // REGIONS}",
    }


def _recording_causes() -> RuleGroup:
    every = causes(INTERVAL_SECONDS)
    rules = (*cause_levels(every), *map(cause_state_rule, every))
    return RuleGroup("causes", INTERVAL_SECONDS, rules)


def _families() -> list[Family]:
    return [each for each in vars(catalog).values() if isinstance(each, Family)]


def _names(family: Family) -> list[tuple[str, dict[str, str]]]:
    """Return the names that a family has on the wire, with the labels that these add."""
    if not family.bounds:
        return [(family.name, {})]
    bounds = [*(str(float(each)) for each in family.bounds), "+Inf"]
    return [
        *((f"{family.name}_bucket", {"le": each}) for each in bounds),
        (f"{family.name}_count", {}),
        (f"{family.name}_sum", {}),
    ]


def _places(family: Family, groups: int, groups_of_cell: int) -> Iterator[dict[str, str]]:
    """Yield the labels of each place that a family tells of."""
    of_gpus, of_groups = catalog.UUID in family.labels, catalog.GROUP in family.labels
    has_hosts = catalog.HOST in family.labels
    ends = range(groups) if of_groups or has_hosts else range(0, groups, groups_of_cell)
    for group, gpu in product(ends, range(GPUS_OF_GROUP) if of_gpus else (0,)):
        found = {
            **cell_of(group // groups_of_cell),
            catalog.GROUP: f"g{group}",
            catalog.HOST: f"h{group}",
            catalog.UUID: f"GPU-{group}-{gpu}",
        }
        yield {label: found[label] for label in family.labels if label in found}


def _rest(family: Family) -> list[dict[str, str]]:
    """Return the combinations of labels that tell no place."""
    places = (catalog.CLUSTER, catalog.REGION, catalog.MODEL, catalog.GROUP, catalog.HOST)
    others = [label for label in family.labels if label not in (*places, catalog.UUID)]
    values = [_VALUES.get(label, ("only",)) for label in others]
    return [dict(zip(others, each, strict=True)) for each in product(*values)]


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[tuple[str, PrometheusClient]]:
    """Run a Prometheus without any data; give its address and its client."""
    flags = ["--query.timeout=5m", "--query.max-samples=200000000", "--log.level=error"]
    program = locate_program("prometheus")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_prometheus(program, Path(folder), flags=flags) as url,
    ):
        async with PrometheusClient(url, timeout_seconds=PATIENCE_SECONDS) as client:
            yield url, client


async def _cpu_seconds(url: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        text = await answer.text()
    found = _CPU.search(text)
    if found is None:
        raise ValueError(f"{url} tells no process_cpu_seconds_total")
    return float(found[1])
