"""A whole play: a lost GPU on a small cluster, from its readings to the page that names it."""

from dataclasses import replace

import pytest

from demo.lab.options import Options
from demo.lab.outcome import AlertOutcome, Outcome
from demo.lab.playing import play
from demo.stack.files import LIVE
from tests.demo.lab.conftest import GROUPS, story

OPTIONS = Options(timing=LIVE, groups=GROUPS, healthy_seconds=60.0, objectives=("library:chat",))
SCENARIO = story(
    {"fault": "lost-gpu", "at": "10s", "length": "120s", "place": {"group": "eu-chat-0"}},
    name="gpu-lost",  # whose showings are asked
    starts_at="tue 21:00",
    watch=None,
    shows=['shardwatch_gpu_state{state="lost"} == 1'],
    expect=[
        {"alert": "GpuLost", "labels": {"group": "eu-chat-0"}, "within": "15s"},
        {
            "alert": "ErrorBudgetBurn",
            "labels": {"slo": "chat-availability", "region": "eu", "severity": "page"},
            "page": True,
            # The cell has this one group: a slower tier burns too, and is told in the same page.
            "resolves": False,
            "cause": "GpuLost",
            "evidence": ["host", "uuid"],
            "within": "180s",
            "within_theory": "75s",
        },
    ],
    # The cell has this one group, so that nobody is left to serve it.
    allow=[{"alert": "RegionCapacityLow", "labels": {"region": "eu", "model": "chat"}}],
    forbid=[{"page": True, "labels": {"region": "us"}}, {"alert": "TrafficVanished"}],
)


def only(outcome: Outcome, alert: str, **labels: str) -> AlertOutcome:
    """Return the first of an alert that has these labels."""
    return next(
        each
        for each in outcome.alerts
        if each.alert == alert and labels.items() <= each.labels.items()
    )


async def test_a_play_is_as_expected_scored_and_drawn() -> None:
    """One play, for it takes a while: everything that can be said of a page is said of this one."""
    (outcome,) = await play(SCENARIO, OPTIONS)

    assert ([], []) == (list(outcome.failures), list(outcome.rule_failures))
    assert {'shardwatch_gpu_state{state="lost"} == 1': True} == outcome.conditions
    shown = {(each.board, each.panel): each.seconds for each in outcome.boards}
    assert 0 < (shown["fleet", "GPUs missing"] or 0) <= 20
    assert 0 < (shown["group", "State"] or 0) <= 20
    assert [] == [each for each in outcome.not_shown if "slo: Objectives" not in each]
    lost = only(outcome, "GpuLost")
    assert 0 < lost.fired_seconds <= 15
    assert lost.paged_seconds is None, "a cause is told within the page that it explains"
    page = only(outcome, "ErrorBudgetBurn", burn_tier="1h", region="eu")
    assert "expected" == page.role
    assert (page.paged_seconds or 0) - page.fired_seconds == pytest.approx(5, abs=0.01)
    assert f"GpuLost: {outcome.place['uuid']} on host {outcome.place['host']}" in (page.cause or "")
    assert (page.theory_seconds or 0) < page.fired_seconds
    assert 0 < (page.budget_spent_ratio or 0) < 0.2
    assert (page.cause_lead_evaluations or 0) >= 1
    assert page.resolved_seconds is None
    assert 200 < (page.reset_seconds or 0) < 400, "its short window of 5 minutes is over"
    (picture, *_) = outcome.pictures
    assert {"region": "eu", "model": "chat"} == picture.labels
    assert max(picture.truth.values) > 0.2
    assert {"1h", "5m"} <= {each.name for each in picture.burn_rates}


@pytest.mark.scenario  # the lab plays healthy clusters so
async def test_alerts_alone_are_as_they_are_with_boards() -> None:
    """What is left out leads to none, nor to what a scenario asks of rules that boards read."""
    scenario = story(
        {"fault": "lost-gpu", "at": "10s", "place": {"group": "eu-chat-0"}},
        shows=['shardwatch:cell_errors:ratio{region="eu",model="chat"} > 0.1'],
    )

    (whole,) = await play(scenario, OPTIONS)
    (alone,) = await play(scenario, replace(OPTIONS, alerts_alone=True))

    assert whole.alerts
    assert whole.alerts == alone.alerts
    assert [True] == list(whole.conditions.values())
    assert whole.conditions == alone.conditions
    assert whole.queries_asked
    assert not alone.queries_asked
