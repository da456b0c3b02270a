"""What an indicator cannot see, or does not weigh: to be told, though its rules can be made."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from exporters.problems import Problem
from slo.counting import other_than_events
from slo.objective import BASE_WINDOW, Objective, Ratio, RawRatio
from slo.promql import selectors
from slo.sloth.cells import result_labels

RAW_VLLM = "raw-vllm"
EVERY_MOMENT_EQUAL = "every-moment-equal"
SERIES_AVERAGED = "series-averaged"
RATES_NOT_ADDED = "rates-not-added"

WARNINGS = {
    RAW_VLLM: "vLLM's own counters tell of requests that ended: those that hang, were aborted or "
    "timed out are in none of them.",
    EVERY_MOMENT_EQUAL: "An error ratio without its traffic: a night of one request weighs as much "
    "as a day of thousands.",
    SERIES_AVERAGED: "An error ratio that may be of several series: they are averaged into one "
    "budget.",
    RATES_NOT_ADDED: "A quantile, a maximum, a mean or a quotient of rates where events are "
    "counted: it is no number of events, and what is budgeted is no share of them.",
}
"""The stable ids of the warnings here, each with what it is about."""

_OF_ENDED_REQUESTS = (
    "request_",
    "e2e_request_latency_seconds",
    "inter_token_latency_seconds",
    "time_per_output_token_seconds",
    "time_to_first_token_seconds",
)
"""vLLM 0.32 observes these when a request, or its first token, is done; aborted requests are taken
out of its books without a trace (vLLM issue 31503)."""


def warnings_of(objective: Objective) -> list[Problem]:
    """Return what an objective's indicator leaves in doubt, sorted by id.

    The ids of the checks are those of :data:`WARNINGS`. All have severity warning: none keeps rules
    from being made.
    """
    found = (*_raw_vllm(objective), *_raw_ratio(objective), *_rates_not_added(objective))
    return sorted(found, key=lambda each: (each.check, each))


def _raw_vllm(objective: Objective) -> Iterator[Problem]:
    if not isinstance(objective.indicator, Ratio | RawRatio):
        return
    names = {
        each.name or ""
        for expression in objective.indicator.expressions
        for each in selectors(expression)
    }
    ended = sorted(name for name in names if _is_of_ended_requests(name))
    if ended:
        yield _warning(
            objective,
            RAW_VLLM,
            f"found {', '.join(ended)}, which count requests when they end: requests that hang, "
            "that clients gave up, or that time out are missed, and a dead engine looks idle",
            "measure at the router, as library:chat does, or with its own counter of requests",
        )


def _is_of_ended_requests(name: str) -> bool:
    for prefix in ("vllm:", "vllm_"):
        if name.startswith(prefix):
            return name.removeprefix(prefix).startswith(_OF_ENDED_REQUESTS)
    return False


def _raw_ratio(objective: Objective) -> Iterator[Problem]:
    indicator = objective.indicator
    if not isinstance(indicator, RawRatio):
        return
    yield _warning(
        objective,
        EVERY_MOMENT_EQUAL,
        "found a ratio without its traffic: every moment weighs the same, a quiet one as much as a "
        "busy one",
        "give the bad events and all events apart",
    )
    tree = promql_parser.parse(indicator.share.replace(BASE_WINDOW, "1m"))
    if not objective.grouping_labels and result_labels(tree) is None:
        yield _warning(
            objective,
            SERIES_AVERAGED,
            "found a ratio that is not aggregated: if it is of several series, they are averaged "
            "into one budget",
            "write avg(...), or avg by (LABELS) (...) for a budget of each set of their values",
        )


def _rates_not_added(objective: Objective) -> Iterator[Problem]:
    indicator = objective.indicator
    if not isinstance(indicator, Ratio):
        return
    named = {"total": indicator.total, "bad": indicator.bad, "good": indicator.good}
    for side, expression in named.items():
        found = other_than_events(expression) if expression is not None else None
        if found:
            yield _warning(
                objective,
                RATES_NOT_ADDED,
                f"{side} has {found}, expected a sum of rates: no number of events comes of it",
                "sum the rates (sum, or, +, -, multiples), or write a share as raw, a value as "
                "thresholdMetric",
            )


def _warning(objective: Objective, name: str, message: str, fix: str) -> Problem:
    place = objective.file, objective.line, objective.column
    return Problem(*place, objective.name, message, fix, name)
