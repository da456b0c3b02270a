"""Queries that are ranked, and what they give for series of known values, by promtool."""

from string import Template

import promql_parser
import pytest

from dashboards.asking import EVERYTHING
from dashboards.queries import (
    Query,
    caches,
    gpus,
    latency,
    metering,
    queues,
    regions,
    rollout,
    tenants,
)
from dashboards.queries.objectives import BLIND, LIBRARY
from dashboards.queries.selecting import ranked
from dashboards.queries.shared import (
    Rows,
    causes_at_work,
    causes_over_time,
    groups_by_revision,
)
from exporters import catalog
from slo import conventions
from slo.promql import selectors
from tests.dashboards.recording import CELL, STEPS, check, rate, series

SIGNALS = ("amplification", "growth", "goodput", "persistence", "degradation", "refusal")


def ask(query: Query) -> str:
    """Return a query for everything there is."""
    return Template(query.expr).substitute(EVERYTHING)


def constant(value: float) -> str:
    """Return a gauge's samples."""
    return f"{value}x{STEPS}"


RANGE = {**EVERYTHING, "__range": "6m", "__interval": "5s"}


def test_a_rank_is_taken_once_at_the_end_of_the_range():
    """Else a range holds every series that was ever among the worst."""
    found = promql_parser.parse(
        Template(ranked("topk", "a / on (x) (b > 0)").expr).substitute(RANGE)
    )
    assert isinstance(found, promql_parser.BinaryExpr)
    (steps,) = promql_parser.parse(str(found.rhs)).expr.args
    assert steps.at is not None
    assert [None, None] == [each.at for each in selectors(str(found.lhs))]


@pytest.mark.parametrize(
    ("operator", "usual", "incident", "bound"),
    [("topk", 1, 50, "> 40"), ("bottomk", 1, 0, "< 1")],
)
def test_an_incident_that_is_over_is_drawn_before_what_is_usual(
    tmp_path, operator, usual, incident, bound
):
    """Though it was short, is long gone, and more cells than there are lines are worse now."""
    query = ranked(operator, "failing")
    less = {series("failing", CELL, model=f"m{each}"): constant(usual) for each in range(20)}
    over = series("failing", CELL, model="code")
    shown = Template(query.expr).substitute(RANGE)
    calm = usual if operator == "bottomk" else 0
    check(
        tmp_path,
        {**less, over: f"{calm}x20 {incident}x8 {calm}x{STEPS - 28}"},
        {
            f"group by (model) (max_over_time((({shown}) {bound})[6m:5s]))": {
                '{model="code"}': 1,
            },
            f"count(max_over_time(({shown})[6m:5s]))": {"{}": 12},
        },
    )  # fmt: skip


def test_a_canary_that_is_over_stands_before_the_cells_that_run_one_revision(tmp_path):
    """However few groups ran it, and however many cells have more."""
    query = groups_by_revision()
    name, canary = conventions.CELL_REVISION_GROUPS, {**CELL, "revision": "r2"}
    large = {
        series(name, CELL, model=f"m{each}", revision="r1"): constant(90) for each in range(20)
    }
    shown = Template(query.expr).substitute({**EVERYTHING, "__range": "6m"})
    check(
        tmp_path,
        {**large, series(name, CELL, revision="r1"): constant(1), series(name, canary): "1x10"},
        {f"count(last_over_time(({shown})[6m:15s]))": {"{}": 12},
         f"count by (revision) (last_over_time(({shown})[6m:15s]) == 1)": {
             '{revision="r1"}': 1, '{revision="r2"}': 1,
         }},
    )  # fmt: skip


def test_what_is_gone_altogether_is_ranked_by_what_it_was(tmp_path):
    """As of requests that hang, of which nothing is told at the end."""
    query = ranked("topk", "down", may_be_empty=True)
    gone = series("down", CELL, model="code")
    less = {series("down", CELL, model=f"m{each}"): constant(1) for each in range(20)}
    shown = Template(query.expr).substitute(RANGE)
    check(
        tmp_path,
        {**less, gone: "_x5 2x5 stale"},
        {
            f"max by (model) (max_over_time(({shown})[6m:5s])) > 1": {'{model="code"}': 2},
            f"count(max_over_time(({shown})[6m:5s]))": {"{}": 12},
        },
    )
    assert query.may_be_empty


