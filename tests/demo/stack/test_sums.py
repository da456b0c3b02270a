"""The sums of a run: what is compared with what, over which time."""

from dataclasses import replace
from decimal import Decimal

import pytest

from demo.engine import EnginePlan, Habit
from demo.scenario import Scenario
from demo.sim.plan import plan_simulator
from demo.stack.report import Budget
from demo.stack.story import Told
from demo.stack.sums import Measured, compare_budgets, count_pages, summarise, theory_of_page
from demo.stack.truth import Cell, TruthRecord
from slo.objective import Objective, Ratio
from slo.prometheus import Sample

LABELS = {"region": "eu", "model": "chat"}
CELL: Cell = ("chat-availability", tuple(sorted(LABELS.items())))
OBJECTIVE = Objective(
    name="chat-availability",
    service="inference",
    target=Decimal("0.999"),
    period_seconds=28 * 86400,
    grouping_labels=("region", "model"),
    indicator=Ratio("rate(requests_total[$window])", bad="rate(errors_total[$window])"),
)
FAULT_AT = 1100.0


@pytest.fixture
def measured() -> Measured:
    """Four requests a second; from 10 s after the fault on, half of them bad."""
    truth = TruthRecord()
    for second in range(301):
        bad = 2.0 * max(0, second - 110)
        truth.add(1000.0 + second, {CELL: (bad, 4.0 * second)})
    habit = Habit("chat-availability", LABELS, events_per_second=4.0, bad_ratio=0.0)
    return Measured([OBJECTIVE], truth, 5.0, live_since=1000.0, habits=[habit])


class _Prometheus:
    """Answers as one that has recorded 300 bad events of 1000, from 1012 s to 1294 s."""

    async def query(self, expr: str, time: float | None = None) -> list[Sample]:
        labels = {"slo": "chat-availability", **LABELS}
        if expr.startswith("sum_over_time(slo:events:rate"):
            return [Sample(labels, 1000.0)]
        if expr.startswith("sum_over_time"):
            return [Sample(labels, 300.0), Sample({**labels, "model": "code"}, 7.0)]
        if expr.startswith("min("):
            return [Sample({}, 1012.0)]
        if expr == 'max(timestamp(slo:events:rate{slo="chat-availability"}))':
            return [Sample({}, 1294.0)]
        return [Sample(labels, 0.66)]


async def test_truth_is_counted_over_the_time_that_the_sum_stands_for(measured: Measured):
    """From half an interval before the first scrape to half a window before the last sample's."""
    (budget,) = await compare_budgets(measured, 1300.0, _Prometheus())

    assert (budget.measured, budget.budget_left_ratio) == (300.0, 0.66)
    assert budget.truth == pytest.approx(2 * (1294 + 2.5 - 30 - 1110))
    assert budget.total_measured == 1000.0
    assert budget.total_truth == pytest.approx(4 * (1294 + 2.5 - 30 - 1012 + 2.5))


async def test_the_budget_is_that_of_the_whole_period_at_the_usual_traffic(measured: Measured):
    """0.1 % of 4 a second in 28 days are 9,677; 300 measured of 313 is an error of 0.134 %."""
    (budget,) = await compare_budgets(measured, 1300.0, _Prometheus())

    assert budget.budget_events == pytest.approx(9676.8)
    assert budget.budget_error_ratio == pytest.approx(13 / 9676.8)


async def test_what_one_interval_holds_is_unsettled(measured: Measured):
    """Four a second, two of them bad, for five seconds: the truth may be read so much later."""
    (budget,) = await compare_budgets(measured, 1300.0, _Prometheus())

    assert (budget.unsettled, budget.unsettled_total) == pytest.approx((10.0, 20.0))


async def test_without_habits_the_budget_is_unknown(measured: Measured):
    """None rather than a guess."""
    (budget,) = await compare_budgets(replace(measured, habits=()), 1300.0, _Prometheus())

    assert (None, None) == (budget.budget_events, budget.budget_error_ratio)


async def test_an_unknown_budget_stays_unknown(measured: Measured):
    """None, not 0 and not 1."""

    class Blind(_Prometheus):
        async def query(self, expr: str, time: float | None = None) -> list[Sample]:
            return []

    (budget,) = await compare_budgets(measured, 1300.0, Blind())

    assert (budget.measured, budget.budget_left_ratio) == (0, None)


PAGE = {"slo": "chat-availability", **LABELS, "severity": "page"}


def test_theory_takes_the_error_ratio_of_the_fault_at_its_full_effect(measured: Measured):
    """1 h x 13.44 x 0.001 / 0.5: what came before the first deadlines does not count."""
    told = Told(fault_at=FAULT_AT, recovered_at=1280.0)

    assert theory_of_page(PAGE, told, measured) == pytest.approx(96.768)


def test_without_a_repair_or_an_objective_there_is_no_theory(measured: Measured):
    """None rather than a guess."""
    other = {**PAGE, "slo": "other"}

    assert theory_of_page(PAGE, Told(fault_at=FAULT_AT), measured) is None
    assert theory_of_page(other, Told(FAULT_AT, recovered_at=1280.0), measured) is None
    calm = replace(measured, truth=TruthRecord())
    assert theory_of_page(PAGE, Told(FAULT_AT, recovered_at=1280.0), calm) is None


def test_the_report_has_the_strength_and_marks_what_nobody_sees(measured: Measured):
    """Cells that the scenario says are hidden keep their numbers."""
    scenario = Scenario.model_validate(
        {
            "name": "s",
            "engine": "sim",
            "story": "The balancer drops what comes.",
            "faults": [
                {"fault": "lb-blackout", "at": "1s", "length": "9s", "place": {"region": "us"},
                 "strength": 0.9}
            ],
            "unseen": [{"region": "us"}],
        }
    )  # fmt: skip
    report = summarise(
        scenario=scenario,
        plan=EnginePlan("sim", {"groups": []}, (), ""),
        told=Told(FAULT_AT),
        measured=measured,
        budgets=[Budget("s", {"region": region}, 9.0, 0.0, None) for region in ("eu", "us")],
        first_data_seconds=20.0,
        panels_without_data=[],
    )
    assert 0.9 == report.strength
    assert [("eu", True, False), ("us", False, True)] == [
        (each.labels["region"], each.seen, each.agrees) for each in report.budgets
    ]


def test_every_page_of_a_plan_is_counted_once(tmp_path):
    """18 engines, 72 hosts, three routers, two gateways; a host that two groups share is one."""
    plan = plan_simulator(1, directory=tmp_path)
    assert 18 + 72 + 3 + 2 == count_pages(plan)
    first, second = plan.topology["groups"][:2]
    second["members"] = first["members"]
    assert 18 + 68 + 3 + 2 == count_pages(plan)
