"""How long after the theory a page comes: after healthy traffic, a constant share of errors.

Nothing fires sooner than the burn of the long window allows: see ``slo.burn.theory_seconds``. What
comes on top is one's own: scrapes and evaluations every 15 s, and the window of the base rates.

Each ratio of errors begins at eight moments within an interval, each in cells that are scraped at
eight moments; a page comes with the first evaluation at which both windows of the fastest tier
burn beyond its factor, as its alert says (:mod:`alerts.burn`). The latest page of all is the
figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import product

import numpy as np

from slo import conventions as names
from slo.benching.counted import counted, events_of
from slo.benching.playing import groups_of, recording
from slo.benching.raw_windows import error_ratio
from slo.burn import burn_factor, error_ratio_needed, format_decimal, theory_seconds
from slo.prometheus import PrometheusClient
from slo.replay.evaluating import Replay
from slo.rule import RecordingRule, matching
from slo.series import Series

SCRAPE_SECONDS = 15
HOUR, DAY = 3600, 86400
ERROR_RATIOS = (Decimal(1), Decimal("0.5"), Decimal("0.25"))
PHASES = 8
CELL = "cell"
_REQUESTS_PER_SECOND = 40
_HEALTHY_SECONDS, _FAILING_SECONDS = 2 * HOUR, 900
_REQUESTS = events_of("paged_requests_total")
OBJECTIVE = counted("paged", _REQUESTS, CELL)


async def measure_pages(client: PrometheusClient, start: int) -> tuple[float, float]:
    """Return the seconds beyond the theory of the latest page, by our rules and by raw windows.

    Args:
        client: of a server that holds nothing younger than ``start``.
        start: UNIX seconds.

    Raises:
        ValueError: if a page does not come.
    """
    end = start + _HEALTHY_SECONDS + _FAILING_SECONDS
    await client.remote_write(
        series
        for ratio in ERROR_RATIOS
        for onset, scrape in product(range(PHASES), repeat=2)
        for series in _scraped(ratio, onset, scrape, start)
    )
    await Replay(client, recording(groups_of(OBJECTIVE, SCRAPE_SECONDS), _is_read), start).advance(
        end
    )
    tier = OBJECTIVE.tiers[0]
    factor = format_decimal(burn_factor(tier, OBJECTIVE.period_seconds))
    ours = " and on (cell) ".join(
        f"{matching(names.BURN_RATE, OBJECTIVE, window=window)} > {factor}"
        for window in (tier.long_window, tier.short_window)
    )
    needed = format_decimal(error_ratio_needed(tier, OBJECTIVE.target, OBJECTIVE.period_seconds))
    theirs = " and on (cell) ".join(
        f"({error_ratio(_REQUESTS, CELL, window)}) > {needed}"
        for window in (tier.long_seconds, tier.short_seconds)
    )
    return await _latest(client, ours, start), await _latest(client, theirs, start)


def _is_read(rule: RecordingRule) -> bool:
    """Tell whether the fastest tier reads what a rule records: base rates and burn rates."""
    is_base = rule.labels.get(names.WINDOW) in {"5m", "1h", None}
    read = names.EVENTS_RATE, names.EVENTS_BAD_RATE, names.BURN_RATE
    return is_base and rule.record in read


async def _latest(client: PrometheusClient, condition: str, start: int) -> float:
    """Return the longest time beyond the theory until a condition is met in each cell."""
    moments = groups_of(OBJECTIVE, SCRAPE_SECONDS)[0].moments
    first, last = moments.between(start + HOUR, start + _HEALTHY_SECONDS + _FAILING_SECONDS)
    found = await client.query_range(condition, first, last, SCRAPE_SECONDS)
    paged = {each.labels[CELL]: each.times_ms[0] / 1000 for each in found}
    return max(
        seconds_beyond(paged.get(_cell(ratio, onset, scrape)), ratio, onset_of(start, onset))
        for ratio in ERROR_RATIOS
        for onset, scrape in product(range(PHASES), repeat=2)
    )


def seconds_beyond(paged_at: float | None, ratio: Decimal, onset: float) -> float:
    """Return how long after the theory a page came.

    Raises:
        ValueError: if it did not come, or before the errors did.
    """
    theory = theory_seconds(OBJECTIVE.tiers[0], ratio, OBJECTIVE.target, OBJECTIVE.period_seconds)
    if paged_at is None or theory is None or paged_at < onset:
        raise ValueError(f"found a page at {paged_at}, expected one after {onset}")
    return paged_at - onset - float(theory)


def onset_of(start: int, phase: int) -> float:
    """Return when the errors of a cell begin, UNIX seconds."""
    return start + _HEALTHY_SECONDS + phase * SCRAPE_SECONDS / PHASES


def _cell(ratio: Decimal, onset: int, scrape: int) -> str:
    return f"{ratio} from {onset} scraped at {scrape}"


def _scraped(ratio: Decimal, onset: int, scrape: int, start: int) -> Iterator[Series]:
    """Yield both counters of a cell; they begin to count when they are first seen."""
    scrapes = np.arange(start, start + _HEALTHY_SECONDS + _FAILING_SECONDS, SCRAPE_SECONDS)
    times = scrapes + scrape * SCRAPE_SECONDS / PHASES
    total = np.floor((times - start) * _REQUESTS_PER_SECOND)
    failing = np.maximum(times - onset_of(start, onset), 0)
    errors = np.floor(failing * _REQUESTS_PER_SECOND * float(ratio))
    labels = {"__name__": "paged_requests_total", CELL: _cell(ratio, onset, scrape)}
    times_ms = np.rint(times * 1000).astype(np.int64)
    for outcome, counter in (("ok", total - errors), ("error", errors)):
        yield Series({**labels, "outcome": outcome}, times_ms, counter)