@pytest.mark.parametrize("query", [LIBRARY.sight, LIBRARY.sight_of_cells])
def test_a_cell_that_could_not_be_seen_is_a_line_though_it_can_be_seen_again(query, tmp_path):
    """Its traffic is there again at the end, as is that of more cells than there are lines."""
    cell = {"slo": "chat-availability", "region": "eu"}
    there = {
        series(conventions.VANISHED_STATE, cell, model=f"m{each}"): constant(0)
        for each in range(20)
    }
    once = {
        series(conventions.VANISHED_STATE, cell, model="x"): constant(0),
        series(conventions.BLIND_STATE, cell, model="x"): "_x5 1x5 stale",
    }
    expr = Template(query.expr).substitute({**EVERYTHING, "__range": "6m"})
    check(
        tmp_path,
        {**there, **once},
        {
            f"max by (model) (max_over_time((({expr}) * 1)[6m:15s])) > 0": {'{model="x"}': BLIND},
            f"count(count by (model) (max_over_time((({expr}) * 1)[6m:15s])))": {"{}": 12},
        },
    )


def test_what_happened_once_to_a_gpu_is_ranked_by_it_to_the_end_of_the_range(tmp_path):
    """Before those, more than a panel has lines, to which less happens just now."""
    name, there = catalog.GPU_NVLINK_ERRORS.name, {**CELL, "group": "g0", "host": "h0"}
    less = {
        series(name, there, uuid=f"GPU-{each}", kind="crc"): f"0x68 1x{STEPS - 68}"
        for each in range(20)
    }
    once = series(name, there, uuid="GPU-X", kind="crc")
    found = gpus.happened(catalog.GPU_NVLINK_ERRORS, catalog.KIND)
    shown = Template(found.expr).substitute({**EVERYTHING, "__range": "6m"})
    check(
        tmp_path,
        {**less, once: f"0x10 8x{STEPS - 10}"},
        {f"group by (uuid) (max_over_time(({shown})[6m:15s]) > 2)": {'{uuid="GPU-X"}': 1}},
    )


def test_all_columns_of_a_table_have_the_labels_that_tell_rows_apart(tmp_path):
    """And the rows of the first one alone, whatever else there is of the others."""
    rows = Rows(("region", "model"), "busy")
    check(
        tmp_path,
        {
            series("busy", CELL, group="g0"): constant(3),
            series("busy", CELL, group="g1"): constant(4),
            series("slow", CELL, group="g0"): constant(7),
            series("slow", CELL, model="code"): constant(9),
        },
        {
            rows.first.expr: {'{region="eu", model="chat"}': 4},
            rows.column("slow").expr: {'{region="eu", model="chat"}': 7},
        },
    )


def test_a_cause_is_a_line_while_it_is_at_work_and_none_takes_its_place(tmp_path):
    """One line for all evidence of a place; other causes are no matter of the board."""
    inputs = {
        series(conventions.CAUSE_STATE, CELL, cause="CanaryWorse", revision="r2", reason=each): (
            constant(740)
        )
        for each in ("error", "slow")
    }
    inputs[series(conventions.CAUSE_STATE, CELL, cause="GpuLost", group="g0")] = constant(930)
    inputs[series(conventions.OBJECTIVE, {"slo": "a"})] = constant(0.99)
    found = causes_over_time(("CanaryWorse",), place=("model", "revision"))
    place = {"region": "eu", "model": "chat", "revision": "r2", "cause": "CanaryWorse"}
    check(
        tmp_path,
        inputs,
        {
            ask(found): {series("", place, reason=each): 1 for each in ("error", "slow")},
            ask(causes_over_time(("ToolSlow",))): {'{cause="none"}': 0},
            ask(causes_at_work(("CanaryWorse",))): {"{}": 2},
            ask(causes_at_work(("ToolSlow",))): {"{}": 0},
        },
    )


