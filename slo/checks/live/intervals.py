"""Whether series have samples as often as the rules take them to have."""

from __future__ import annotations

import json

import numpy as np
import promql_parser

from exporters.durations import format_duration
from exporters.problems import Problem
from slo.checks.finding import finding
from slo.checks.live.asking import Asked
from slo.objective import Objective
from slo.prometheus import Sample
from slo.promql_text import write_promql
from slo.rule import base_window_seconds

MOST_JOBS = 20
"""Looked at for one selector."""
SLACK = 1.1
"""Scrapes are late now and then."""


async def ask_intervals(
    asked: Asked, selector: promql_parser.VectorSelector, scrape_interval_seconds: float
) -> dict[str, float]:
    """Return the interval of a selector's series in seconds, by job, of one series each.

    The median between the samples of the last ten minutes, or of ten intervals. A job that has
    fewer than two samples in that time is left out.

    Raises:
        PrometheusError: if there is no answer, or a query is refused.
    """
    found: dict[str, float] = {}
    length = format_duration(max(600.0, 10 * scrape_interval_seconds))
    one_each = await asked.vector(f"topk by (job) (1, {write_promql(selector)})")
    for sample in one_each[:MOST_JOBS]:
        for series in await asked.points(f"{_exactly(sample)}[{length}]"):
            if len(series.times_ms) > 1:
                seconds = float(np.median(np.diff(series.times_ms))) / 1000
                found[sample.labels.get("job", "")] = seconds
    return found


def check_intervals(
    objective: Objective, side: str, intervals: dict[str, float], scrape_interval_seconds: float
) -> list[Problem]:
    """Return which of a selector's series have samples less often than rules expect."""
    problems = []
    base = base_window_seconds(scrape_interval_seconds)
    for job, seconds in sorted(intervals.items()):
        of = f"of job {job}" if job else "of no job"
        found = (
            f"the series of {side} {of} have a sample every {format_duration(round(seconds, 1))}"
        )
        if 2 * seconds > base * SLACK:
            problems.append(
                finding(
                    objective,
                    "scrape-interval-too-long",
                    f"{found}, expected two at least in the base window of {format_duration(base)}",
                    "scrape them more often, or set prometheus.scrape_interval to what it is",
                )
            )
        elif seconds > scrape_interval_seconds * SLACK:
            problems.append(
                finding(
                    objective,
                    "scrape-interval-differs",
                    f"{found}, expected every {format_duration(scrape_interval_seconds)}",
                    "scrape them as often, or set prometheus.scrape_interval to what it is",
                )
            )
    return problems


def _exactly(sample: Sample) -> str:
    """Return the selector of one series and no other of its labels."""
    labels = dict(sample.labels)
    matchers = ",".join(f"{name}={json.dumps(value)}" for name, value in sorted(labels.items()))
    return f"{{{matchers}}}"
