"""Who comes: day and night, weekends, bursts, agents' next turns, retries, and one tenant too many.

What is asked of each region's model is drawn once a step. Agents are a closed loop: their next
request comes when a tool has answered. So are clients that try again: each failure brings a new
attempt after a pause, until the client has had enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import pi

import numpy as np

from demo.sim.fleet import Counts, Flags, Fleet, Floats
from demo.sim.service import Service, model_figures
from demo.traffic.figures import figures
from demo.weektime import DAY_SECONDS, THURSDAY_SECONDS, WEEK_SECONDS
from exporters.catalog import TIERS

HOURS_FROM_UTC = {"eu": 1.0, "us": -5.0, "us-gov": -5.0, "ap": 8.0}
"""Of a region's users; 0 for regions that are not known. Chosen."""
GOVERNMENT_SUFFIX = "-gov"
"""A region of this name serves governments alone, and the region it is named for serves none."""

BURST_SECONDS = 20.0
BURST_SIGMA_OF_CV = 0.012
"""Deviation of the bursts' logarithm, for each unit by which the published variation of one trace
exceeds a Poisson process: a region's traffic is a sum of many such traces. Chosen."""
RETRY_SHARE = 0.7
"""Of clients that try again, as SDKs do; the others are people who leave. Chosen."""
STORM_PAUSE_SECONDS = 0.2
MOST_ATTEMPTS = 21
COMPOSITION_SECONDS = 10.0
"""How long a request takes to fail, as a rule: its deadline."""
BATCH_TIER = "enterprise"
BATCH_HOURS = (0.0, 6.0)
"""Local time at which batches run."""
BATCH_RATIO = 0.15
"""Of the traffic at the daily peak, while batches run: nobody waits for them. Chosen."""
TENANT_LIMIT_RATIO = 0.25
"""Of a region's usual traffic for a model: what its router lets one tenant send."""

_BATCH_TIER = TIERS.index(BATCH_TIER)


@dataclass
class Demand:
    """What decides who comes next."""

    clock_offset: float
    """Seconds by which the users' clock is ahead."""
    burst: Floats
    """Logarithm of the factor by which traffic is above its mean. [C]."""
    burst_sigma: Floats
    """[C]."""
    tier_shares: Floats
    """[C, T]."""
    continued_share: Floats
    """Of the requests, that follow a tool's answer. [C]."""
    per_ended_call: Floats
    """Requests that follow each ended tool call. [C]."""
    waiting_retries: Floats
    """Clients about to try again, by the attempts they have made. [C, MOST_ATTEMPTS]."""
    composition: Floats
    """Shares of the requests by earlier attempts, of those that fail now. [C, MOST_ATTEMPTS]."""
    spikes: Floats
    """Factors on the traffic. [C]."""
    floods: Floats
    """Requests a second of a tenant that floods. [C, T]."""
    storms: Counts
    """Retries at the most, where clients storm; 0 elsewhere. [C]."""
    calls_ended: Counts
    """Tool calls of the last step. [C]."""
    hours: Floats
    """From UTC. [C]."""
    takes_batches: Floats
    """1 for cells whose region has the tier of batches. [C]."""


@dataclass(frozen=True)
class Arrivals:
    """Requests that came in one step."""

    requests: Counts
    """[C, T]."""
    retries: Counts
    """Of those, further attempts. [C, T]."""
    over_limit: Counts
    """Of those, beyond a tenant's or a user's own limit. [C, T]."""


def start_demand(fleet: Fleet, service: Service, clock_offset: float) -> Demand:
    """Return the demand at an ordinary moment."""
    cells = len(fleet.cells)
    asked = [model_figures(model) for model in service.models]
    calls = np.array([each.calls_per_request.value for each in asked])
    continued = np.minimum(calls, [1 - 1 / max(each.turns.value, 1.0) for each in asked])
    first = np.zeros((cells, MOST_ATTEMPTS))
    first[:, 0] = 1.0
    return Demand(
        clock_offset=clock_offset,
        burst=np.zeros(cells),
        burst_sigma=np.array(
            [BURST_SIGMA_OF_CV * max(each.arrival_cv.value - 1, 0.5) for each in asked]
        ),
        tier_shares=np.array([_tiers_of(region, fleet.regions) for region, _ in fleet.cells]),
        continued_share=continued,
        per_ended_call=np.where(calls > 0, continued / np.maximum(calls, 1e-9), 0.0),
        waiting_retries=np.zeros((cells, MOST_ATTEMPTS)),
        composition=first,
        spikes=np.ones(cells),
        floods=np.zeros((cells, len(TIERS))),
        storms=np.zeros(cells, np.int64),
        calls_ended=np.zeros(cells, np.int64),
        hours=np.array([HOURS_FROM_UTC.get(region, 0.0) for region, _ in fleet.cells]),
        takes_batches=np.array(
            [float(not region.endswith(GOVERNMENT_SUFFIX)) for region, _ in fleet.cells]
        ),
    )