def revision_counts(revision: str, *, bad: int, every: int) -> dict[str, str]:
    """Return a revision's requests within five minutes, of 1,000 others of which 10 fail."""
    labels = {**CELL, "revision": revision, "reason": "error"}
    return {
        series(conventions.REVISION_BAD_EVENTS, labels): constant(bad),
        series(conventions.REVISION_EVENTS, labels): constant(every),
        series(conventions.OTHER_REVISIONS_BAD_EVENTS, labels): constant(10),
        series(conventions.OTHER_REVISIONS_EVENTS, labels): constant(1000),
    }


@pytest.mark.parametrize(
    ("bad", "deviations"),
    {
        # p = 20/1100, z = (0.1 - 0.01) / sqrt(p (1 - p) (1/100 + 1/1000))
        "ten of a hundred against one in a hundred": (10, 6.422616),
        "as many as the others": (1, 0),
    }.values(),
)
def test_how_sure_it_is_that_a_canary_is_worse(tmp_path, bad: int, deviations: float):
    """The difference of two proportions over its standard deviation, as the cause tests it."""
    name = {**CELL, "revision": "r2", "reason": "error"}
    expr = f"round({ask(rollout.deviations('error')).split(' and topk')[0]}, 0.000001)"
    check(
        tmp_path,
        revision_counts("r2", bad=bad, every=100),
        {expr: {series("", name): deviations}},
        records=False,
    )


def test_where_nothing_fails_nothing_differs(tmp_path):
    """0, and not 0 over 0."""
    labels = {**CELL, "revision": "r2", "reason": "error"}
    inputs = revision_counts("r2", bad=0, every=100)
    inputs[series(conventions.OTHER_REVISIONS_BAD_EVENTS, labels)] = constant(0)
    expected = {ask(rollout.deviations("error")): {series("", labels): 0}}
    check(tmp_path, inputs, expected, records=False)


def test_phases_add_up_to_what_a_client_waits(tmp_path):
    """0.5 s before the engine, 1 s in its queue, 0.5 s of prefill, 8 s to the last token."""
    means = {"client_first_token": 2, "queue": 1, "first_token": 1.5, "end_to_end": 9.5}
    inputs = {}
    for of, seconds in means.items():
        inputs[series(conventions.CELL_PHASE_SECONDS, CELL, of=of)] = constant(10 * seconds)
        inputs[series(conventions.CELL_PHASE_REQUESTS, CELL, of=of)] = constant(10)
    expected = (0.5, 1, 0.5, 8)
    check(
        tmp_path,
        inputs,
        {ask(q): {"{}": value} for q, value in zip(latency.PHASES, expected, strict=True)},
    )


def test_misses_keep_no_more_gpus_busy_than_a_cell_has(tmp_path):
    """The bound of 90 GPUs says nothing where there are 64; that of 3 does."""
    code = {**CELL, "model": "code"}
    inputs = {
        series("shardwatch_group_cache_missed_bound_gpu_seconds_total", CELL, group="g0"): rate(90),
        series("shardwatch_group_cache_missed_bound_gpu_seconds_total", code, group="g1"): rate(3),
        series("shardwatch_group_gpus_expected", CELL, group="g0"): constant(64),
        series("shardwatch_group_gpus_expected", code, group="g1"): constant(64),
        # Of a cell whose engines do not say, nothing is known.
        series("shardwatch_group_gpus_expected", CELL, model="reason", group="g2"): constant(64),
    }
    check(tmp_path, inputs, {ask(caches.MISSED_GPUS): {"{}": 67}})


