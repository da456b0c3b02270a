"""Asking a server for what expressions give at moments, one by one where one fails at some."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slo.prometheus import PrometheusClient, PrometheusRefusedError
from slo.replay.grids import Bools
from slo.series import Series
from slo.steps import Times

MOST_MOMENTS = 10_000
"""Prometheus answers a range query with at most 11,000."""
MOST_MOMENTS_OF_TIMES = 120
"""For ``timestamp`` Prometheus finds its samples anew at each moment, from the beginning of a range
on (2.42, promql/engine.go, ``eval`` of that call): twice as long a range takes four times as long.
At a hundred moments or so, a query more costs what it spares."""

_ASKED = "replay_asked"
"""A label that tells of which expression a series is, where several are asked for in one query."""

Answer = tuple[list[Series], Bools, str]
"""What an expression gives, at which moments it failed, and what was said of that."""


async def ask_together(
    client: PrometheusClient, exprs: Sequence[str], times_ms: Times, interval_ms: int
) -> list[Answer]:
    """Return what each of some expressions gives at moments: as :func:`ask` does, in one request.

    Raises:
        PrometheusError: if there is no answer, or an expression cannot be read.
    """
    if len(exprs) > 1:
        # A new line, for a comment may end an expression.
        named = [
            f'label_replace({expr}\n, "{_ASKED}", "{number}", "{_ASKED}", "")'
            for number, expr in enumerate(exprs)
        ]
        try:
            found = await _range(client, " or ".join(named), times_ms, interval_ms)
        except PrometheusRefusedError:
            pass  # one of them fails, or is a number and no vector
        else:
            answers: list[Answer] = [([], np.zeros(times_ms.shape, np.bool_), "") for _ in exprs]
            for each in found:
                labels = dict(each.labels)
                series, _, _ = answers[int(labels.pop(_ASKED))]
                series.append(Series(labels, each.times_ms, each.values))
            return answers
    return [await ask(client, each, times_ms, interval_ms) for each in exprs]


async def ask(client: PrometheusClient, expr: str, times_ms: Times, interval_ms: int) -> Answer:
    """Return what an expression gives at moments, where it failed, and what was said of that.

    A range query fails as a whole where a rule would fail at one moment, and even where it would at
    none: some duplicates count that lie at different moments. So it is halved until what fails is
    one moment. What reads the times of samples is asked for in short ranges, which is quicker.

    Args:
        client: of the server.
        expr: an expression.
        times_ms: every interval.
        interval_ms: see above.

    Raises:
        PrometheusError: if there is no answer, or the expression cannot be read.
    """
    failed = np.zeros(times_ms.shape, np.bool_)
    found: list[Series] = []
    said = ""
    most = MOST_MOMENTS_OF_TIMES if "timestamp" in expr else MOST_MOMENTS
    count = len(times_ms)
    pieces = [(first, min(first + most, count)) for first in range(0, count, most)][::-1]
    while pieces:
        first, end = pieces.pop()
        try:
            found += await _range(client, expr, times_ms[first:end], interval_ms)
        except PrometheusRefusedError as error:
            if "parse error" in str(error):
                raise
            if end - first == 1:
                failed[first] = True
                said = said or str(error)
            else:
                middle = (first + end) // 2
                pieces += [(middle, end), (first, middle)]
    return found, failed, said


async def _range(
    client: PrometheusClient, expr: str, times_ms: Times, interval_ms: int
) -> list[Series]:
    start_ms, last_ms = int(times_ms[0]), int(times_ms[-1])
    return await client.query_range(expr, start_ms / 1000, last_ms / 1000, interval_ms / 1000)
