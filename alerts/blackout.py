"""When events cannot be seen, or have stopped: blind cells and vanished traffic.

An outage's page must not resolve because its evidence is gone. Two things take evidence away, and
they are told apart, for one is a fault of the watch and the other may be the users' own:

*   ``blind``: the events of a cell that had some within a day cannot be seen, or most of them.
    Exporter or routers do not answer. A ticket.
*   ``vanished``: they can be seen, and there are next to none where there were many. A page, for
    the users may be unable to reach the service at all.

Both are recorded in the objective's group, before the burn alerts, which hold while either lasts:
for a blind cell not for ever (:data:`HELD_BLIND_SECONDS`).
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.causes.cell_levels import evacuated
from alerts.causes.routers import unheard
from alerts.sources import (
    GOVERNANCE,
    ROUTER,
    TOOLS,
    WEIGHTS,
    find_source,
    names_causes,
    shared_labels,
)
from exporters import catalog
from exporters.durations import format_duration
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
UNSEEN_RATIO = 0.6
"""Share of a cell's events that those saw who are not heard of, from which on it is blind: what is
seen of the half tells of the whole. Between one of two equal routers and two of three; chosen."""
HELD_BLIND_SECONDS = 6 * 3600
"""So long pages hold as they were in a cell that is blind. Chosen: as long as causes are held, and
the shift that was woken can mend an exporter within it. After that nothing says that a page is
right; that nothing is seen stands on, as EventsBlind, SourceDown or ExporterDown."""
_GATEWAY_KNOWN = (
    f"max_over_time({catalog.TOOLS_UP.name}[{format_duration(HELD_BLIND_SECONDS)}]) == 1"
)
_GATEWAY_LOST = f"{catalog.TOOLS_UP.name} == 0 and {_GATEWAY_KNOWN}"
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
        on = ", ".join(shared_labels(source.up, objective.grouping_labels))
        expr += f"\nor\n{known}\nand on ({on})\n(max by ({on}) ({source.up.name}) == 0)"
    # Others in the cell may still be seen; then there are events, but not all of them.
    if source in (ROUTER, GOVERNANCE, WEIGHTS):
        on = ", ".join(each for each in objective.grouping_labels if each in catalog.CELL_LABELS)
        usual = conventions.ROUTER_REQUESTS_USUAL
        expr += (
            f"\nor\n{known}\nand on ({on})\n(\nsum by ({on}) ({unheard(usual)})\n"
            f"/ sum by ({on}) ({usual})\n>= {UNSEEN_RATIO}\n)"
        )
    elif source == TOOLS and not sliced:
        # Which gateway calls went through is not known, only that as many are missed.
        on = ", ".join(shared_labels(catalog.TOOLS_UP, objective.grouping_labels))
        usual = matching(conventions.EVENTS_USUAL, objective)
        expr += (
            f"\nor\n{known}\nand on ({on})\n({_GATEWAY_LOST})\n"
            f"and on ({cell})\n({seen} < ignoring ({conventions.WINDOW})\n"
            f"{1 - UNSEEN_RATIO:g} * {usual})"
        )
    return _state(conventions.BLIND_STATE, objective, _one_per_cell(expr))


def usual_rules(objective: Objective) -> tuple[RecordingRule, ...]:
    """Return the rule that records what events are usual, for :func:`blind_rule`; mostly none.

    As in the last hour; while a gateway does not answer, as before: else what is left would become
    usual as the outage goes on. One that is gone for as long as pages hold is counted no more.
    """
    if find_source(objective) != TOOLS or objective.slices is not None:
        return ()
    on = ", ".join(shared_labels(catalog.TOOLS_UP, objective.grouping_labels))
    usual = matching(conventions.EVENTS_USUAL, objective)
    now = f"max without ({conventions.WINDOW}) ({_hour(objective)}) / 3600"
    expr = (
        f"({now})\nand on ({on})\n({catalog.TOOLS_UP.name} == 1)\n"
        f"unless on ({on})\n({_GATEWAY_LOST})\n"
        f"or\n({usual}\nand on ({on})\n({_GATEWAY_KNOWN}))"
    )
    return (_state(conventions.EVENTS_USUAL, objective, expr),)


def blind_since_rule(objective: Objective) -> RecordingRule:
    """Return the rule that records since when a cell is blind, after its state."""
    since = matching(conventions.BLIND_SINCE, objective)
    blind = matching(conventions.BLIND_STATE, objective)
    return _state(
        conventions.BLIND_SINCE, objective, f"{since}\nand\n{blind}\nor\n{blind} * time()"
    )


def held_blind(objective: Objective) -> str:
    """Return the cells that are blind, and not for longer than alerts hold for that."""
    since = matching(conventions.BLIND_SINCE, objective)
    return f"{since} > time() - {HELD_BLIND_SECONDS}"


def counts_traffic(objective: Objective) -> bool:
    """Return whether an objective's events are users' traffic, which may vanish.

    Slices, and the moments of a share or of a threshold, are there whether anybody comes or not.
    Nobody is missed where the objective says so; where traffic comes and goes, only routers tell.
    """
    if not isinstance(objective.indicator, Ratio) or objective.slices is not None:
        return False
    if objective.traffic == "bursty":
        return find_source(objective) == ROUTER
    return objective.traffic == "steady"


def vanished_rule(objective: Objective, scrape_interval_seconds: float) -> RecordingRule:
    """Return the rule that records the cells whose traffic has vanished.

    Begins when there is less than 5 % of the last hour, or of the same hour last week where that is
    known, unless it fell as much about this hour last week; or when requests are in flight and
    none ends. Lasts until there is 5 % of the busiest hour of the last six, or while the cell is
    blind, if not for too long. In an outage of hours the busiest of six is empty too: while next to
    nothing comes it lasts, at most until no hour of the last day had traffic.

    Bursty traffic may end at any time: of that only requests that do not end are told, and while
    they do not. Nothing is of cells whose groups were all taken out of service on purpose.
    """
    rate = matching(conventions.EVENTS_RATE, objective)
    few = matching(conventions.EVENTS_COUNT, objective, window="5m")
    before = f"{matching(conventions.VANISHED_STATE, objective)} == 1"
    blind = matching(conventions.BLIND_STATE, objective)
    busiest = f"max_over_time({_hour(objective)}[{LONGEST_REMEMBERED}])"
    begins, lasts = _stuck(objective, few), [held_blind(objective)]
    if objective.traffic == "steady":
        falls = _either([
            _below_expected(objective, rate, 1, base_window_seconds(scrape_interval_seconds)),
            _below_expected(objective, few, QUIET_WINDOW_SECONDS, QUIET_WINDOW_SECONDS),
        ])  # fmt: skip
        ignoring = f"ignoring ({conventions.WINDOW})"
        begins = [f"({falls})\nunless {ignoring}\n{_fell_last_week(objective)}", *begins]
        lasts = [
            f"{rate} < ignoring ({conventions.WINDOW}) {VANISHED_RATIO} / 3600 * {busiest}",
            _next_to_nothing(objective, rate, few),
            *lasts,
        ]
    expr = (
        f"({_either(begins)})\nunless ignoring ({conventions.WINDOW})\n{blind}\n"
        f"or\n({before}\nand\n({_either(lasts)}))"
    )
    if names_causes(objective):
        place = [each for each in objective.grouping_labels if each in catalog.CELL_LABELS]
        expr = f"({expr})\nunless on ({', '.join(place)})\n{evacuated(place)}"
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


def _fell_last_week(objective: Objective) -> str:
    """Choose the cells whose traffic fell as much last week, an hour before until one after now.

    Batches end, and offices close. That the quiet of a cell with few events is none is seen by how
    many there were in the hours about it.
    """
    ratio = VANISHED_RATIO * QUIET_WINDOW_SECONDS / 3600
    few = matching(conventions.EVENTS_COUNT, objective, window="5m")
    return (
        f"min_over_time({few}[2h] offset 167h) < ignoring ({conventions.WINDOW})\n"
        f"{ratio:.7f} * (max_over_time({_hour(objective)}[3h] offset 167h) "
        f">= {_fewest_an_hour(QUIET_WINDOW_SECONDS)})"
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
