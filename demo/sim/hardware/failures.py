"""The background of failures: hardware breaks at published rates, and is repaired after a while.

Failures come as a Poisson process over all GPU-hours, so that only those that happen cost anything;
each incident has a cause, in the shares of the published table (``hardware.yaml``), and strikes a
GPU or its host at random. Some take neighbours with them: the same incident, more victims. Their
effects are those of faults (:mod:`demo.sim.hardware.damage`); what has none on hardware, software
that hangs and wrong results, is left to the caller.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from math import inf, log

import numpy as np

from demo.sim.fleet import RACKS_OF_POWER_DOMAIN, Fleet
from demo.sim.hardware.damage import Struck, break_part, mend_part
from demo.sim.hardware.figures import Cause, Reach, read_hardware_figures
from demo.sim.hardware.state import Hardware

SECONDS_OF_HOUR = 3600.0


@dataclass
class Failures:
    """What has failed and is not repaired yet, and when the next failure comes."""

    rate: float
    """1 as published, 0 none."""
    next_at: float
    """UNIX seconds."""
    incidents: int = 0
    standing: dict[int, Struck] = field(default_factory=dict)
    """What failed and is not repaired yet, by the number of the victim."""
    repaired: list[Struck] = field(default_factory=list)
    """What was repaired in this step."""
    victims: int = 0
    repairs: list[tuple[float, int]] = field(default_factory=list)
    """When which victim is repaired, a heap."""


def start_failures(
    fleet: Fleet, now: float, rng: np.random.Generator, *, rate: float = 1.0
) -> Failures:
    """Return a background in which nothing has failed yet.

    Args:
        fleet: its parts.
        now: UNIX seconds.
        rng: for when the first failure comes.
        rate: a factor to the published rates; 0 for none.
    """
    return Failures(rate, now + _gap(fleet, rate, rng))


@cache
def published_rates() -> dict[Cause, float]:
    """Return incidents per GPU-hour, by cause."""
    published = read_hardware_figures().failures
    rates: dict[Cause, float] = {}
    for row in published.rows:
        for cause, share in row.causes.items():
            rates[cause] = rates.get(cause, 0.0) + share * row.count / published.gpu_hours
    return rates


def advance_failures(
    failures: Failures, hardware: Hardware, fleet: Fleet, now: float, rng: np.random.Generator
) -> list[Struck]:
    """Let happen what happens until ``now``: repairs, then failures.

    Returns:
        What was struck. Of ``software-hang`` and ``silent-corruption`` nothing has happened but
        this; they are over when ``failures.repaired`` lists them.
    """
    if failures.repaired:
        failures.repaired = []
    while failures.repairs and failures.repairs[0][0] <= now:
        over = failures.standing.pop(heapq.heappop(failures.repairs)[1])
        mend_part(hardware, fleet, over)
        failures.repaired.append(over)
    struck: list[Struck] = []
    while failures.next_at <= now:
        struck += _strike(failures, hardware, fleet, rng)
        failures.next_at += _gap(fleet, failures.rate, rng)
    return struck


def _gap(fleet: Fleet, rate: float, rng: np.random.Generator) -> float:
    """Return seconds until the next failure."""
    hourly = sum(published_rates().values()) * rate * fleet.gpus
    return float(rng.exponential(SECONDS_OF_HOUR / hourly)) if hourly > 0 else inf


def _strike(
    failures: Failures, hardware: Hardware, fleet: Fleet, rng: np.random.Generator
) -> Iterator[Struck]:
    cause, at = _draw_cause(float(rng.random())), failures.next_at
    share, repairable = _draw_damage(cause, rng)
    of_cause = read_hardware_figures().failures.causes[cause]
    hours = float(rng.lognormal(log(of_cause.hours_median), of_cause.hours_sigma))
    gpu = int(rng.integers(fleet.gpus))
    reach = _draw_reach(cause, rng)
    failures.incidents += 1
    for host, each in _victims(fleet, cause, gpu, reach, rng):
        struck = Struck(
            incident=failures.incidents,
            cause=cause,
            group=int(fleet.group_of_host[host]),
            host=host,
            gpu=each,
            share=share,
            at=at,
            repaired_at=at + hours * SECONDS_OF_HOUR if repairable else at,
        )
        break_part(hardware, fleet, struck)
        if repairable:
            failures.victims += 1
            failures.standing[failures.victims] = struck
            heapq.heappush(failures.repairs, (struck.repaired_at, failures.victims))
        yield struck


@cache
def _causes() -> tuple[tuple[Cause, float], ...]:
    """Return the causes, each with the share of it and those before it."""
    rates = published_rates()
    total = sum(rates.values())
    return tuple(zip(rates, accumulate(rate / total for rate in rates.values()), strict=True))


def _draw_cause(chance: float) -> Cause:
    causes = _causes()
    return next((cause for cause, below in causes if chance < below), causes[-1][0])


def _draw_reach(cause: Cause, rng: np.random.Generator) -> Reach | None:
    chance = float(rng.random())
    for reach, share in read_hardware_figures().failures.causes[cause].spreads.items():
        if chance < share:
            return reach
        chance -= share
    return None


def _draw_damage(cause: Cause, rng: np.random.Generator) -> tuple[float, bool]:
    """Return the share of speed that is lost, and whether there is anything to repair."""
    published = read_hardware_figures().failures
    first, second = rng.random(2).tolist()
    if cause == "nvlink":
        hangs = first < published.nvlink_hangs_ratio
        return (1.0 if hangs else second * published.nvlink_slowness_ratio), True
    if cause == "thermal":
        return published.thermal_slowness_ratio, True
    return 1.0, not (cause == "hbm" and first < published.contained_ratio)


def _victims(
    fleet: Fleet, cause: Cause, gpu: int, reach: Reach | None, rng: np.random.Generator
) -> list[tuple[int, int | None]]:
    """Return hosts and, where not all of it is hit, GPUs: what fails first, then its neighbours."""
    host = fleet.host_of_gpu(gpu)
    if cause in ("host", "network"):
        return [(each, None) for each in _hosts_within(fleet, host, reach)]
    if reach == "rack":
        return [(host, None)]
    victims: list[tuple[int, int | None]] = [(host, gpu)]
    others = [each for each in fleet.gpus_of_host(host) if each != gpu]
    if reach == "host" and others:
        victims.append((host, int(rng.choice(others))))
    return victims


def _hosts_within(fleet: Fleet, host: int, reach: Reach | None) -> list[int]:
    if reach in ("rack", "power"):
        parts = fleet.rack_of_host
        if reach == "power":
            parts = parts // RACKS_OF_POWER_DOMAIN
        region = fleet.region_of_group[fleet.group_of_host]
        near = (parts == parts[host]) & (region == region[host])
        return [int(each) for each in np.flatnonzero(near)]
    # A host that serves several groups has a place for each.
    return list(fleet.names.find_hosts(fleet.names.host(host)))
