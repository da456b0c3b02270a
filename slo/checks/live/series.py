"""Whether a server has the series of an indicator, and with the labels that are grouped by."""

from __future__ import annotations

import math
from collections.abc import Iterator

import promql_parser

from exporters.durations import format_duration
from exporters.problems import Problem
from slo.checks.finding import finding, sides
from slo.checks.live.asking import Asked, list_some
from slo.objective import BASE_WINDOW, Objective
from slo.prometheus import PrometheusRefusedError
from slo.promql_text import write_promql, write_selector
from slo.rule import base_window_seconds

_STEP_SECONDS = 300
"""A query looks back so long for a sample."""


async def check_selector(
    asked: Asked, objective: Objective, side: str, selector: promql_parser.VectorSelector
) -> list[Problem]:
    """Return what is wrong with what a selector finds: nothing, if it finds a series.

    Raises:
        PrometheusError: if there is no answer, or a query is refused.
    """
    text, name = write_promql(selector), selector.name or ""
    if await asked.count(text):
        return []
    check = "bad-series-missing" if side == "bad" else "series-missing"
    ago = await _last_seen_seconds_ago(asked, text)
    if ago is not None:
        about = format_duration(max(1, math.ceil(ago / _STEP_SECONDS)) * _STEP_SECONDS)
        found = f"{side} asks for {text}, which has had no sample for about {about}"
        fix = "see whether what serves it is up and is scraped"
        return [finding(objective, check, found, fix)]
    named = await asked.count(name) if name else 0
    if named:
        wrong = [await _wrong_matcher(asked, name, each) for each in selector.matchers.matchers]
        why = "; ".join(each for each in wrong if each) or "no single label is the reason"
        found = f"{side} asks for {text}, and of {named} series of that name none matches: {why}"
    else:
        found = f"{side} asks for {text}, and no series has that name"
    if side == "bad":
        fix = "wait for the first error, or correct the query"
    else:
        fix = "correct the query" if named else "correct the name, or scrape what serves it"
    return [finding(objective, check, found, fix)]


async def _last_seen_seconds_ago(asked: Asked, selector: str) -> float | None:
    """Return for how long a selector has found nothing, to 5 minutes; None if for a day or more.

    Queries look back 5 minutes: what was scraped before that is not there, and yet no wrong name.
    """
    # As an aggregate: a day of every series would be much to remember for a server.
    seen = f"max_over_time(timestamp(group({selector}))[1d:5m])"
    try:
        ago = await asked.vector(f"time() - max({seen})")
    except PrometheusRefusedError:  # too much to look at, and no reason to say nothing else
        return None
    return ago[0].value if ago else None


async def check_cells(
    asked: Asked, objective: Objective, scrape_interval_seconds: float
) -> tuple[int, list[Problem]]:
    """Return how many cells an objective has, and what is wrong with what tells them apart.

    Raises:
        PrometheusError: if there is no answer, or a query is refused.
    """
    side, expression = next(iter(sides(objective).items()))
    window = format_duration(base_window_seconds(scrape_interval_seconds))
    by = ", ".join(objective.grouping_labels)
    expr = expression.replace(BASE_WINDOW, window)
    cells = await asked.vector(f"count by ({by}) ({expr})")
    if not cells:
        message = f"{side} finds series, and over {window} there is nothing of them: {expr}"
        fix = "see whether they are scraped now, and often enough, and whether its operators match"
        return 0, [finding(objective, "expression-empty", message, fix)]
    every = sum(each.value for each in cells)
    problems: list[Problem] = []
    for label in objective.grouping_labels:
        without = sum(each.value for each in cells if not each.labels.get(label))
        if without:
            problems += _without(objective, side, label, int(without), int(every))
    return len(cells), problems


def _without(
    objective: Objective, side: str, label: str, without: int, every: int
) -> Iterator[Problem]:
    of = f"none of the {every}" if without == every else f"{without} of {every}"
    do_not = "has" if without == every else "lack"
    yield finding(
        objective,
        "label-missing",
        f"grouped by {label}, which {of} series of {side} {do_not}: they share one budget",
        "correct shardwatch.dev/grouping-labels, or add the label where they are scraped",
    )


async def _wrong_matcher(asked: Asked, name: str, matcher: promql_parser.Matcher) -> str:
    if matcher.name == "__name__":
        return ""
    alone = write_selector(name, [matcher])
    if await asked.count(alone):
        return ""
    values = await asked.vector(f"topk(9, group by ({matcher.name}) ({name}))")
    there = sorted(each.labels.get(matcher.name, "") for each in values)
    quoted = [f'"{each}"' for each in there if each]
    return f"none has {alone.removeprefix(name)}, there is {list_some(quoted) or 'no such label'}"