def test_what_a_collapse_costs_is_what_is_computed_beyond_the_usual(tmp_path):
    """30 points fewer of 1,000 tokens a second are 300 more to compute; a gain costs nothing."""
    code = {**CELL, "model": "code"}
    inputs = {
        series(conventions.USUAL, CELL, of="cache_hits"): constant(0.6),
        series(conventions.CELL_CACHE_HIT_RATIO, CELL): constant(0.3),
        series(conventions.CELL_LOOKED_UP_RATE, CELL): constant(1000),
        series(conventions.USUAL, code, of="cache_hits"): constant(0.1),
        series(conventions.CELL_CACHE_HIT_RATIO, code): constant(0.3),
        series(conventions.CELL_LOOKED_UP_RATE, code): constant(1000),
    }
    expected = {series("", CELL): 300, series("", code): 0}
    expr = ask(caches.BEYOND_USUAL).split(" and topk")[0]
    check(tmp_path, inputs, {f"round({expr}, 1)": expected}, records=False)


def test_data_is_outside_where_it_is_served_in_another_region_than_its_own(tmp_path):
    """What is served at home is not; 0 where all is."""
    served = "shardwatch_residency_requests_total"
    inputs = {
        series(served, CELL, router="eu", tier="pro", home_region="eu"): rate(50),
        series(served, CELL, router="us", region="us", tier="pro", home_region="us"): rate(40),
        series(served, CELL, router="us", region="us", tier="gov", home_region="eu"): rate(2),
        series(served, CELL, router="us", region="us", tier="pro", home_region="eu"): rate(3),
    }
    outside = {"region": "us", "home_region": "eu"}
    check(
        tmp_path,
        inputs,
        {
            ask(regions.OUTSIDE): {"{}": 5},
            ask(regions.GOV_OUTSIDE): {"{}": 2},
            ask(regions.OUTSIDE_BY_REGION): {series("", outside): 5},
        },
    )


def test_goodput_is_told_against_what_was_usual(tmp_path):
    """A tenth of what ended well before."""
    inputs = {
        series(conventions.CELL_REQUESTS_RATE, CELL, outcome="ok"): constant(4),
        series(conventions.USUAL, CELL, of="answers"): constant(40),
    }
    check(tmp_path, inputs, {ask(queues.GOODPUT): {series("", CELL): 0.1}}, records=False)


def test_all_six_signals_are_shown_of_the_cells_in_which_most_are_bad(tmp_path):
    """And none of the others, however many there are."""
    inputs = {}
    for at, model in enumerate(("chat", "code", "agent")):
        for signal in SIGNALS:
            bad = int(at < queues.SHOWN_CELLS and signal == "growth")
            labels = {**CELL, "model": model, "signal": signal}
            inputs[series(conventions.QUEUE_SIGNAL, labels)] = constant(bad)
    check(
        tmp_path,
        inputs,
        {f"count by (model) ({ask(queues.SIGNALS_OVER_TIME)})": {
            f'{{model="{each}"}}': len(SIGNALS) for each in ("chat", "code")
        }},
    )  # fmt: skip


def test_a_share_turned_away_is_of_the_tiers_own_requests(tmp_path):
    """30 of 100 of free; that pro sends 900 is no matter of it."""
    requests = "shardwatch_router_requests_total"
    inputs = {
        series(requests, CELL, tier="free", outcome="rate_limited"): rate(30),
        series(requests, CELL, tier="free", outcome="ok"): rate(70),
        series(requests, CELL, tier="pro", outcome="rate_limited"): rate(0),
        series(requests, CELL, tier="pro", outcome="ok"): rate(900),
    }
    free = {**CELL, "tier": "free"}
    check(
        tmp_path,
        inputs,
        {
            f"{ask(tenants.LIMITED_RATIOS)} > 0": {series("", free): 0.3},
            ask(tenants.LIMITED): {"{}": 0.03},
            ask(tenants.PAID_LIMITED): {"{}": 0},
        },
    )


def test_answers_that_the_filter_was_never_asked_about(tmp_path):
    """A quarter; prompts that it read are no answers."""
    checks = {**CELL, "router": "eu", "verdict": "passed"}
    inputs = {
        series("shardwatch_router_requests_total", CELL, tier="pro", outcome="ok"): rate(100),
        series("shardwatch_safety_checks_total", checks, stage="input"): rate(100),
        series("shardwatch_safety_checks_total", checks, stage="output"): rate(75),
    }
    check(tmp_path, inputs, {ask(metering.MOST_UNASKED): {"{}": 0.25}})
