"""A cell with six requests an hour goes down: users are too few to tell of it, probes are not.

``lab.quiet_cell_seconds`` is the time until PagerDuty is told.
"""

from __future__ import annotations

from demo.lab.matrix import is_page
from demo.lab.outcome import Outcome
from demo.lab.playing import Options, play
from demo.objectives import AVAILABILITY
from demo.scenario import Allowed, Expectation, Fault, Scenario
from demo.sim.habits import habits_of
from demo.sim.plan import CELLS, DEFAULT_GROUPS, groups_of_cells

REGION, MODEL = "us-gov", "chat"
REQUESTS_PER_HOUR = 6.0
DOWN_SECONDS = 900.0
OBJECTIVES = ("library:chat", "library:probes")
PROBES = "probe-success"
"""The objective that has to tell."""


def quiet_scenario() -> Scenario:
    """Return the scenario: all groups of the cell stand still, and their health says 200."""
    count = _groups()
    faults = [
        Fault(fault="frozen-worker", at=10.0, length=DOWN_SECONDS,
              place={"group": f"{REGION}-{MODEL}-{number}"})
        for number in range(count)
    ]  # fmt: skip
    return Scenario(
        name="quiet-cell",
        engine="sim",
        story="All groups of a cell with six requests an hour stand still.",
        starts_at="tue 08:00",
        faults=faults,
        expect=[
            Expectation(
                alert="ErrorBudgetBurn",
                labels={"slo": PROBES, "region": REGION, "model": MODEL,
                        "severity": "page"},
                page=True,
                resolves=False,
                within=DOWN_SECONDS,
            )
        ],
        allow=[Allowed(labels={"region": REGION, "model": MODEL})],
    )  # fmt: skip


async def play_quiet_cell() -> Outcome:
    """Play it, and return what came of it."""
    options = Options(objectives=OBJECTIVES, traffic_ratios={(REGION, MODEL): _traffic_ratio()})
    (outcome,) = await play(quiet_scenario(), options)
    return outcome


def page_seconds(outcome: Outcome) -> float | None:
    """Return how long after the fault PagerDuty was told what is expected; None if it was not."""
    paged = [
        each.paged_seconds
        for each in outcome.alerts
        if is_page(each) and each.paged_seconds is not None and each.paged_seconds > 0
        and each.labels.get("slo") == PROBES and each.labels.get("region") == REGION
    ]  # fmt: skip
    return min(paged, default=None) if outcome.is_good else None


def _groups() -> int:
    return groups_of_cells(DEFAULT_GROUPS)[CELLS.index((REGION, MODEL))]


def _traffic_ratio() -> float:
    usual = {each.slo: each.events_per_second for each in habits_of(REGION, MODEL, _groups())}
    return REQUESTS_PER_HOUR / 3600 / usual[AVAILABILITY]
