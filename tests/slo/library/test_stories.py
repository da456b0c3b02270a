"""What each objective of the library makes of series: how many events a second, how many bad."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from slo import conventions
from slo.objective import Objective
from slo.objectives import LIBRARY, ObjectiveFile, library_names, read_objective_files
from slo.render import render_groups
from slo.rules import RuleGroup, objective_group
from slo.testing import Expectation, RuleTest, run_rule_tests

INTERVAL_SECONDS = 15
MINUTE, HOUR = 60, 3600
PLACE = {"cluster": "c", "region": "eu", "model": "chat"}
USERS = {"revision": "r1", "tier": "pro"}
PROBES = {"revision": "r1", "tier": "probe"}

BASE = (
    conventions.SLICE_EVENTS_RATE,
    conventions.SLICE_EVENTS_BAD_RATE,
    conventions.EVENTS_RATE,
    conventions.EVENTS_BAD_RATE,
)
OBJECTIVES = {
    each.name: each
    for each in read_objective_files(
        ObjectiveFile(LIBRARY / f"{name}.yaml", f"library:{name}") for name in library_names()
    )
}


@dataclass(frozen=True)
class Story:
    """Series in, and the events that an objective makes of them."""

    slo: str
    tells: str
    series: Mapping[str, float]
    """Counters by what they grow by a second; names without ``_total`` and its like are gauges."""
    bad: float | None
    """A second; None: nothing is known."""
    total: float | None
    at_seconds: float = 12 * MINUTE
    labels: Mapping[str, str] | None = None
    """Of the cell, beside region and model."""


def series(name: str, **labels: str) -> str:
    """Return a series of the place, in promtool's notation."""
    pairs = ",".join(f'{k}="{v}"' for k, v in (PLACE | labels).items())
    return f"shardwatch_{name}{{{pairs}}}"


def requests(outcome: str, **labels: str) -> str:
    """Return a series of requests, of users unless told otherwise."""
    return series("router_requests_total", **(USERS | labels), outcome=outcome)


def checks(stage: str, verdict: str) -> str:
    """Return a series of the safety filter's checks."""
    return series("safety_checks_total", stage=stage, verdict=verdict)


def bucket(histogram: str, bound: str, **labels: str) -> str:
    """Return a series of a histogram's bucket."""
    return series(f"{histogram}_bucket", le=bound, **labels)


FIRST, PACE = "router_time_to_first_token_seconds", "group_time_per_output_token_seconds"
TURN, QUEUE = "router_request_duration_seconds", "group_request_queue_time_seconds"
G0, G1 = {"group": "g0"}, {"group": "g1"}
WEIGHTS = "weights_load_seconds_total", "weights_loads_total"
HOME = "residency_requests_total"

FIRST_TOKENS = {
    bucket(FIRST, "2.5", **USERS): 9,
    bucket(FIRST, "5.0", **USERS): 10,
    series(f"{FIRST}_count", **USERS): 10,
    bucket(FIRST, "2.5", **PROBES): 0,
    series(f"{FIRST}_count", **PROBES): 5,
}
STREAMS = {
    bucket(PACE, "0.2", **G0): 7.5,
    bucket(PACE, "0.5", **G0): 8,
    series(f"{PACE}_count", **G0): 8,
}
CANARY = {
    requests("ok", revision="r1"): 95,
    requests("error", revision="r1"): 0,
    requests("ok", revision="r2"): 4,
    requests("error", revision="r2"): 1,
}

