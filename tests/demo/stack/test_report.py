"""The report's judgement: each thing that a run can fail to show is said."""

import json
from dataclasses import replace
from typing import Any

import pytest

from demo.scenario import Allowed, Scenario
from demo.stack.report import (
    Budget,
    Firing,
    Page,
    Report,
    failures,
    opened_pages,
    unexpected_pages,
)

CELL = {"region": "eu", "model": "chat"}

SCENARIO = Scenario.model_validate(
    {
        "name": "one",
        "engine": "sim",
        "story": "A GPU is lost.",
        "faults": [{"fault": "lost-gpu", "at": "1s", "length": "60s", "place": {"group": "g"}}],
        "shows": ["x > 0"],
        "expect": [
            {"alert": "GpuLost", "labels": {"group": "g"}, "within": "15s", "holds": "up == 1"},
            {
                "alert": "ErrorBudgetBurn",
                "labels": {"slo": "chat-availability", **CELL},
                "page": True,
                "cause": "GpuLost",
                "evidence": ["uuid"],
                "within": "180s",
                "within_theory": "75s",
            },
        ],
        "forbid": [
            {"alert": "ToolOutage"},
            {"page": True, "labels": {"slo": "tool-success"}},
            {"page": True, "text": "GPU-7"},
        ],
    }
)


def _event(action: str, **details: str) -> dict[str, Any]:
    return {
        "event_action": action,
        "dedup_key": details.get("slo", "k"),
        "payload": {"summary": "s", "custom_details": details},
    }


DETAILS = {
    "alertname": "ErrorBudgetBurn",
    "slo": "chat-availability",
    **CELL,
    "probable_cause": "GpuLost: GPU-1 on host h",
}

OTHER_PAGE = {"alertname": "ErrorBudgetBurn", "slo": "chat-ttft", "severity": "page", **CELL}
FORBIDDEN = {"slo": "tool-success"}

GOOD = Report(
    engine="sim",
    groups=1,
    gpus=8,
    scenario="one",
    first_data_seconds=20.0,
    panels_without_data=[],
    fault_at=1000.0,
    place={"group": "g", "host": "h", "uuid": "GPU-1"},
    theory_seconds=97.0,
    detected_seconds=9.0,
    paged_seconds=150.0,
    resolved_seconds=500.0,
    cause="GpuLost",
    firings=[Firing(9.0, {"alertname": "GpuLost", "group": "g"})],
    pages=[Page(150.0, _event("trigger", **DETAILS)), Page(500.0, _event("resolve", **DETAILS))],
    budgets=[Budget("chat-availability", CELL, 2000.0, 1990.0, 0.6)],
    conditions={"up == 1": True, "x > 0": True},
)


def test_a_run_as_expected_has_no_failures():
    """The baseline of all cases below."""
    assert failures(GOOD, SCENARIO) == []


def test_a_run_in_which_no_panel_was_asked_says_nothing_of_data():
    """Neither that all had some nor that some had none."""
    unasked = replace(GOOD, first_data_seconds=None, panels_without_data=None)

    assert [] == failures(unasked, SCENARIO)
    assert json.loads(unasked.to_json())["panels_without_data"] is None


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"panels_without_data": ["Fleet, Queue: q"]}, "no data in Fleet, Queue: q"),
        ({"conditions": {"up == 1": True}}, "x > 0 was never so"),
        (
            {"conditions": {"up == 1": False, "x > 0": True}},
            "up == 1 did not hold when GpuLost g fired",
        ),
        ({"firings": []}, "GpuLost g did not fire"),
        (
            {"firings": [Firing(16.0, {"alertname": "GpuLost", "group": "g"})]},
            "GpuLost g fired after 16 s, expected within 15 s",
        ),
        (
            {"pages": [Page(181.0, GOOD.pages[0].event), GOOD.pages[1]], "theory_seconds": 150.0},
            "ErrorBudgetBurn chat-availability/eu/chat paged after 181 s, expected within 180 s",
        ),
        (
            {"pages": [Page(173.0, GOOD.pages[0].event), GOOD.pages[1]]},
            "ErrorBudgetBurn chat-availability/eu/chat paged after 173 s, theory allows 172 s",
        ),
        ({"pages": []}, "ErrorBudgetBurn chat-availability/eu/chat paged nobody"),
        (
            {"pages": GOOD.pages[:1]},
            "ErrorBudgetBurn chat-availability/eu/chat was not resolved",
        ),
        (
            {"place": {"uuid": "GPU-2"}},
            "ErrorBudgetBurn chat-availability/eu/chat does not name the uuid 'GPU-2': "
            "'GpuLost: GPU-1 on host h'",
        ),
        (
            {"budgets": [Budget("chat-availability", CELL, 2000.0, 1950.0, 0.6)]},
            "chat-availability eu/chat: measured 1950 bad events of 0, in truth 2000 of 0",
        ),
        (
            {"budgets": [Budget("chat-availability", CELL, 9.0, 9.0, 0.6, 1000.0, 940.0)]},
            "chat-availability eu/chat: measured 9 bad events of 940, in truth 9 of 1000",
        ),
        (
            {"firings": [*GOOD.firings, Firing(3.0, {"alertname": "ToolOutage", "tool": "x"})]},
            "ToolOutage fired and must not: ToolOutage/x",
        ),
        (
            {"pages": [*GOOD.pages, Page(9.0, _event("trigger", slo="tool-success"))]},
            "a page that must not be: s",
        ),
        (
            {"pages": [*GOOD.pages, Page(9.0, _event("trigger", probable_cause="GPU-7"))]},
            "a page that must not be: s",
        ),
        (
            {"pages": [*GOOD.pages, Page(9.0, _event("trigger", **OTHER_PAGE))]},
            "a page that nobody expects or allows: s",
        ),
        (
            {"pages": [*GOOD.pages, Page(9.0, _event("trigger", **OTHER_PAGE | FORBIDDEN))]},
            "a page that must not be: s",
        ),
    ],
)
def test_what_was_not_seen_is_said(broken: dict[str, Any], said: str):
    """Each case takes one thing away from the good run."""
    assert failures(replace(GOOD, **broken), SCENARIO) == [said]


