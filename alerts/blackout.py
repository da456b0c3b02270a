"""When events cannot be seen, or have stopped: blind cells and vanished traffic.

An outage's page must not resolve because its evidence is gone. Two things take evidence away, and
they are told apart, for one is a fault of the watch and the other may be the users' own:

*   ``blind``: the events of a cell that had some within a day cannot be seen. Exporter or router do
    not answer. A ticket.
*   ``vanished``: they can be seen, and there are next to none where there were many. A page, for
    the users may be unable to reach the service at all.

Both are recorded in the objective's group, before the burn alerts, which hold while either lasts.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.sources import ROUTER, find_source, shared_labels
from exporters import catalog
from slo import conventions
from slo.objective import Objective, Ratio
from slo.rules import RecordingRule, base_window_seconds, matching

VANISHED_RATIO = 0.05
"""Below this share of what was expected, traffic has vanished."""
FEWEST_EXPECTED = 20
"""Events expected within the window that is looked at; with fewer nothing is said. That of 20
expected none comes is chance once in 400 million windows (Poisson)."""
QUIET_WINDOW_SECONDS = 300
"""Cells with too few events for the base window are looked at over this one."""
FEWEST_STUCK = 5
"""Requests in flight, while none has ended for 5 minutes, that mean more than long answers."""
LONGEST_REMEMBERED = "6h"
"""The busiest hour within this says what a cell that vanished must come back to."""
LONGEST_HELD = "1d"
"""A cell without events is held while it had many within this; then it was taken out of service."""
STRAY_EVENTS = 2
"""Fewer within 5 minutes are probes, and no return of the users."""


def blind_rule(objective: Objective) -> RecordingRule:
    """Return the rule that records the cells whose events cannot be seen."""
    cell = ", ".join(objective.grouping_labels)
    known = f"present_over_time({_hour(objective)}[1d:10m])"
    # A slice is only known when it has ended; whether it can be seen is known before.
    sliced = objective.slices is not None
    seen = matching(conventions.SLICE_EVENTS_RATE if sliced else conventions.EVENTS_RATE, objective)
    expr = f"{known}\nunless on ({cell})\n{seen}"
    source = find_source(objective)
    if source and source.up:
        # Others in the cell may still be seen; then there are events, but not all of them.
        on = ", ".join(shared_labels(source.up, objective.grouping_labels))
        expr += f"\nor\n{known}\nand on ({on})\n({source.up.name} == 0)"
    return _state(conventions.BLIND_STATE, objective, _one_per_cell(expr))


def counts_traffic(objective: Objective) -> bool:
    """Return whether an objective's events are users' traffic, which may vanish.

    Slices, and the moments of a share or of a threshold, are there whether anybody comes or not.
    """
    return isinstance(objective.indicator, Ratio) and objective.slices is None


def vanished_rule(objective: Objective, scrape_interval_seconds: float) -> RecordingRule:
    """Return the rule that records the cells whose traffic has vanished.

    Begins when there is less than 5 % of the last hour, or of the same hour last week where that is
    known, or when requests are in flight and none ends. Lasts until there is 5 % of the busiest
    hour of the last six, or for as long as the cell is blind. In an outage of hours the busiest of
    six is empty too: while next to nothing comes it lasts, at most until no hour of the last day
    had traffic.
    """
    rate = matching(conventions.EVENTS_RATE, objective)
    few = matching(conventions.EVENTS_COUNT, objective, window="5m")
    before = f"{matching(conventions.VANISHED_STATE, objective)} == 1"
    blind = matching(conventions.BLIND_STATE, objective)
    busiest = f"max_over_time({_hour(objective)}[{LONGEST_REMEMBERED}])"
    begins = [
        _below_expected(objective, rate, 1, base_window_seconds(scrape_interval_seconds)),
        _below_expected(objective, few, QUIET_WINDOW_SECONDS, QUIET_WINDOW_SECONDS),
        *_stuck(objective, few),
    ]
    lasts = (
        f"{before}\nand\n"
        f"({rate} < ignoring ({conventions.WINDOW}) {VANISHED_RATIO} / 3600 * {busiest}\n"
        f"or\n{_next_to_nothing(objective, rate, few)}\n"
        f"or\n{blind})"
    )
    expr = f"({_either(begins)})\nunless ignoring ({conventions.WINDOW})\n{blind}\nor\n({lasts})"
    return _state(conventions.VANISHED_STATE, objective, f"{_one_per_cell(expr)}\nor\n0 * {rate}")


def _hour(objective: Objective) -> str:
    return matching(conventions.EVENTS_COUNT, objective, window="1h")


def _next_to_nothing(objective: Objective, rate: str, few: str) -> str:
    """Choose the rates of cells that had traffic within a day, and have none now."""
    ignoring = f"ignoring ({conventions.WINDOW})"
    fewest = _fewest_an_hour(QUIET_WINDOW_SECONDS)
    return (
        f"{rate}\nand {ignoring}\n{few} < {STRAY_EVENTS}\nand {ignoring}\n"
        f"max_over_time({_hour(objective)}[{LONGEST_HELD}]) >= {fewest}"
    )


def _fewest_an_hour(window_seconds: float) -> str:
    return f"{FEWEST_EXPECTED * 3600 / window_seconds:g}"


def _below_expected(
    objective: Objective, series: str, series_seconds: int, window_seconds: float
) -> str:
    """Compare a series, of events in so many seconds, with what an hour's count lets expect."""
    fewest = _fewest_an_hour(window_seconds)
    hour = _hour(objective)
    # Last week's hour, one before and one after: where only full hours are kept, one is in there.
    last_week = f"min_over_time({hour}[2h] offset 167h) >= {fewest}"
    # A load test of last week is no traffic of today, nor is that of a cell since retired.
    still = f"max_over_time({hour}[{LONGEST_HELD}]) >= {fewest}"
    return (
        f"{series} < ignoring ({conventions.WINDOW})\n"
        f"{VANISHED_RATIO} * {series_seconds} / 3600 * "
        f"({hour} >= {fewest} or {last_week} and {still})"
    )


def _stuck(objective: Objective, few: str) -> list[str]:
    if find_source(objective) != ROUTER:
        return []
    by = ", ".join(shared_labels(catalog.ROUTER_IN_FLIGHT, objective.grouping_labels))
    in_flight = f"sum by ({by}) (min_over_time({catalog.ROUTER_IN_FLIGHT.name}[5m]))"
    # Whoever has watched for less than the window does not know.
    return [f"{few} == 0\nand\n{few} offset 5m\nand on ({by})\n{in_flight} >= {FEWEST_STUCK}"]


def _either(expressions: Sequence[str]) -> str:
    return "\nor\n".join(expressions)


def _one_per_cell(expr: str) -> str:
    return f"group without ({conventions.WINDOW}) (\n{expr}\n)"


def _state(series: str, objective: Objective, expr: str) -> RecordingRule:
    labels = {conventions.SLO: objective.name, conventions.SERVICE: objective.service}
    return RecordingRule(series, expr, labels)
