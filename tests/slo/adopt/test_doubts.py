"""What is not as it should be is told, with what to do."""

from dataclasses import replace

import pytest

from slo.adopt.doubts import choose_interval_seconds, find_doubts
from slo.adopt.found import Bounds, Found, FoundRouter
from slo.adopt.objective_file import choose_period_seconds
from slo.adopt.placing import place
from slo.adopt.saying import Doubt
from tests.slo.adopt.test_placing import engine, gpu

DAY = 86400.0
TTFT = "vllm:time_to_first_token_seconds"
GOOD = Found(
    "http://p",
    names=frozenset({
        "DCGM_FI_DEV_CLOCKS_EVENT_REASONS",
        "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL",
        "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL",
    }),
    engines=(engine(),),
    gpus=(gpu("GPU-a"),),
    routers=(FoundRouter("demo", {"job": "r", "instance": "10.0.0.8:80", "region": "eu"}),),
    retention_seconds=40 * DAY,
    intervals_seconds={"vllm": 15.0},
    bounds=(Bounds(TTFT, 2, {"2.5": 2, "+Inf": 2}),),
    speaks={"vllm:kv_cache_usage_perc": frozenset({("vllm", "10.0.0.1:8000")})},
)  # fmt: skip


def test_of_victoriametrics_it_is_told_how_to_build():
    """Its rules are vmalert's."""
    [doubt] = doubts(replace(GOOD, is_victoria_metrics=True))
    assert "build with --format vmalert" in doubt.to_do


def doubts(found):
    """Return what is in doubt, but for what no router tells."""
    found_here = find_doubts(found, place(found, cluster="prod"))
    return tuple(each for each in found_here if each.about != "router")


def test_of_a_good_cluster_nothing_is_in_doubt():
    """Each test below takes one thing away."""
    assert () == doubts(GOOD)


def series(**labels: str):
    """Return a cluster whose engine has more labels."""
    return {"engines": (engine(**labels),)}


@pytest.mark.parametrize(
    ("changes", "about", "found", "to_do"),
    [
        pytest.param(
            {"retention_seconds": 15 * DAY}, "retention",
            "the server keeps samples for 15d, which is too short for budgets over 28d: objectives "
            "were written with 14d",
            "start Prometheus with --storage.tsdb.retention.time=29d or more", id="15 days"),
        pytest.param(
            {"retention_seconds": 2 * DAY}, "retention",
            "the server keeps samples for 2d, which is too short for budgets over 28d: every "
            "budget will be unknown",
            "start Prometheus with --storage.tsdb.retention.time=29d or more", id="2 days"),
        pytest.param(
            {"retention_seconds": None}, "retention",
            "the server does not tell how long it keeps samples (as VictoriaMetrics and Thanos)",
            "see that it is more than 28d, or choose a shorter timeWindow", id="untold"),
        pytest.param(
            {"bounds": (Bounds(TTFT, 3, {"2.5": 2, "1": 3, "+Inf": 3}),)}, "missing bucket",
            f"{TTFT} has no bound of 2.5 s in 1 of 3 series, which library:chat asks for; "
            'le="1" is the nearest that all have',
            "add it (vLLM: --custom-histogram-buckets), or promise what the nearest bound can tell",
            id="a bucket"),
        pytest.param(
            {"speaks": {"vllm:time_in_queue_requests": frozenset({("vllm", "10.0.0.1:8000")})}},
            "old names of vLLM",
            "vllm:time_in_queue_requests is on 1 of 1 page (10.0.0.1:8000); newer "
            "releases have: vllm:request_queue_time_seconds",
            "our exporters read either; change queries of your own to the new name",
            id="a removed name"),
        pytest.param(
            {"intervals_seconds": {}}, "scrape interval", "nothing tells it; 15s was taken",
            "correct prometheus.scrape_interval in shardwatch.yaml", id="no interval"),
        pytest.param(
            {"intervals_seconds": {"a": 15.0, "b": 30.0}}, "scrape interval",
            "jobs are scraped at several intervals: a 15s, b 30s; rules take the longest",
            "scrape routers and engines at one interval", id="two intervals"),
        pytest.param(
            {"intervals_seconds": {"a": 45.0}}, "scrape interval",
            "found 45s, expected a divisor of 5m, for counts of 5 minutes must hold whole samples; "
            "1m was taken for the rules",
            "scrape every 1m", id="an odd interval"),
        pytest.param(
            series(tier="gold"), "labels that collide",
            "engines' series have the label tier (gold), which for us is a class of customers",
            "our exporters set their own, and their jobs keep it (honor_labels); rules of yours "
            "that join both have to choose", id="a label of ours"),
        pytest.param(
            series(exported_job="x"), "labels that collide",
            "series of engines have exported_job: a label of the page lost against one of its "
            "target's",
            "this was read as it was meant; honor_labels: true in that job would keep it as it is",
            id="a label that lost"),
        pytest.param(
            {"external_labels": {"region": "world"}}, "external labels",
            "the server adds region='world' to what it sends, and our series have region='eu'",
            "ours stay on our series and alerts; see that routes and queries expect them",
            id="external labels"),
        pytest.param(
            {"names": GOOD.names | {"shardwatch_group_up"}}, "already there",
            "series of shardwatch's own exporters are in the server",
            "if they are of this cluster, keep the topology that they run on", id="our exporters"),
        pytest.param(
            {"names": GOOD.names | {"slo:burn_rate:ratio"}}, "already there",
            "slo:burn_rate:ratio is recorded in the server already",
            "remove the other build's rules first: two would record the same series",
            id="our rules"),
        pytest.param(
            {"gpus": ()}, "no GPUs",
            "no series of dcgm-exporter are there: a lost GPU will not be named",
            "run dcgm-exporter or shardwatch exporter gpu --local on the hosts", id="no GPUs"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_what_to_do(changes, about, found, to_do):
    """And nothing else."""
    assert (Doubt(about, found, to_do),) == doubts(replace(GOOD, **changes))


def test_a_model_that_is_called_as_users_call_it_does_not_collide():
    """The label means what ours means."""
    assert () == doubts(replace(GOOD, engines=(engine(model="chat"),)))


def test_a_model_that_is_the_gpu_s_collides():
    """What users ask for is not an H200."""
    [doubt] = doubts(replace(GOOD, engines=(engine(model="H200"),)))

    assert "labels that collide" == doubt.about


@pytest.mark.parametrize(
    ("scraped", "expected"), [({}, 15), ({"a": 1}, 5), ({"a": 15, "b": 25}, 30), ({"a": 400}, 100)]
)
def test_rules_take_the_longest_interval_that_they_can(scraped, expected):
    """A divisor of 5 minutes, 5 s at least."""
    assert expected == choose_interval_seconds(Found("http://p", intervals_seconds=scraped))


@pytest.mark.parametrize(
    ("kept", "days"), [(None, 28), (60, 28), (28, 14), (15, 14), (8, 7), (3, 28)]
)
def test_periods_are_what_the_server_keeps(kept, days):
    """With an hour or two to spare; where nothing fits, the usual one."""
    assert days * DAY == choose_period_seconds(kept and kept * DAY)