def rhythm(times: Floats, hours: Floats) -> Floats:
    """Return the traffic at some times, in parts of that at the peak of a working day.

    Args:
        times: UNIX seconds.
        hours: by which local time is ahead of UTC; of the shape of ``times`` or to be spread to it.
    """
    shape = figures().rhythm
    local = times + hours * 3600.0
    hour = local % DAY_SECONDS / 3600.0
    weekday = (local + THURSDAY_SECONDS) % WEEK_SECONDS // DAY_SECONDS
    swing = shape.day_swing_ratio.value
    day = 1 + swing * np.cos((hour - shape.peak_hour.value) * (2 * pi / 24))
    week = np.where(weekday >= 5, shape.weekend_ratio.value, 1.0)
    parts: Floats = day / (1 + swing) * week
    return parts


def usual_rates(demand: Demand, service: Service, now: float) -> Floats:
    """Return the requests a second of each cell while nothing is unusual. [C]."""
    return service.peak_rates * rhythm(np.array(now + demand.clock_offset), demand.hours)


def draw_arrivals(
    demand: Demand, service: Service, now: float, dt: float, rng: np.random.Generator
) -> Arrivals:
    """Draw one step's requests.

    Args:
        demand: changed in place.
        service: the cells' rates.
        now: UNIX seconds.
        dt: the step's seconds.
        rng: for the draws.
    """
    faded = np.exp(-dt / BURST_SECONDS)
    sigma = demand.burst_sigma
    noise = rng.standard_normal(len(sigma))
    demand.burst = demand.burst * faded + sigma * np.sqrt(1 - faded * faded) * noise
    usual = usual_rates(demand, service, now) * demand.spikes
    opened = usual * (1 - demand.continued_share) * np.exp(demand.burst - sigma * sigma / 2) * dt
    continued = demand.calls_ended * demand.per_ended_call
    again = _release_retries(demand, dt)
    retried = again.sum(axis=1)
    total = opened + continued + retried
    means = np.array([opened + continued, retried])[:, :, None] * demand.tier_shares
    means[0, :, _BATCH_TIER] += _batch_rates(demand, service, now) * dt
    drawn = rng.poisson(means)
    over = rng.binomial(drawn[0], _rate_limited_ratios())
    requests, retries = drawn[0] + drawn[1], drawn[1]
    if demand.floods.any():
        flood = rng.poisson(demand.floods * dt)
        limit = TENANT_LIMIT_RATIO * usual * dt + rng.random(len(usual))
        allowed = limit.astype(np.int64)[:, None]
        over = over + np.maximum(flood - allowed, 0)
        requests = requests + flood
    shares = again / np.maximum(total, 1e-9)[:, None]
    shares[:, 0] += 1 - shares.sum(axis=1)
    lag = 1 - np.exp(-dt / COMPOSITION_SECONDS)
    demand.composition += (shares - demand.composition) * lag
    return Arrivals(requests, retries, over)


def _batch_rates(demand: Demand, service: Service, now: float) -> Floats:
    """Return the requests a second with which batches begin: agents' are followed by more. [C]."""
    hour = (now + demand.clock_offset + demand.hours * 3600.0) % DAY_SECONDS / 3600.0
    runs = (hour >= BATCH_HOURS[0]) & (hour < BATCH_HOURS[1])
    opened = BATCH_RATIO * (1 - demand.continued_share) * demand.takes_batches
    rates: Floats = service.peak_rates * (opened * runs)
    return rates


def note_failures(demand: Demand, failed: Floats) -> None:
    """Let clients whose request failed think about trying again. [C]."""
    if not failed.any():
        return
    most = np.where(demand.storms > 0, demand.storms, figures().client.retries.value)
    share = np.where(demand.storms > 0, 1.0, RETRY_SHARE)
    made = np.arange(1, MOST_ATTEMPTS)
    again = demand.composition[:, :-1] * (failed * share)[:, None] * (made <= most[:, None])
    demand.waiting_retries[:, 1:] += again


def storm(demand: Demand, cells: Flags, retries: int) -> None:
    """Let clients of some cells storm: at once, so often; or be themselves again with 0."""
    demand.storms[cells] = retries


@cache
def _rate_limited_ratios() -> Floats:
    """Return the share of each tier's requests that its own limit turns away. [T]."""
    return np.array([figures().rate_limited_ratios.value[tier] for tier in TIERS])


@cache
def _pauses() -> Floats:
    """Return the seconds before each further attempt. [MOST_ATTEMPTS]."""
    client = figures().client
    doubled = client.first_backoff_seconds.value * 2.0 ** np.arange(-1, MOST_ATTEMPTS - 1)
    pauses: Floats = np.minimum(doubled, client.longest_backoff_seconds.value)
    return pauses


def _release_retries(demand: Demand, dt: float) -> Floats:
    """Return those who try again in this step, by earlier attempts. [C, MOST_ATTEMPTS]."""
    if not demand.waiting_retries.any():
        return np.zeros_like(demand.waiting_retries)
    pauses = np.where((demand.storms > 0)[:, None], STORM_PAUSE_SECONDS, _pauses())
    released: Floats = demand.waiting_retries * -np.expm1(-dt / pauses)
    demand.waiting_retries -= released
    return released


def _tiers_of(region: str, regions: tuple[str, ...]) -> Floats:
    shares = figures().tier_shares.value
    if region.endswith(GOVERNMENT_SUFFIX):
        return np.array([float(tier == "gov") for tier in TIERS])
    without = region + GOVERNMENT_SUFFIX in regions
    kept = np.array([0.0 if without and tier == "gov" else shares[tier] for tier in TIERS])
    shares_left: Floats = kept / kept.sum()
    return shares_left