def test_a_page_that_may_come_is_no_failure_and_neither_is_a_ticket():
    """Allowed by its alert and labels, or by labels alone; one of another cell is not."""
    pages = [*GOOD.pages, Page(9.0, _event("trigger", **OTHER_PAGE))]
    ticket = Page(9.0, _event("trigger", **OTHER_PAGE | {"severity": "ticket"}))

    def said(allowed: dict[str, Any]) -> list[str]:
        allow = [Allowed.model_validate(allowed)]
        return failures(replace(GOOD, pages=pages), SCENARIO.model_copy(update={"allow": allow}))

    assert [] == said({"alert": "ErrorBudgetBurn", "labels": {"slo": "chat-ttft", **CELL}})
    assert [] == said({"labels": CELL})
    assert 1 == len(said({"alert": "ErrorBudgetBurn", "labels": {"region": "us"}}))
    assert [] == failures(replace(GOOD, pages=[*GOOD.pages, ticket]), SCENARIO)


def test_a_page_counts_once_until_it_is_resolved_and_from_the_scenario_on():
    """Told again, and of before, it wakes nobody anew."""
    (again, before), details = (40.0, -2.0), DETAILS | {"severity": "page"}
    trigger, resolve = _event("trigger", **details), _event("resolve", **details)
    pages = [Page(before, trigger), Page(1.0, resolve), Page(9.0, trigger), Page(again, trigger),
             Page(60.0, resolve), Page(70.0, trigger)]  # fmt: skip

    assert [9.0, 70.0] == [each.seconds for each in opened_pages(pages, SCENARIO)]
    assert [] == unexpected_pages(pages, SCENARIO)


def test_a_page_is_about_each_of_the_alerts_that_it_tells_of():
    """One incident of a cell has its objectives' burns and its causes; the first speaks for all."""
    alerts = (
        "alertname=ErrorBudgetBurn model=chat region=eu slo=chat-availability\n"
        "alertname=RegionCapacityLow model=chat owner=team of chat region=eu"
    )
    page = Page(1.0, _event("trigger", **DETAILS | {"alerts": alerts}))

    assert page.has({"alertname": "RegionCapacityLow", **CELL})
    assert page.has({"alertname": "RegionCapacityLow", "owner": "team of chat"})
    assert page.has({"alertname": "ErrorBudgetBurn", "slo": "chat-availability"})
    assert not page.has({"alertname": "RegionCapacityLow", "slo": "chat-availability"})
    assert not page.has({"alertname": "QueueMetastable"})


def test_another_cause_is_no_match():
    """A page that names the wrong cause sends people to the wrong place."""
    other = Page(150.0, _event("trigger", **DETAILS | {"probable_cause": "ToolOutage: GPU-1"}))
    assert failures(replace(GOOD, pages=[other, GOOD.pages[1]]), SCENARIO) == [
        "ErrorBudgetBurn chat-availability/eu/chat names as cause 'ToolOutage: GPU-1', "
        "expected GpuLost"
    ]


def test_events_that_come_just_now_are_borne():
    """Of a fault that is there, as many as an interval brings; three and 2 % of all besides."""
    budget = Budget("s", CELL, 2000.0, 1900.0, 0.6, unsettled=57.0)
    assert budget.agrees
    assert not replace(budget, unsettled=56.0).agrees


def test_cells_that_nobody_sees_are_not_judged():
    """The scenario says so; the report keeps the numbers."""
    unseen = Budget("chat-availability", CELL, 2000.0, 0.0, 0.6, seen=False)
    assert failures(replace(GOOD, budgets=[unseen]), SCENARIO) == []


def test_a_page_may_stay_open_where_the_scenario_says_so():
    """A queue that does not come back keeps its page."""
    stays = SCENARIO.expect[1].model_copy(update={"resolves": False})
    scenario = SCENARIO.model_copy(update={"expect": [SCENARIO.expect[0], stays]})
    assert failures(replace(GOOD, pages=GOOD.pages[:1]), scenario) == []


def test_the_report_tells_the_error_of_each_budget():
    """In shares of the whole period's budget; null where that is unknown."""
    known = Budget("s", CELL, 2000.0, 1990.0, 0.6, budget_events=10_000.0)
    told = json.loads(replace(GOOD, budgets=[known, *GOOD.budgets]).to_json())
    assert [0.001, None] == [each["budget_error_ratio"] for each in told["budgets"]]
