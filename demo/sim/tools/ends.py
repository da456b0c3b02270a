"""How calls of a tool can end, and how long they last: a table, with a chance for each row.

Calls that end well last as published (:mod:`demo.traffic.figures`), up to the tool's time limit,
which is the distribution's end: 600 s for code and the browser, 60 s for search. So the limit costs
calls only where something is wrong: a program that hangs, a tool that became slow. A tool that is
out is seen far sooner: nobody answers when the call is made, so it fails at once (refused) or when
the time to connect is over, 10 s, whatever the limit of the call itself.

The browser asks its page cache first. A hit is fast and meets neither slow sites nor captchas;
fetched pages take what is left of the published distribution, which was measured over both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from itertools import pairwise
from math import ceil, log

import numpy as np

from demo.sim.fleet import Counts, Floats
from demo.sim.tools.page_cache import HIT_RATIO
from demo.traffic.figures import figures
from exporters.catalog import TOOL_DURATION_BOUNDS
from exporters.dialects import read_dialect

BROWSER = "browser"
"""The tool that reads pages through the page cache."""

TOOL_ERROR_TYPES = read_dialect("otel_tools").families[0].values["error_type"]
"""How a tool call ended; empty if well."""

CONNECT_SECONDS = 10.0
"""A tool that does not answer at all is given up after this. Chosen."""
_TIMER_LATE_SECONDS = 0.002

_REFUSED_RATIO = 0.2
"""Of the calls that an outage hits; the others time out as they connect. Chosen."""

Quantiles = Mapping[float, float]
"""Seconds by the share of calls that last shorter, from 0.0 to 1.0; log-linear in between."""

_HIT_SECONDS_AT: Quantiles = {0.0: 0.02, 0.5: 0.06, 1.0: 0.3}
"""A page from the cache. Chosen."""
_LEAST_FETCH_SECONDS = 2.0
"""A browser has to start and to render. Chosen."""
_FAILURE_SECONDS_AT: Quantiles = {0.0: 0.05, 0.5: 0.2, 1.0: 2.0}
"""Calls that fail while the tool answers. Chosen."""
_CANCELLED_SECONDS_AT: Quantiles = {0.0: 1.0, 0.5: 5.0, 1.0: 30.0}
"""Calls whose user left. Chosen."""
_REFUSED_SECONDS_AT: Quantiles = {0.0: 0.002, 1.0: 0.02}
"""Chosen."""

_WIDEST_RATIO = 2.5
"""Between the bounds of a class of durations, as between those of the histogram."""

_WELL, _HIT, _CONNECT, _REFUSED = "well", "hit", "connect", "refused"
"""Kinds of ends that are no error types by themselves."""


class Part(IntEnum):
    """What a call has to do with the page cache."""

    NONE = 0
    HIT = 1
    FETCHED = 2
    """A miss whose page came from its site."""
    LOST = 3
    """A miss that brought no page."""


@dataclass(frozen=True)
class _Kind:
    type: str
    part: Part
    seconds_at: Quantiles


@dataclass(frozen=True)
class Ends:
    """The ends of one tool's calls, sorted by type. J is the end: a kind and class of durations."""

    kinds: tuple[str, ...]
    """[J]."""
    types: Counts
    """Places in ``TOOL_ERROR_TYPES``, each at least once. [J]."""
    parts: Counts
    """Of :class:`Part`. [J]."""
    lowest: Floats
    """Seconds: a class of durations goes from here, evenly on a logarithmic scale, ... [J]."""
    highest: Floats
    """... to here, and across no bound of the histogram. [J]."""

    @property
    def seconds(self) -> Floats:
        """Means of the classes. [J]."""
        spans = np.log(self.highest / self.lowest)
        width = self.highest - self.lowest
        return np.where(spans > 0, width / np.where(spans > 0, spans, 1.0), self.lowest)

    @property
    def buckets(self) -> Counts:
        """Places in ``TOOL_DURATION_BOUNDS``. [J]."""
        buckets: Counts = np.searchsorted(TOOL_DURATION_BOUNDS, self.seconds)
        return buckets


@cache
def ends_of(tool: str) -> Ends:
    """Return the ends of a tool's calls."""
    rows = [
        (kind, name, span)
        for name, kind in _kinds(tool).items()
        for span in _spans(kind.seconds_at)
    ]
    rows.sort(key=lambda row: TOOL_ERROR_TYPES.index(row[0].type))
    return Ends(
        kinds=tuple(name for _, name, _ in rows),
        types=np.array([TOOL_ERROR_TYPES.index(kind.type) for kind, _, _ in rows]),
        parts=np.array([int(kind.part) for kind, _, _ in rows]),
        lowest=np.array([lowest for _, _, (lowest, _) in rows]),
        highest=np.array([highest for _, _, (_, highest) in rows]),
    )