STORIES = [
    Story(
        "chat-availability",
        "users who left are good, limits are not counted, probes are no users",
        {
            requests("ok"): 10, requests("error"): 1, requests("timeout"): 0.5,
            requests("rejected"): 0.25, requests("aborted"): 1, requests("rate_limited"): 3,
            requests("error", tier="probe"): 7,
        },
        bad=1.75, total=12.75,
    ),
    Story(
        "chat-ttft", "a late first token is bad, and probes are no users",
        FIRST_TOKENS, bad=1, total=10,
    ),
    Story(
        "tool-success", "a captcha is a failure, and a cancelled call none",
        {
            series("tool_calls_total", tool="browse", outcome="ok"): 4,
            series("tool_calls_total", tool="browse", outcome="captcha"): 1,
            series("tool_calls_total", tool="search", outcome="cancelled"): 2,
        },
        bad=1, total=5,
    ),
    Story("token-pace", "a slow stream is bad", STREAMS, bad=0.5, total=8),
    Story(
        "queue-time", "over all groups",
        {
            bucket(QUEUE, "1.0", **G0): 3, series(f"{QUEUE}_count", **G0): 3,
            bucket(QUEUE, "1.0", **G1): 1, series(f"{QUEUE}_count", **G1): 3,
        },
        bad=2, total=6,
    ),
    Story(
        "turn-time", "a turn of more than a minute is bad, and probes have none",
        {
            bucket(TURN, "60.0", **USERS): 3, series(f"{TURN}_count", **USERS): 4,
            series(f"{TURN}_count", **PROBES): 4,
        },
        bad=1, total=4,
    ),
    Story(
        "goodput", "late first tokens and slow streams are bad, and probes are no users",
        {**FIRST_TOKENS, **STREAMS},
        bad=1.5, total=10,
    ),
    Story(
        "goodput", "where no engine can be seen, no stream is slow",
        FIRST_TOKENS,
        bad=1, total=10,
    ),
    Story(
        "goodput", "while more answers begin than end, as in growing traffic, no more are bad",
        {**FIRST_TOKENS, **STREAMS, requests("ok"): 4, requests("rejected"): 0},
        bad=1.5, total=10,
    ),
    Story(
        "goodput", "without the bucket no first token is known to be in time",
        {each: rate for each, rate in FIRST_TOKENS.items() if 'le="2.5"' not in each},
        bad=10, total=10,
    ),
    Story(
        "tool-time", "tool by tool",
        {
            bucket("tool_call_duration_seconds", "300.0", tool="browse"): 3,
            series("tool_call_duration_seconds_count", tool="browse"): 4,
        },
        bad=1, total=4, labels={"tool": "browse"},
    ),
    Story(
        "group-availability", "with one of two groups out, the slice that ended is bad",
        {series("group_capacity_ratio", **G0): 1, series("group_capacity_ratio", **G1): 0},
        bad=1 / 300, total=1 / 300,
    ),
    Story(
        "group-availability", "with one of thirty groups out, it is good",
        {series("group_capacity_ratio", group=f"g{at}"): float(at > 0) for at in range(30)},
        bad=0, total=1 / 300,
    ),
    Story(
        "gpu-availability", "lost and hung GPUs are bad, those that nobody sees not counted",
        {
            series("group_members", state="lost", **G0): 2,
            series("group_members", state="hung", **G0): 1,
            series("group_members", state="unknown", **G0): 3,
            series("group_members", state="healthy", **G0): 2,
            series("group_gpus_expected", **G0): 8,
        },
        bad=3, total=5,
    ),
    Story(
        "gpu-availability", "where nobody sees any, there is nothing to judge",
        {
            series("group_members", state="healthy", **G0): 0,
            series("group_members", state="lost", **G0): 0,
            series("group_members", state="unknown", **G0): 8,
            series("group_gpus_expected", **G0): 8,
        },
        bad=0, total=0,
    ),
    Story(
        "prefix-cache-efficiency", "a hit is a hit in whatever tier",
        {
            series("group_cache_hit_tokens_total", cache_tier="device", **G0): 30,
            series("group_cache_hit_tokens_total", cache_tier="host", **G0): 15,
            series("group_prefix_cache_queried_tokens_total", **G0): 100,
        },
        bad=55, total=100,
    ),
    Story(
        "weight-load-time", "loads of 400 seconds are too slow",
        {series(WEIGHTS[0]): 4, series(WEIGHTS[1]): 0.01},
        bad=1, total=1,
    ),
    Story(
        "weight-load-time", "loads of 300 seconds are in time",
        {series(WEIGHTS[0]): 3, series(WEIGHTS[1]): 0.01},
        bad=0, total=1,
    ),
    Story(
        "weight-load-time", "while none has ended there is no event, and that is known",
        {series(WEIGHTS[0]): 1, series(WEIGHTS[1]): 0},
        bad=0, total=0,
    ),
    Story(
        "data-locality", "a government's request from elsewhere is bad, a free user's not counted",
        {
            series(HOME, tier="gov", home_region="eu"): 5,
            series(HOME, tier="gov", home_region="us"): 0.25,
            series(HOME, tier="gov", home_region="other"): 0.5,
            series(HOME, tier="free", home_region="us"): 9,
        },
        bad=0.75, total=5.75,
    ),
    Story(
        "data-locality", "all are at home",
        {
            series(HOME, tier="gov", home_region="eu"): 5,
            series(HOME, tier="gov", home_region="us"): 0,
        },
        bad=0, total=5,
    ),
    Story(
        "tokens-unbilled", "2 % of the tokens are not billed",
        {
            series("group_tokens_total", phase="prompt", **G0): 6_000,
            series("group_tokens_total", phase="generation", **G1): 4_000,
            series("metering_billed_tokens_total", phase="prompt", **USERS): 9_800,
        },
        bad=1 / 1800, total=1 / 1800, at_seconds=HOUR,
    ),
    Story(
        "tokens-unbilled", "half a percent is within what is promised",
        {
            series("group_tokens_total", phase="prompt", **G0): 100_000,
            series("metering_billed_tokens_total", phase="prompt", **USERS): 99_500,
        },
        bad=0, total=1 / 1800, at_seconds=HOUR,
    ),
    Story(
        "tokens-unbilled", "of so few tokens a late bill is much, and nothing is said",
        {
            series("group_tokens_total", phase="prompt", **G0): 500,
            series("metering_billed_tokens_total", phase="prompt", **USERS): 100,
        },
        bad=0, total=0, at_seconds=HOUR,
    ),
    Story(
        "tokens-unbilled", "without metering in sight nothing is known",
        {series("group_tokens_total", phase="prompt", **G0): 100_000},
        bad=None, total=None, at_seconds=HOUR,
    ),
    Story(
        "tokens-overbilled", "2 % too much is billed",
        {
            series("group_tokens_total", phase="prompt", **G0): 10_000,
            series("metering_billed_tokens_total", phase="prompt", **USERS): 10_200,
        },
        bad=1 / 1800, total=1 / 1800, at_seconds=HOUR,
    ),
    Story(
        "tokens-overbilled", "of so few tokens a bill of before is much, and nothing is said",
        {
            series("group_tokens_total", phase="prompt", **G0): 100,
            series("metering_billed_tokens_total", phase="prompt", **USERS): 500,
        },
        bad=0, total=0, at_seconds=HOUR,
    ),
    Story(
        "tokens-overbilled", "too little is billed, which is another promise",
        {
            series("group_tokens_total", phase="prompt", **G0): 10_000,
            series("metering_billed_tokens_total", phase="prompt", **USERS): 9_000,
        },
        bad=0, total=1 / 1800, at_seconds=HOUR,
    ),
    Story(
        "safety-coverage", "what is blocked was read, what passes unread is bad",
        {
            requests("ok"): 9, requests("ok", tier="probe"): 1, requests("error"): 3,
            checks("input", "passed"): 9, checks("input", "bypassed"): 1,
            checks("output", "passed"): 7, checks("output", "blocked"): 1,
            checks("output", "bypassed"): 2,
        },
        bad=3, total=20,
    ),
    Story(
        "safety-coverage", "an answer that never came to the filter is bad",
        {
            requests("ok"): 10,
            checks("input", "passed"): 10, checks("input", "bypassed"): 0,
            checks("output", "passed"): 4,
        },
        bad=6, total=20,
    ),
    Story(
        "safety-coverage", "without a filter in sight nothing is known",
        {requests("ok"): 10},
        bad=None, total=None,
    ),
    Story(
        "safety-time", "checks that were not made take no time and are not in the mean",
        {
            series("safety_checks_total", stage="input", verdict="passed"): 10,
            series("safety_checks_total", stage="input", verdict="bypassed"): 10,
            series("safety_check_seconds_total"): 1.5,
        },
        bad=1, total=1,
    ),
    Story(
        "safety-time", "12 ms are in time",
        {
            series("safety_checks_total", stage="input", verdict="passed"): 10,
            series("safety_check_seconds_total"): 0.12,
        },
        bad=0, total=1,
    ),
    Story(
        "throttled-paid", "tier by tier; lack of capacity is no limit",
        {
            requests("ok"): 8, requests("rejected"): 1, requests("rate_limited"): 1,
            requests("rate_limited", tier="free"): 9,
        },
        bad=1, total=10, labels={"tier": "pro"},
    ),
    Story(
        "throttled-free", "of those who do not pay",
        {requests("rate_limited"): 8, requests("rate_limited", tier="free"): 2,
         requests("ok", tier="free"): 3},
        bad=2, total=5, labels={"tier": "free"},
    ),
    Story(
        "canary-errors", "the revision that fails is bad, the one beside it is not",
        CANARY, bad=1, total=2,
    ),
    Story(
        "canary-errors", "a revision with few requests is not judged",
        {each: growth / (20 if "r2" in each else 1) for each, growth in CANARY.items()},
        bad=0, total=1,
    ),
    Story(
        "canary-errors", "one revision alone is no worse than itself",
        {each: growth for each, growth in CANARY.items() if "r2" in each},
        bad=0, total=1,
    ),
    Story(
        "canary-errors", "where nobody comes there is no event, and that is known",
        dict.fromkeys(CANARY, 0),
        bad=0, total=0,
    ),
    Story(
        "probe-success", "a probe that is late is bad",
        {
            series("probe_requests_total", outcome="ok", **G0): 0.1,
            series("probe_requests_total", outcome="timeout", **G1): 0.05,
        },
        bad=0.05, total=0.15,
    ),
    Story(
        "routed-probe-success", "over all routers of the region",
        {
            series("probe_router_requests_total", outcome="ok", router="a"): 0.1,
            series("probe_router_requests_total", outcome="rejected", router="b"): 0.1,
        },
        bad=0.1, total=0.2,
    ),
]  # fmt: skip


