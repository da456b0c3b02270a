"""Random series of a small cluster, as our exporters give them: for the rules that we build."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demo.lab.faithfulness.random_series import Sampled, with_gaps
from exporters import catalog
from slo.steps import Floats

_REGIONS = ("eu", "us")
_STRETCH = 15
"""Moments for which traffic and errors stay as they are."""


def cluster_series(random: np.random.Generator, moments: int, seconds: float) -> list[Sampled]:
    """Return what routers, tools, groups and GPUs of a cluster say, each with gaps of its own.

    Args:
        random: decides.
        moments: number of scrapes.
        seconds: between two of them.
    """
    return [
        with_gaps(random, {"__name__": name, catalog.CLUSTER: "demo", **labels}, values)
        for region in _REGIONS
        for name, labels, values in _of_region(random, region, moments, seconds)
    ]


_Whole = Iterator[tuple[str, dict[str, str], list[float]]]


def _of_region(random: np.random.Generator, region: str, moments: int, seconds: float) -> _Whole:
    where = {catalog.REGION: region}
    for family, label in (
        (catalog.ROUTER_UP, catalog.ROUTER),
        (catalog.TOOLS_UP, catalog.GATEWAY),
    ):
        up = _flags(random, moments, often=0.02)
        yield family.name, {**where, label: region}, up
        source = {catalog.EXPORTER: label.replace("gateway", "tools"), catalog.SOURCE: region}
        yield catalog.SOURCE_UP.name, {**where, **source}, up
    cell = {**where, catalog.MODEL: "chat"}
    yield from _of_router(random, cell, moments, seconds)
    bad = _shares(random, moments)
    calls = _rates(random, moments) * seconds
    for outcome, share in (("ok", 1 - bad), ("timeout", bad)):
        labels = {**cell, catalog.TOOL: "search", catalog.OUTCOME: outcome}
        yield f"{catalog.TOOL_CALLS.name}", labels, _total(random, calls * share)
    yield from _of_group(random, {**cell, catalog.GROUP: f"{region}-chat-0"}, moments)


def _of_router(
    random: np.random.Generator, cell: dict[str, str], moments: int, seconds: float
) -> _Whole:
    labels = {
        **cell, catalog.ROUTER: cell[catalog.REGION], catalog.REVISION: "r1", catalog.TIER: "pro",
    }  # fmt: skip
    requests, bad = _rates(random, moments) * seconds, _shares(random, moments)
    for outcome, share in (("ok", 1 - bad), ("timeout", bad)):
        ended = {**labels, catalog.OUTCOME: outcome}
        yield catalog.ROUTER_REQUESTS.name, ended, _total(random, requests * share)
    name = catalog.ROUTER_TIME_TO_FIRST_TOKEN.name
    slow = _shares(random, moments)
    yield f"{name}_bucket", {**labels, "le": "2.5"}, _total(random, requests * (1 - slow))
    yield f"{name}_count", labels, _total(random, requests)
    yield catalog.ROUTER_IN_FLIGHT.name, labels, np.round(requests / seconds * 2).tolist()


def _of_group(random: np.random.Generator, group: dict[str, str], moments: int) -> _Whole:
    gpu = {**group, catalog.HOST: "h0", catalog.UUID: "GPU-0"}
    lost, dead = _flags(random, moments, often=0.01), _flags(random, moments, often=0.02)
    for family, reasons, labels, flags, state, reason in (
        (catalog.GPU_STATE, catalog.GPU_REASON, gpu, lost, "lost", "xid_79"),
        (catalog.GROUP_STATE, catalog.GROUP_REASON, group, dead, "dead", "gpu_lost"),
    ):
        fine = [1 - each for each in flags]
        yield family.name, {**labels, catalog.STATE: state}, fine
        yield reasons.name, {**labels, catalog.REASON: reason}, fine
        yield reasons.name, {**labels, catalog.REASON: "none"}, flags


def _stretches(random: np.random.Generator, moments: int, choices: list[float]) -> Floats:
    drawn = random.choice(choices, moments // _STRETCH + 1)
    return np.repeat(drawn, _STRETCH)[:moments]


def _rates(random: np.random.Generator, moments: int) -> Floats:
    return _stretches(random, moments, [0.0, 0.05, 2.0, 2.0, 8.0])


def _shares(random: np.random.Generator, moments: int) -> Floats:
    return _stretches(random, moments, [0.0, 0.0, 0.0, 0.004, 0.03, 0.4, 1.0])


def _total(random: np.random.Generator, expected: Floats) -> list[float]:
    return [float(each) for each in np.cumsum(random.poisson(expected))]


def _flags(random: np.random.Generator, moments: int, *, often: float) -> list[float]:
    """Return 1, and at times 0 for a while."""
    flags, rest = [], 0
    for chance, length in zip(
        random.random(moments).tolist(), random.integers(1, 20, moments).tolist(), strict=True
    ):
        rest = length if chance < often else max(0, rest - 1)
        flags.append(0.0 if rest else 1.0)
    return flags
