"""The stack beside the truth: what agrees, what does not, the worst last."""

import json
from dataclasses import replace

import pytest

from demo.stack.compare import Row, Stack, compare, to_json, to_table
from demo.stack.report import Budget
from demo.stack.truth import ActiveFault, Truth

CELL = {"region": "eu", "model": "chat"}
BUDGET = Budget("chat-availability", CELL, 100.0, 101.0, 0.9, 2000.0, 2001.0, 10_000.0)
PLACE = {"group": "eu-chat-0", "host": "h0", "uuid": "GPU-1"}
LOST = ActiveFault("lost-gpu", PLACE, None, since=1000.0)
TRUTH = Truth(1100.0, (), (LOST,), {"eu-chat-0": "dead"}, {"GPU-1": "lost"})
ALERT = {"alertname": "GpuLost", "region": "eu", "model": "chat", "group": "eu-chat-0",
         "host": "h0"}  # fmt: skip
STRUCK = "group eu-chat-0, host h0, uuid GPU-1 for 100 s"
GROUPS, GPUS = ("eu-chat-0", "eu-chat-1", "us-chat-0"), ("GPU-1", "GPU-2", "GPU-3")
STACK = Stack(
    (BUDGET,),
    {"eu-chat-0": "dead", "eu-chat-1": "up", "us-chat-0": "up"},
    {"GPU-1": "lost", "GPU-2": "healthy", "GPU-3": "healthy"},
    (ALERT,),
)


def _differing(truth: Truth = TRUTH, stack: Stack = STACK) -> list[tuple[str, str, str, str]]:
    rows = compare(truth, stack, GROUPS, GPUS)
    return [(r.about, r.name, r.truth, r.stack) for r in rows if not r.agrees]


def test_a_stack_that_sees_all_agrees():
    """What is as usual is told in one row; the largest of the small deviations is last."""
    assert [
        Row("group", "eu-chat-0", "dead", "dead"),
        Row("group", "all 2 others", "up", "up"),
        Row("gpu", "GPU-1", "lost", "lost"),
        Row("gpu", "all 2 others", "healthy", "healthy"),
        Row(
            "fault",
            "lost-gpu",
            STRUCK,
            "GpuLost eu-chat-0 h0 eu",
        ),
        Row(
            "budget",
            "chat-availability eu/chat",
            "100 bad of 2000 (5.000%), 1.000% of the budget",
            "101 bad of 2001 (5.047%), 1.010% of the budget",
            1 / 5,
            {
                "bad_truth": 100.0,
                "bad_stack": 101.0,
                "total_truth": 2000.0,
                "total_stack": 2001.0,
                "budget_events": 10_000.0,
                "budget_error_ratio": 0.0001,
            },
        ),
    ] == compare(TRUTH, STACK, GROUPS, GPUS)


@pytest.mark.parametrize(
    ("stack", "differs"),
    [
        (
            {"budgets": (replace(BUDGET, measured=110.0),)},
            (
                "budget",
                "chat-availability eu/chat",
                "100 bad of 2000 (5.000%), 1.000% of the budget",
                "110 bad of 2001 (5.497%), 1.100% of the budget",
            ),
        ),
        ({"groups": STACK.groups | {"eu-chat-0": "up"}}, ("group", "eu-chat-0", "dead", "up")),
        (
            {"groups": STACK.groups | {"us-chat-0": "stalled"}},
            ("group", "us-chat-0", "up", "stalled"),
        ),
        (
            {"groups": {"eu-chat-0": "dead", "us-chat-0": "up"}},
            ("group", "eu-chat-1", "up", "unknown"),
        ),
        ({"gpus": STACK.gpus | {"GPU-1": "healthy"}}, ("gpu", "GPU-1", "lost", "healthy")),
        (
            {"causes": ()},
            ("fault", "lost-gpu", STRUCK, "nothing"),
        ),
        (
            {"causes": (ALERT, {"alertname": "ToolOutage", "region": "us", "tool": "search"})},
            ("alert", "ToolOutage us search", "nothing", "fires"),
        ),
        (
            {"causes": (ALERT, ALERT | {"group": "us-chat-0", "region": "us", "host": "h9"})},
            ("alert", "GpuLost us-chat-0 h9 us", "nothing", "fires"),
        ),
    ],
)
def test_what_the_stack_gets_wrong_is_told(stack: dict, differs: tuple[str, str, str, str]):
    """Each case changes one thing that the stack says."""
    assert [differs] == _differing(stack=replace(STACK, **stack))


def test_a_gpu_on_a_host_that_does_not_answer_cannot_be_told():
    """That it is not healthy is all that can be said; and a healthy one must not be hidden."""
    stack = replace(
        STACK, gpus=STACK.gpus | {"GPU-1": "degraded", "GPU-2": "degraded"},
        unreachable={"GPU-1", "GPU-2"},
    )  # fmt: skip
    assert [("gpu", "GPU-2", "healthy", "degraded")] == _differing(stack=stack)