def test_every_objective_of_the_library_has_a_story():
    """And no story is of another."""
    assert set(OBJECTIVES) == {each.slo for each in STORIES}


def test_series_are_events_as_the_library_says(promtool, tmp_path):
    """At the base level, of which all above is made; with the whole library in use."""
    rules = render_groups([_base_of(each) for each in OBJECTIVES.values()], ["test"])
    tests = [_told(each) for each in STORIES]

    run_rule_tests(promtool, rules, tests, INTERVAL_SECONDS, tmp_path)


def _base_of(objective: Objective) -> RuleGroup:
    """Return the rules of the base level alone: those above take promtool minutes."""
    group = objective_group(objective, INTERVAL_SECONDS)
    return replace(group, rules=tuple(each for each in group.rules if each.record in BASE))


def _told(story: Story) -> RuleTest:
    """Return the story as a test of promtool's."""
    objective = OBJECTIVES[story.slo]
    samples = int(story.at_seconds / INTERVAL_SECONDS)
    labels = {"region": "eu", "model": "chat", **(story.labels or {})}
    labels |= {"slo": objective.name, "service": objective.service}
    cell = ", ".join(f'{k}="{v}"' for k, v in sorted(labels.items()))
    return RuleTest(
        f"{story.slo}: {story.tells}",
        {each: _values(each, growth, samples) for each, growth in story.series.items()},
        [
            Expectation(
                f'round({name}{{slo="{story.slo}"}}, 0.000001)',
                story.at_seconds,
                {} if value is None else {f"{{{cell}}}": round(value, 6)},
            )
            for name, value in (
                (conventions.EVENTS_BAD_RATE, story.bad),
                (conventions.EVENTS_RATE, story.total),
            )
        ],
    )


def _values(each: str, growth: float, samples: int) -> str:
    """Return values in promtool's notation: of a gauge ``growth`` is what it is."""
    is_counter = each.partition("{")[0].endswith(("_total", "_bucket", "_count"))
    if is_counter:
        return f"0+{growth * INTERVAL_SECONDS:g}x{samples}"
    return f"{growth:g}x{samples}"
