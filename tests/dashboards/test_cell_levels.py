"""What cells record for boards of latency, caches, tools and revisions, run by promtool."""

from slo import conventions
from tests.dashboards.recording import CELL, ROUTED, STEPS, check, rate, series


def recorded(name: str, value: float, **labels: str) -> dict[str, dict[str, float]]:
    """Return the one series that a cell has of a name."""
    return {name: {series(name, CELL, **labels): value}}


def test_buckets_of_a_cell_are_of_all_tiers_but_the_probes(tmp_path):
    """3 + 4 a second of users; what probes wait is nobody's latency."""
    families = {
        "shardwatch_router_time_to_first_token_seconds": conventions.CELL_TTFT_BUCKETS,
        "shardwatch_router_request_duration_seconds": conventions.CELL_DURATION_BUCKETS,
    }
    inputs = {
        series(f"{family}_bucket", ROUTED, tier=tier, le="1.0"): rate(per_second)
        for family in families
        for tier, per_second in (("pro", 3), ("free", 4), ("probe", 50))
    }
    expected = {}
    for name in families.values():
        expected |= recorded(name, 7, le="1.0")
    check(tmp_path, inputs, expected)


def test_whole_requests_are_the_engines_where_no_router_tells(tmp_path):
    """And the router's alone where it does."""
    code = {**CELL, "model": "code"}
    engines, name = "shardwatch_group_end_to_end_latency_seconds", conventions.CELL_DURATION_BUCKETS
    inputs = {
        series("shardwatch_router_request_duration_seconds_bucket", ROUTED, le="1.0"): rate(3),
        series(f"{engines}_bucket", CELL, group="g0", le="1.0"): rate(9),
        series(f"{engines}_bucket", code, group="g1", le="1.0"): rate(5),
    }
    expected = {series(name, CELL, le="1.0"): 3, series(name, code, le="1.0"): 5}
    check(tmp_path, inputs, {name: expected})


def test_buckets_of_the_pace_are_of_all_groups(tmp_path):
    """Two groups of a cell."""
    bucket = "shardwatch_group_time_per_output_token_seconds_bucket"
    inputs = {
        series(bucket, CELL, group=group, le="0.2"): rate(per_second)
        for group, per_second in (("g0", 3), ("g1", 5))
    }
    check(tmp_path, inputs, recorded(conventions.CELL_PACE_BUCKETS, 8, le="0.2"))


def test_phases_are_seconds_and_requests_so_that_means_are_weighed(tmp_path):
    """One group makes 9 requests wait for 1 s each, another 1 request for 11 s: 2 s in the mean."""
    queue = "shardwatch_group_request_queue_time_seconds"
    inputs = {}
    for group, requests, seconds in (("g0", 9, 9), ("g1", 1, 11)):
        inputs[series(f"{queue}_sum", CELL, group=group)] = rate(seconds)
        inputs[series(f"{queue}_count", CELL, group=group)] = rate(requests)
    first = "shardwatch_router_time_to_first_token_seconds"
    inputs[series(f"{first}_sum", ROUTED)] = rate(6)
    inputs[series(f"{first}_sum", ROUTED, tier="probe")] = rate(60)
    seconds, requests = conventions.CELL_PHASE_SECONDS, conventions.CELL_PHASE_REQUESTS
    check(
        tmp_path,
        inputs,
        {
            seconds: {
                series(seconds, CELL, of="queue"): 20,
                series(seconds, CELL, of="client_first_token"): 6,
            },
            requests: {series(requests, CELL, of="queue"): 10},
        },
    )


def test_what_caches_save_and_what_misses_cost(tmp_path):
    """Of 1,000 tokens a second 600 are found on GPUs and 100 on hosts; 300 take 4 GPUs at most."""
    of_group = {**CELL, "group": "g0"}
    inputs = {
        series("shardwatch_group_prefix_cache_queried_tokens_total", of_group): rate(1000),
        series("shardwatch_group_cache_hit_tokens_total", of_group, cache_tier="device"): rate(600),
        series("shardwatch_group_cache_hit_tokens_total", of_group, cache_tier="host"): rate(100),
        series("shardwatch_group_cache_missed_tokens_total", of_group): rate(300),
        series("shardwatch_group_cache_missed_bound_gpu_seconds_total", of_group): rate(4),
        series("shardwatch_group_preemptions_total", of_group): rate(0.5),
    }
    hits = conventions.CELL_HIT_RATE
    check(
        tmp_path,
        inputs,
        {
            **recorded(conventions.CELL_LOOKED_UP_RATE, 1000),
            **recorded(conventions.CELL_MISSED_RATE, 300),
            **recorded(conventions.CELL_MISSED_GPUS, 4),
            **recorded(conventions.CELL_PREEMPTIONS_RATE, 0.5),
            **recorded(conventions.CELL_CACHE_HIT_RATIO, 0.7),
            hits: {
                series(hits, CELL, cache_tier="device"): 600,
                series(hits, CELL, cache_tier="host"): 100,
            },
        },
    )


def test_groups_that_disagree_are_counted_where_any_is_compared(tmp_path):
    """One of two; and of a cell without probes nothing is said."""
    inputs = {
        series("shardwatch_probe_disagrees", CELL, group="g0"): f"0x{STEPS}",
        series("shardwatch_probe_disagrees", CELL, group="g1"): f"1x{STEPS}",
        series("shardwatch_group_up", CELL, group="g0", model="code"): f"1x{STEPS}",
    }
    check(tmp_path, inputs, recorded(conventions.CELL_GROUPS_DISAGREEING, 1))


def test_calls_of_a_tool_are_counted_up_to_each_bound_over_all_models(tmp_path):
    """Two a second in five minutes, of two models: 600; however few they are."""
    inputs = {
        series(
            "shardwatch_tool_call_duration_seconds_bucket", CELL, model=model, tool="sh", le="1.0"
        ): rate(1)
        for model in ("chat", "code")
    }
    name = conventions.TOOL_CALLS_WITHIN_COUNT
    place = {"cluster": "demo", "region": "eu", "tool": "sh"}
    check(tmp_path, inputs, {name: {series(name, place, le="1.0"): 600}})


def test_groups_of_a_revision_are_what_they_say_themselves_else_what_the_topology_says(tmp_path):
    """A canary is seen by its weights; a cell whose weights nobody tells, by its topology."""
    weights, told = "shardwatch_weights_info", "shardwatch_group_info"
    code = {**CELL, "model": "code"}
    inputs = {
        # Two routers serve the first group, which is one group all the same.
        series(weights, CELL, group="g0", router="a", revision="r1", hash="h"): f"1x{STEPS}",
        series(weights, CELL, group="g0", router="b", revision="r1", hash="h"): f"1x{STEPS}",
        series(weights, CELL, group="g1", router="a", revision="r2", hash="i"): f"1x{STEPS}",
        series(told, CELL, group="g1", revision="r1"): f"1x{STEPS}",
        series(told, code, group="g2", revision="r7"): f"1x{STEPS}",
        series(told, code, group="g3", revision="r7"): f"1x{STEPS}",
    }
    groups, revisions = conventions.CELL_REVISION_GROUPS, conventions.CELL_REVISIONS
    check(
        tmp_path,
        inputs,
        {
            groups: {
                series(groups, CELL, revision="r1"): 1,
                series(groups, CELL, revision="r2"): 1,
                series(groups, code, revision="r7"): 2,
            },
            revisions: {series(revisions, CELL): 2, series(revisions, code): 1},
        },
    )