@lru_cache(maxsize=1024)
def chances_of(tool: str, failing: float, slowness: float, captchas: float) -> Floats:
    """Return the chance of each end. [J].

    Those that follow a hit and those that follow a miss add up to the same: the chances given
    that a request is the one or the other.

    Args:
        tool: which one.
        failing: share of calls that an outage hits.
        slowness: how many times longer calls take that no cache answers; from 1. What exceeds the
            limit times out.
        captchas: share of fetched pages that ask for one, beside those that always do.
    """
    kinds, ends = _kinds(tool), ends_of(tool)
    failures = dict(figures().tools[tool].failures.value)
    if tool == BROWSER:  # published for all calls, and only those that fetch can fail
        failures = {name: share / (1 - HIT_RATIO) for name, share in failures.items()}
        failures = {name: share * (1 - captchas) for name, share in failures.items()}
        failures["captcha"] = failures.get("captcha", 0.0) + captchas
    well_at = kinds[_WELL].seconds_at
    well = 1 - sum(failures.values())
    in_time = float(_share_below(well_at, well_at[1.0] / slowness))
    failures["timeout"] = failures.get("timeout", 0.0) + well * (1 - in_time)
    shares = {_WELL: well * in_time, _HIT: 1.0, **failures}
    shares = {name: share * (1 - failing) for name, share in shares.items()}
    shares |= {_CONNECT: failing * (1 - _REFUSED_RATIO), _REFUSED: failing * _REFUSED_RATIO}
    chances = np.zeros(len(ends.kinds))
    for name, kind in kinds.items():
        rows = np.array([each == name for each in ends.kinds])
        scale = slowness if name == _WELL else 1.0
        edges = np.append(ends.lowest[rows], ends.highest[rows][-1]) / scale
        spread = np.diff(_share_below(kind.seconds_at, edges)) if rows.sum() > 1 else np.ones(1)
        # Where a tool is so slow that no call is in time, all its calls are time-outs.
        chances[rows] = shares.get(name, 0.0) * spread / max(spread.sum(), 1e-12)
    return chances


def _kinds(tool: str) -> dict[str, _Kind]:
    browses = tool == BROWSER
    well, lost = (Part.FETCHED, Part.LOST) if browses else (Part.NONE, Part.NONE)
    published = figures().tools[tool]
    well_at = _fetch_seconds_at() if browses else published.seconds.value.at
    kinds = {_WELL: _Kind("", well, well_at)}
    if browses:
        kinds[_HIT] = _Kind("", Part.HIT, _HIT_SECONDS_AT)
    for name in TOOL_ERROR_TYPES[1:]:
        at = _CANCELLED_SECONDS_AT if name == "cancelled" else _FAILURE_SECONDS_AT
        if name == "timeout":
            at = _exactly(well_at[1.0])
        elif name not in published.failures.value:
            at = _exactly(1.0)  # one row, which no call comes to
        kinds[name] = _Kind(name, lost, at)
    kinds[_CONNECT] = _Kind("timeout", Part.NONE, _exactly(CONNECT_SECONDS))
    kinds[_REFUSED] = _Kind("tool_error", Part.NONE, _REFUSED_SECONDS_AT)
    return kinds


def _fetch_seconds_at() -> Quantiles:
    """Return the published quantiles without the hits, which are the fastest calls."""
    at = figures().tools[BROWSER].seconds.value.at
    rest = {(q - HIT_RATIO) / (1 - HIT_RATIO): s for q, s in at.items() if q > HIT_RATIO}
    return {0.0: _LEAST_FETCH_SECONDS, **rest}


def _exactly(seconds: float) -> Quantiles:
    """Return what a timer gives: it is a little late."""
    return {0.0: seconds + _TIMER_LATE_SECONDS, 1.0: seconds + _TIMER_LATE_SECONDS}


def _spans(at: Quantiles) -> list[tuple[float, float]]:
    """Return classes of durations: bounded by quantiles and by buckets, none too wide."""
    inside = [bound for bound in TOOL_DURATION_BOUNDS if at[0.0] < bound < at[1.0]]
    edges = sorted({*at.values(), *inside})
    if len(edges) == 1:
        return [(edges[0], edges[0])]
    spans = []
    for low, high in pairwise(edges):
        parts = ceil(log(high / low) / log(_WIDEST_RATIO) - 1e-9)
        steps = [float(each) for each in np.geomspace(low, high, max(parts, 1) + 1)]
        spans += list(pairwise([low, *steps[1:-1], high]))
    return spans


def _share_below(at: Quantiles, seconds: Floats | float) -> Floats:
    knots = sorted(at.items())
    return np.interp(
        np.log(seconds), [log(each) for _, each in knots], [share for share, _ in knots]
    )