@pytest.mark.parametrize("true", ["starting", "draining"])
@pytest.mark.parametrize("said", ["starting", "draining", "dead"])
def test_a_group_on_its_way_may_look_dead(true: str, said: str):
    """An engine that loads its weights answers 503; the table says why that agrees."""
    truth = replace(TRUTH, groups={"eu-chat-0": true})
    stack = replace(STACK, groups=STACK.groups | {"eu-chat-0": said})
    assert [] == _differing(truth, stack)
    [row] = [each for each in compare(truth, stack, GROUPS, GPUS) if each.name == "eu-chat-0"]
    assert row.stack == (said if said == true else f"{said}, as one that is {true} may look")


@pytest.mark.parametrize(
    ("true", "said"), [("starting", "up"), ("draining", "stalled"), ("dead", "starting")]
)
def test_a_group_on_its_way_is_neither_up_nor_stalled(true: str, said: str):
    """And one that is really dead must not look as if it were coming."""
    truth = replace(TRUTH, groups={"eu-chat-0": true})
    stack = replace(STACK, groups=STACK.groups | {"eu-chat-0": said})
    assert [("group", "eu-chat-0", true, said)] == _differing(truth, stack)


def test_a_part_of_an_event_is_told_as_such():
    """0 of 309 would not be the 0.124 % beside it."""
    few = Budget("s", {}, 0.382, 0.0, None, 309.0, 309.0)
    [row] = compare(Truth(0.0, ()), Stack((few,)), (), ())
    assert ("0.38 bad of 309 (0.124%)", "0 bad of 309 (0.000%)") == (row.truth, row.stack)


def test_a_long_place_is_cut():
    """A rack has many hosts."""
    hosts = ",".join(f"us-chat-0-h{number}" for number in range(40))
    fault = ActiveFault("thermal", {"hosts": hosts}, 0.6, since=1000.0)
    [row] = [r for r in compare(replace(TRUTH, faults=(fault,)), STACK, GROUPS, GPUS)
             if r.about == "fault"]  # fmt: skip
    assert row.truth.endswith("... for 100 s")
    assert len(row.truth) < 120


def test_an_alert_of_another_place_does_not_tell_of_a_fault():
    """Both are wrong then: the fault is missed and the alert is false."""
    elsewhere = ALERT | {"group": "eu-chat-1", "host": "h5"}
    assert ["fault", "alert"] == [
        about for about, *_ in _differing(stack=replace(STACK, causes=(elsewhere,)))
    ]


def test_a_young_fault_is_no_mistake_of_the_stack_yet():
    """A GPU's loss is scraped, judged and scraped again first."""
    young = replace(TRUTH, faults=(replace(LOST, since=1090.0),))
    assert [] == _differing(young, replace(STACK, causes=()))


def test_a_weak_fault_need_not_be_told():
    """A tool is out when half of its calls fail."""
    place = {"region": "eu", "tool": "search"}
    for strength, differing in ((0.3, []), (0.9, ["tool-outage"])):
        fault = ActiveFault("tool-outage", place, strength, since=0.0)
        truth = replace(TRUTH, faults=(LOST, fault))
        assert differing == [name for _, name, *_ in _differing(truth)]


def test_a_fault_that_no_alert_knows_is_said_to_be_so():
    """Neither right nor wrong."""
    fault = ActiveFault("cache-flush", {"region": "us"}, 1.0, since=0.0)
    rows = compare(replace(TRUTH, faults=(LOST, fault)), STACK, GROUPS, GPUS)
    [row] = [each for each in rows if each.name == "cache-flush"]
    assert ("nothing: no alert of a cause knows this fault", True) == (row.stack, row.agrees)


def test_a_group_that_is_really_not_up_explains_its_alert():
    """A patch takes groups down without a fault of their own."""
    truth = replace(TRUTH, faults=())
    assert [] == _differing(truth)


def test_what_comes_of_a_fault_is_no_false_alert():
    """A cell without a reserve, or a GPU that is to be reset at the next window."""
    for name in ("RegionReserveGone", "GpuNeedsAttention"):
        later = ALERT | {"alertname": name, "group": "eu-chat-1", "host": "h5"}
        assert [] == _differing(stack=replace(STACK, causes=(*STACK.causes, later)))


def test_the_worst_stands_last():
    """Words that differ are worse than any number."""
    stack = replace(
        STACK,
        budgets=(replace(BUDGET, measured=900.0), replace(BUDGET, slo="b"), BUDGET),
        causes=(),
    )
    last = compare(TRUTH, stack, GROUPS, GPUS)[-2:]
    assert [("budget", False), ("fault", False)] == [(row.about, row.agrees) for row in last]
    assert last[0].deviation == pytest.approx(800 / 5)


def test_a_cell_without_traffic_or_budget_is_told_as_such():
    """No division by zero."""
    idle = Budget("s", {}, 0.0, 0.0, None)
    [row] = compare(Truth(0.0, ()), Stack((idle,)), (), ())
    assert ("0 bad of 0 (no traffic)",) * 2 == (row.truth, row.stack)
    assert row.agrees


def test_rows_are_json_and_a_table():
    """Both say which rows agree."""
    rows = [Row("group", "g", "up", "up"), Row("gpu", "GPU-1", "lost", "healthy", None)]
    told = json.loads(to_json(rows))
    assert (False, [True, False]) == (told["agrees"], [row["agrees"] for row in told["rows"]])
    assert [
        "              in truth  the stack says  deviation",
        "=  group g    up        up              0.00",
        "≠  gpu GPU-1  lost      healthy         differs",
    ] == to_table(rows).splitlines()
