"""The cells' rules, run by promtool: healthy, with a lost GPU, without traffic."""

import subprocess
from pathlib import Path
from string import Template

import numpy as np
import pytest

from alerts.causes.cell_levels import CELL_LEVELS
from alerts.cells import cells_group
from alerts.group_names import CELLS_GROUP
from dashboards.asking import EVERYTHING
from dashboards.queries import Query, alerts, cells
from dashboards.queries.objectives import BLIND, LIBRARY, TRAFFIC, VANISHED, burn_threshold
from demo.setup.programs import find_program
from slo import conventions
from slo.prometheus import PrometheusClient
from slo.render import render_groups
from slo.rules import RuleGroup
from slo.series import Series as Scraped
from slo.testing import running_prometheus
from slo.windows import read_tiers
from tests.dashboards.recording import Series, hold, series

CELL = {"cluster": "demo", "region": "eu", "model": "chat"}
ROUTED = {**CELL, "revision": "r1", "tier": "pro"}
STEPS = 40
"""Of 5 s: longer than the rules' window of a minute."""
SECONDS = 180


def constant(value: float) -> str:
    """Return a gauge's samples."""
    return f"{value}x{STEPS}"


def rate(per_second: float) -> str:
    """Return a counter's samples."""
    return f"0+{per_second * 5}x{STEPS}"


def group(name: str, *, capacity: int, gpus_up: int, state: str) -> Series:
    """Return what the groups exporter serves of one group of 32 GPUs."""
    labels = {**CELL, "group": name}
    states = {
        series("shardwatch_group_state", {**labels, "state": each}): constant(int(each == state))
        for each in ("dead", "stalled", "up")
    }
    reason = {"dead": "gpu_lost", "stalled": "no_step", "up": "none"}[state]
    return {
        **states,
        series("shardwatch_group_reason", {**labels, "reason": reason}): constant(1),
        series("shardwatch_group_up", labels): constant(1),
        series("shardwatch_group_capacity_ratio", labels): constant(capacity),
        series("shardwatch_group_gpus_expected", labels): constant(32),
        series("shardwatch_group_gpus_up", labels): constant(gpus_up),
    }


HEALTHY = group("g0", capacity=1, gpus_up=32, state="up")
DEAD = group("g1", capacity=0, gpus_up=31, state="dead")


def check(tmp_path: Path, inputs: Series, expected: dict[str, dict[str, float]]) -> None:
    """Hold expressions against the values that they have at 180 s; series by value."""
    known = RuleGroup("known", 5, CELL_LEVELS)
    hold(tmp_path, [cells_group(5), known], inputs, expected, at=f"{SECONDS}s")


def ask(query: Query) -> str:
    """Return a query for everything there is."""
    return Template(query.expr).substitute(EVERYTHING)


