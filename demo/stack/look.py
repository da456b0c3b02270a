"""Looks at a running demo from outside: its truth, and what its Prometheus says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from alerts.causes.every import causes
from demo.stack.compare import Row, Stack, compare
from demo.stack.layout import Layout, read_layout
from demo.stack.observe import Observer
from demo.stack.sums import Measured, compare_budgets
from demo.stack.truth_file import read_truth_file
from exporters import catalog
from exporters.config import Config, read_config
from exporters.problems import InputError, problem
from exporters.topology import expected_gpus, read_topology
from slo.objectives import read_objectives
from slo.prometheus import PrometheusClient, PrometheusError, Sample

CATCH_UP_SECONDS = 30.0
"""A state is scraped by an exporter, then by Prometheus, every 5 s each, and judged in between."""
PAUSE_SECONDS = 5.0
UNREACHABLE = (
    f"{catalog.GPU_STATE.name} == 1 and ignoring ({catalog.STATE}, {catalog.REASON}) "
    f'({catalog.GPU_REASON.name}{{{catalog.REASON}="telemetry_unreachable"}} == 1)'
)


async def look(folder: Path, within_seconds: float) -> list[Row]:
    """Return what the stack of a demo says beside what is true, the worst deviation last.

    Where they differ, the stack is given time to catch up: what is returned is the last look.

    Raises:
        InputError: if no demo runs in the folder.
    """
    layout = read_layout(folder)
    config = read_config(layout.config)
    clock = asyncio.get_running_loop().time
    deadline = clock() + within_seconds
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            PrometheusClient(layout.url("prometheus")) as prometheus,
        ):
            observer = Observer(layout, layout.url("engine"), session)
            while True:
                rows = await _look_once(layout, config, observer, prometheus)
                if all(each.agrees for each in rows) or clock() + PAUSE_SECONDS > deadline:
                    return rows
                await asyncio.sleep(PAUSE_SECONDS)
    except (aiohttp.ClientError, TimeoutError, PrometheusError) as error:
        said = f"no demo runs here: {error or 'no answer in time'}"
        raise InputError([problem(folder, said, fix="start one with: shardwatch demo up --dir "
                                  f"{folder}")]) from None  # fmt: skip


async def _look_once(
    layout: Layout, config: Config, observer: Observer, prometheus: PrometheusClient
) -> list[Row]:
    truth = await observer.truth()
    record, live_since, habits = read_truth_file(layout.truth)
    interval = config.file.prometheus.scrape_interval
    measured = Measured(
        objectives=read_objectives(config),
        truth=record,
        scrape_interval_seconds=interval,
        live_since=live_since,
        habits=habits,
    )
    known = {each.name for each in causes(interval)}
    topology = read_topology(layout.topology)
    stack = Stack(
        budgets=await compare_budgets(measured, record.times[-1], prometheus)
        if record.times
        else (),
        groups=_by(catalog.GROUP, await prometheus.query(f"{catalog.GROUP_STATE.name} == 1")),
        gpus=_by(catalog.UUID, await prometheus.query(f"{catalog.GPU_STATE.name} == 1")),
        unreachable=set(_by(catalog.UUID, await prometheus.query(UNREACHABLE))),
        causes=[each for each in await observer.firing_alerts() if each["alertname"] in known],
    )
    groups = [each.name for each in topology.groups]
    return compare(truth, stack, groups, [each.uuid for each in expected_gpus(topology)])


def _by(label: str, samples: Sequence[Sample]) -> Mapping[str, str]:
    """Return states by a label."""
    return {each.labels[label]: each.labels[catalog.STATE] for each in samples}