def test_promtool_takes_the_rules(tmp_path):
    """Every expression is PromQL and every name a name."""
    path = tmp_path / "rules.yaml"
    path.write_text(render_groups([cells_group(15)], ["shardwatch.yaml"]))
    done = subprocess.run(
        [find_program("promtool"), "check", "rules", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert CELLS_GROUP in path.read_text()


async def test_bands_of_temperature_are_the_same_over_a_range(tmp_path):
    """Each cell has its own: a replay asks for many moments at once, a server for one."""
    (rule,) = (
        each for each in cells_group(15).rules
        if each.record == conventions.CELL_GPUS_BY_TEMPERATURE
    )  # fmt: skip
    moments = 1_700_000_000 + 15 * np.arange(8)
    told = [
        Scraped(
            {**CELL, "region": region, "uuid": f"GPU-{at}",
             "__name__": "shardwatch_gpu_temperature_celsius"},
            moments * 1000, 40.0 + 3 * at + np.arange(8.0),
        )
        for region in ("eu", "us") for at in range(4)
    ]  # fmt: skip
    with running_prometheus(find_program("prometheus"), tmp_path) as url:
        async with PrometheusClient(url) as client:
            await client.remote_write(told)
            found = await client.query_range(rule.expr, moments[0], moments[-1], 15)
            at_once = {
                (*sorted(each.labels.items()), time // 1000): value
                for each in found
                for time, value in zip(each.times_ms.tolist(), each.values.tolist(), strict=True)
            }
            one_by_one = {
                (*sorted(each.labels.items()), moment): each.value
                for moment in moments.tolist()
                for each in await client.query(rule.expr, moment)
            }

    assert one_by_one == at_once


def test_one_dead_group_of_two_is_half_of_the_capacity_and_one_gpu(tmp_path):
    """The recorded series, and what the fleet's first screen makes of them."""
    cell = series("", CELL)
    check(
        tmp_path,
        HEALTHY | DEAD,
        {
            conventions.CELL_CAPACITY: {series(conventions.CELL_CAPACITY, CELL): 0.5},
            conventions.CELL_GPUS_MISSING: {series(conventions.CELL_GPUS_MISSING, CELL): 1},
            conventions.CELL_GPUS_EXPECTED: {series(conventions.CELL_GPUS_EXPECTED, CELL): 64},
            ask(cells.CAPACITY): {"{}": 0.5},
            ask(cells.GROUPS_NOT_UP): {"{}": 1},
            ask(cells.GPUS_MISSING): {"{}": 1},
            ask(cells.WORST_STATES): {cell: cells.STATE_RANKS["dead"]},
            ask(cells.GROUPS_NOT_UP_ROWS): {
                series(
                    "", {**CELL, "group": "g1", "state": "dead", "reason": "gpu_lost"}
                ): cells.STATE_RANKS["dead"]
            },
        },
    )


def test_gpus_are_counted_by_state_and_by_bands_of_temperature(tmp_path):
    """Five degrees a band, its end included; what is colder or hotter is in the first or last."""
    members = {"healthy": 6, "lost": 1, "unknown": 1}
    degrees = {"GPU-a": 12, "GPU-b": 60, "GPU-c": 60.5, "GPU-d": 64, "GPU-e": 104}
    inputs = {
        **{
            series("shardwatch_group_members", {**CELL, "group": "g0", "state": each}): constant(n)
            for each, n in members.items()
        },
        **{
            series(name, {**CELL, "group": "g0", "host": "h", "uuid": uuid}): constant(value)
            for uuid, value in degrees.items()
            for name in ("shardwatch_gpu_temperature_celsius", "shardwatch_gpu_power_watts")
        },
    }

    def counted(name: str, label: str, numbers: dict[str, int]) -> dict[str, float]:
        return {series(name, {**CELL, label: each}): n for each, n in numbers.items()}

    bands = {"30": 1, "60": 1, "65": 2, "95": 1}
    check(
        tmp_path,
        inputs,
        {
            conventions.CELL_GPUS: counted(conventions.CELL_GPUS, "state", members),
            conventions.CELL_GPUS_BY_TEMPERATURE: counted(
                conventions.CELL_GPUS_BY_TEMPERATURE, "band", bands
            ),
            conventions.CELL_GPU_POWER: {series(conventions.CELL_GPU_POWER, CELL): 300.5},
        },
    )


def test_groups_are_counted_by_revision_and_a_new_one_is_marked(tmp_path):
    """Not the one that was there, and nothing where nothing was known before."""
    info = {"engine": "0", "failure_domain": "x"}
    old, new = (
        series("shardwatch_group_info", {**CELL, **info, "group": name, "revision": revision})
        for name, revision in (("g0", "r1"), ("g1", "r2"))
    )
    first = series(
        "shardwatch_group_info",
        {**CELL, **info, "model": "code", "group": "g2", "revision": "r1"},
    )
    late = f"_x30 1x{STEPS - 30}"
    marks = Template(alerts.new_revisions()).substitute(EVERYTHING)
    name = conventions.CELL_REVISION_GROUPS
    check(
        tmp_path,
        {old: constant(1), new: late, first: late},
        {
            f'{name}{{model="chat"}}': {
                series(name, {**CELL, "revision": each}): 1 for each in ("r1", "r2")
            },
            marks: {series(name, {**CELL, "revision": "r2"}): 1},
        },
    )


def test_a_group_without_telemetry_misses_no_gpus_that_are_known(tmp_path):
    """Its engine answers; of its GPUs nobody can say. The other group's lost one is still told."""
    silent = {
        name: values
        for name, values in HEALTHY.items()
        if not name.startswith("shardwatch_group_gpus_up")
    }
    check(
        tmp_path,
        silent | DEAD,
        {
            conventions.CELL_GPUS_MISSING: {series(conventions.CELL_GPUS_MISSING, CELL): 1},
            conventions.CELL_GPUS_EXPECTED: {series(conventions.CELL_GPUS_EXPECTED, CELL): 64},
        },
    )


def test_a_healthy_cell_is_up_with_nothing_missing(tmp_path):
    """Numbers that are 0, not panels that are empty; only the table of what is wrong is."""
    check(
        tmp_path,
        {**HEALTHY, series(conventions.OBJECTIVE, {"slo": "a"}): f"0.99x{STEPS}"},
        {
            ask(cells.CAPACITY): {"{}": 1},
            ask(cells.GROUPS_NOT_UP): {"{}": 0},
            ask(cells.GPUS_MISSING): {"{}": 0},
            ask(cells.WORST_STATES): {series("", CELL): cells.STATE_RANKS["up"]},
            ask(cells.GROUPS_NOT_UP_ROWS): {},
            ask(alerts.alerts_firing("page")): {"{}": 0},
            ask(alerts.CAUSES_OVER_TIME): {'{cause="none"}': 0},
        },
    )


def test_the_fleets_capacity_weighs_cells_by_their_groups(tmp_path):
    """One group of one is down, and three of three are up: 3/4, where the mean of cells is 1/2."""
    small = {
        name.replace('model="chat"', 'model="code"'): values
        for name, values in group("g9", capacity=0, gpus_up=31, state="dead").items()
    }
    large = {
        key: value
        for name in ("g0", "g1", "g2")
        for key, value in group(name, capacity=1, gpus_up=32, state="up").items()
    }
    check(tmp_path, small | large, {ask(cells.CAPACITY): {"{}": 0.75}})


def test_aborts_count_as_requests_and_rate_limited_ones_do_not(tmp_path):
    """6 bad of 6 + 90 + 4; the 50 that hit their own limit are no matter of the service."""
    outcomes = {"ok": 90, "error": 1, "timeout": 2, "rejected": 3, "aborted": 4, "rate_limited": 50}
    check(
        tmp_path,
        {
            series("shardwatch_router_requests_total", {**ROUTED, "outcome": outcome}): rate(each)
            for outcome, each in outcomes.items()
        },
        {
            conventions.CELL_ERROR_RATIO: {series(conventions.CELL_ERROR_RATIO, CELL): 0.06},
            ask(cells.REQUESTS): {series("", CELL): 150},
        },
    )


def test_a_cause_at_work_takes_the_place_of_none_and_is_shown_once(tmp_path):
    """Over time, whatever evidence there is of it; all of it in the table."""
    cause = {"cause": "GpuLost", "region": "eu", "model": "chat"}
    inputs = {
        series(conventions.CAUSE_STATE, {**cause, "uuid": uuid}): constant(40)
        for uuid in ("GPU-1", "GPU-2")
    }
    check(
        tmp_path,
        inputs,
        {
            ask(alerts.CAUSES_OVER_TIME): {series("", cause): 1},
            ask(alerts.causes()): {
                series(conventions.CAUSE_STATE, {**cause, "uuid": "GPU-1"}): 40,
                series(conventions.CAUSE_STATE, {**cause, "uuid": "GPU-2"}): 40,
            },
        },
    )


@pytest.mark.parametrize(
    ("blind", "vanished", "expected"),
    {
        "traffic arrives": (None, 0, TRAFFIC),
        "it vanished": (None, 1, VANISHED),
        "nobody can see it": (1, None, BLIND),
        "blind counts more than vanished": (1, 1, BLIND),
    }.values(),
)
def test_whether_events_arrive(tmp_path, blind: int | None, vanished: int | None, expected: int):
    """The series that say so are recorded by the alerts."""
    labels = {"slo": "chat-ttft", "service": "inference", "region": "eu", "model": "chat"}
    states = {conventions.BLIND_STATE: blind, conventions.VANISHED_STATE: vanished}
    inputs = {
        series(name, labels): constant(value) for name, value in states.items() if value is not None
    }
    name = conventions.VANISHED_STATE if blind is None else ""
    check(tmp_path, inputs, {ask(LIBRARY.sight): {series(name, labels): expected}})


def test_burn_thresholds_follow_the_objectives_period(tmp_path):
    """13.44 over 28 days, 3.36 over 7: the longest period chosen counts, and never below 1."""
    days = 86400
    inputs = {
        series(conventions.PERIOD, {"slo": f"{n}d", "service": "i"}): constant(n * days)
        for n in (7, 28)
    }
    page, *_, slowest = read_tiers()
    check(
        tmp_path,
        inputs,
        {
            ask(burn_threshold(page)): {"{}": 13.44},
            ask(burn_threshold(slowest)): {"{}": 1},
        },
    )


def test_without_requests_there_is_no_error_ratio_and_no_time_to_first_token(tmp_path):
    """Neither 0, which would be good, nor NaN, which spreads."""
    requests = {
        series("shardwatch_router_requests_total", {**ROUTED, "outcome": each}): constant(7)
        for each in ("ok", "error")
    }
    buckets = {
        series("shardwatch_router_time_to_first_token_seconds_bucket", {**ROUTED, "le": le}): (
            constant(7)
        )
        for le in ("1.0", "+Inf")
    }
    check(
        tmp_path,
        requests | buckets,
        {conventions.CELL_ERROR_RATIO: {}, conventions.CELL_TTFT: {}},
    )


def test_quantiles_of_the_time_to_first_token_are_over_all_tiers(tmp_path):
    """100 requests of pro within 1 s and 100 of free between 1 and 2 s: half are within 1 s."""
    buckets = "shardwatch_router_time_to_first_token_seconds_bucket"
    pro, free = ROUTED, {**ROUTED, "tier": "free"}
    counts = {("1.0", 100, 0), ("2.0", 100, 100), ("+Inf", 100, 100)}
    inputs = {
        series(buckets, {**labels, "le": le}): rate(count)
        for le, of_pro, of_free in counts
        for labels, count in ((pro, of_pro), (free, of_free))
    }
    p50, p99 = ({**CELL, "quantile": each} for each in ("0.5", "0.99"))
    check(
        tmp_path,
        inputs,
        {
            conventions.CELL_TTFT: {
                series(conventions.CELL_TTFT, p50): 1,
                series(conventions.CELL_TTFT, p99): 1.98,
            }
        },
    )


def test_a_tools_success_leaves_cancelled_calls_out(tmp_path):
    """9 of 9 + 1, whatever users cancelled."""
    tool = {**CELL, "tool": "browser"}
    check(
        tmp_path,
        {
            series("shardwatch_tool_calls_total", {**tool, "outcome": outcome}): rate(each)
            for outcome, each in {"ok": 9, "captcha": 1, "cancelled": 5}.items()
        },
        {
            conventions.CELL_TOOL_SUCCESS_RATIO: {
                series(conventions.CELL_TOOL_SUCCESS_RATIO, tool): 0.9
            }
        },
    )


@pytest.mark.parametrize(
    ("family", "name", "expected"),
    {
        "the queue is summed": (
            "shardwatch_group_requests_waiting",
            conventions.CELL_WAITING,
            0.7,
        ),
        "the fullest cache counts": (
            "shardwatch_group_kv_cache_usage_ratio",
            conventions.CELL_KV_CACHE_USAGE,
            0.5,
        ),
    }.values(),
)
def test_gauges_of_groups(tmp_path, family: str, name: str, expected: float):
    """Two groups, at 0.2 and 0.5."""
    inputs = {
        series(family, {**CELL, "group": group}): constant(value)
        for group, value in (("g0", 0.2), ("g1", 0.5))
    }
    check(tmp_path, inputs, {name: {series(name, CELL): expected}})


def test_the_hit_ratio_is_tokens_over_tokens_not_a_mean_of_groups(tmp_path):
    """90 of 100 in one group and 0 of 900 in the other: 9 %, where the mean of groups is 45 %."""
    hits = {"g0": (90, 100), "g1": (0, 900)}
    inputs = {
        series(f"shardwatch_group_prefix_cache_{kind}_tokens_total", {**CELL, "group": name}): (
            rate(value)
        )
        for name, values in hits.items()
        for kind, value in zip(("hit", "queried"), values, strict=True)
    }
    ratio = conventions.CELL_PREFIX_HIT_RATIO
    check(tmp_path, inputs, {ratio: {series(ratio, CELL): 0.09}})


def test_without_prompts_there_is_no_hit_ratio(tmp_path):
    """An idle cache is neither bad nor good."""
    inputs = {
        series(f"shardwatch_group_prefix_cache_{kind}_tokens_total", {**CELL, "group": "g0"}): (
            constant(7)
        )
        for kind in ("hit", "queried")
    }
    check(tmp_path, inputs, {conventions.CELL_PREFIX_HIT_RATIO: {}})
