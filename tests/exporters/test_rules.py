"""What an exporter must never do: block, freeze, invent or lose events, explode, trust."""

import asyncio
import random

import pytest

from exporters import catalog
from exporters.collecting import Collector
from exporters.fetching import Response
from exporters.groups.core import GroupsCore
from exporters.router.core import RouterCore
from exporters.running import CORES
from exporters.sources import Answer, Answers
from exporters.testing import Clock, Reply, page_of, telemetry_page
from exporters.topology import Topology

STEPS = "vllm:iteration_tokens_total_count"
GROUPS = ("eu-chat-0", "eu-chat-1", "us-code-0")


def engine_page(steps=0.0, running=0.0, finished=0.0) -> str:
    """The least of a vLLM page."""
    labels = {"engine": "0", "model_name": "tiny"}
    return page_of(
        "vllm_0_32",
        [
            ("vllm:num_requests_running", labels, running),
            ("vllm:num_requests_waiting", labels, 0.0),
            ("vllm:request_success_total", {**labels, "finished_reason": "stop"}, finished),
            (STEPS, labels, steps),
        ],
    )


@pytest.fixture
def topology(pages) -> Topology:
    """Three groups of one host with two GPUs each; all are well, routers and gateways too."""
    groups = []
    for name in GROUPS:
        gpus = [f"GPU-{name}-{index}" for index in range(2)]
        pages.serve(f"/host/{name}/metrics", telemetry_page({gpu: {} for gpu in gpus}))
        pages.serve(f"/engine/{name}/metrics", engine_page())
        pages.serve(f"/engine/{name}/health", "")
        groups.append({
            "name": name, "region": name[:2], "model": name[3:7], "revision": "r1",
            "metrics": pages.url(f"/engine/{name}/metrics"),
            "members": [{"host": f"h-{name}", "gpus": gpus,
                         "telemetry": pages.url(f"/host/{name}/metrics")}],
        })  # fmt: skip
    routers, tools = [], []
    for region in ("eu", "us"):
        pages.serve(f"/r/{region}", page_of("router_demo", []))
        pages.serve(f"/t/{region}", page_of("otel_tools", []))
        url = pages.url(f"/r/{region}")
        routers.append({"name": region, "region": region, "dialect": "demo", "metrics": url})
        url = pages.url(f"/t/{region}")
        tools.append({"name": f"gateway-{region}", "region": region, "metrics": url})
    return Topology.model_validate(
        {"version": 1, "cluster": "demo", "groups": groups, "routers": routers, "tools": tools}
    )


@pytest.fixture
async def collect(topology, fetch_page):
    """Runs collections of exporters by name, over HTTP."""
    clock = Clock()
    collectors = {name: Collector(CORES[name](topology), fetch_page, clock) for name in CORES}

    async def run(name, seconds_later=5.0):
        clock.now += seconds_later
        return (await collectors[name].collect()).page

    yield run
    for collector in collectors.values():
        await collector.close()


HUNG = {
    "gpu": "/host/eu-chat-0/metrics",
    "groups": "/engine/eu-chat-0/metrics",
    "router": "/r/eu",
    "tools": "/t/eu",
}
UP = {
    "gpu": catalog.GPU_UP,
    "groups": catalog.GROUP_UP,
    "router": catalog.ROUTER_UP,
    "tools": catalog.TOOLS_UP,
}
BAD = {
    "hangs": Reply(delay_seconds=3600.0),
    "drips": Reply(b"a 1\n" * 1000, byte_seconds=0.05),
    "is cut": Reply(b"a 1\nb 2\n", cut_after=5),
    "fails": Reply(status=500),
    "redirects": Reply(status=302, headers={"Location": "/elsewhere"}),
    "is no text format": Reply(b"<html></html>\n"),
    "is no UTF-8": Reply(b'a{b="\xff"} 1\n'),
    "repeats a series": Reply(
        b"router_requests_in_flight 1\nrouter_requests_in_flight 2\n"
        b"gen_ai_execute_tool_duration_seconds_sum 1\ngen_ai_execute_tool_duration_seconds_sum 2\n"
    ),
    "has absurd labels": Reply(b'a{b="' + b"x" * 5000 + b'"} 1\n'),
}


@pytest.mark.parametrize("how", BAD)
@pytest.mark.parametrize("name", CORES)
async def test_a_bad_source_costs_its_own_series_only(collect, pages, name, how):
    """Never block: the others are served in the same collection; a reason says what it was."""
    pages.serve(HUNG[name], BAD[how])
    page = await collect(name)
    up = [value for labels, value in page.of(UP[name]).items()]
    bad = {labels[2:4] for labels, value in page.of(catalog.SOURCE_UP).items() if not value}
    assert sorted(set(up)) == [0.0, 1.0]
    assert {region for region, _ in bad} == {"eu"}
    assert len(bad) == 1
    reasons = {labels[-1] for labels in page.of(catalog.SOURCE_REASON)}
    assert reasons < set(catalog.SOURCE_REASONS)
    assert len(reasons) == 2


@pytest.mark.parametrize("name", CORES)
async def test_all_sources_hanging_still_gives_a_page(collect, pages, topology, name):
    """Everything expected is there, as a 0."""
    for path in list(pages.paths):
        pages.hang(path)
    page = await collect(name)
    assert set(page.of(UP[name]).values()) == {0.0}
    assert set(page.of(catalog.SOURCE_UP).values()) == {0.0}


async def test_values_of_a_source_that_stopped_answering_are_gone(collect, pages):
    """Never freeze: neither counters nor gauges of yesterday are served today."""
    pages.serve("/engine/eu-chat-0/metrics", engine_page(steps=5.0, finished=3.0))
    before = await collect("groups")
    pages.serve("/engine/eu-chat-0/metrics", Reply(status=500))
    after = await collect("groups")
    for family in (catalog.GROUP_STEPS, catalog.GROUP_FINISHED, catalog.GROUP_RUNNING,
                   catalog.GROUP_SECONDS_SINCE_STEP):  # fmt: skip
        assert "eu-chat-0" in {labels[3] for labels in before.of(family)}
        assert "eu-chat-0" not in {labels[3] for labels in after.of(family)}
    assert after.of(catalog.GROUP_UP)["demo", "eu", "chat", "eu-chat-0"] == 0.0


async def test_an_expected_gpu_that_is_gone_is_a_zero(collect, pages):
    """Never freeze: dcgm-exporter serves an absence."""
    lost, other = "GPU-eu-chat-0-0", "GPU-eu-chat-0-1"
    await collect("gpu")
    for millijoules in (1.0, 2.0):  # by which it is seen that dcgm-exporter looked again
        there = {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": millijoules}
        pages.serve("/host/eu-chat-0/metrics", telemetry_page({lost: None, other: there}))
        page = await collect("gpu")
    place = ("demo", "eu", "chat", "eu-chat-0", "h-eu-chat-0")
    assert page.of(catalog.GPU_UP)[*place, lost] == 0.0
    assert page.of(catalog.GPU_STATE)[*place, lost, "lost"] == 1.0
    assert page.of(catalog.GPU_REASON)[*place, lost, "absent"] == 1.0
    assert (*place, lost) not in page.of(catalog.GPU_TEMPERATURE)
    assert page.of(catalog.GPU_UP)[*place, other] == 1.0


async def test_the_group_of_a_lost_gpu_is_dead_though_its_engine_answers(collect, pages):
    """A group lives or dies as one."""
    lost = 'DCGM_FI_DEV_XID_ERRORS{UUID="GPU-eu-chat-0-0",err_code="79"} 79\n'
    page = telemetry_page({"GPU-eu-chat-0-1": {}}) + lost
    pages.serve("/host/eu-chat-0/metrics", page)
    served = await collect("groups")
    group = ("demo", "eu", "chat", "eu-chat-0")
    assert served.of(catalog.GROUP_UP)[group] == 1.0
    assert served.of(catalog.GROUP_STATE)[*group, "dead"] == 1.0
    assert served.of(catalog.GROUP_REASON)[*group, "gpu_lost"] == 1.0
    assert served.of(catalog.GROUP_CAPACITY)[group] == 0.0
    assert served.of(catalog.GROUP_GPUS_EXPECTED)[group] == 2.0
    assert served.of(catalog.GROUP_GPUS_UP)[group] == 1.0


async def test_a_frozen_engine_stalls_though_its_health_is_200(collect, pages):
    """The step counter is what tells."""
    pages.serve("/engine/eu-chat-0/metrics", engine_page(steps=5.0, running=1.0))
    group = ("demo", "eu", "chat", "eu-chat-0")
    for _ in range(7):
        page = await collect("groups")
    assert page.of(catalog.GROUP_STATE)[*group, "stalled"] == 1.0
    assert page.of(catalog.GROUP_REASON)[*group, "no_step"] == 1.0
    assert page.of(catalog.GROUP_HEALTH)[group] == 1.0
    assert page.of(catalog.GROUP_SECONDS_SINCE_STEP)[group] == 30.0


async def test_unknown_is_not_lost(collect, pages):
    """A telemetry page that cannot be had is no proof against any GPU of its host."""
    pages.serve("/host/eu-chat-0/metrics", Reply(status=500))
    for _ in range(3):
        gpus, groups = await collect("gpu", 5.0), await collect("groups", 0.0)
    group = ("demo", "eu", "chat", "eu-chat-0")
    reasons = {labels[-1] for labels in gpus.of(catalog.GPU_REASON) if labels[3] == group[3]}
    assert reasons == {"telemetry_unreachable"}
    assert groups.of(catalog.GROUP_REASON)[*group, "member_unknown"] == 1.0
    assert groups.of(catalog.GROUP_CAPACITY)[group] == 1.0


async def test_the_empty_page_of_a_reloading_dcgm_exporter_loses_nobody(collect, pages):
    """It is served with status 200 for 2 to 3 seconds."""
    pages.serve("/host/eu-chat-0/metrics", "")
    for _ in range(3):
        page = await collect("gpu")
    states = page.of(catalog.GPU_STATE)
    assert not any(value for labels, value in states.items() if labels[-1] == "lost")


async def test_no_scraper_sees_a_counter_fall_however_scrapes_overlap(make_topology):
    """Never invent: one flight a source, answers in order."""
    served = {"steps": 0.0}

    async def fetch(url) -> Response:
        if url.endswith("health"):
            return Response(200, b"")
        served["steps"] += 1
        page = engine_page(steps=served["steps"]).encode()
        await asyncio.sleep(random.Random(served["steps"]).uniform(0, 0.004))
        return Response(200, page)

    core = GroupsCore(make_topology(groups=[("eu", "chat", "r1")]))
    collector = Collector(core, fetch)

    async def scrape(times) -> list[float]:
        seen = []
        for _ in range(times):
            page = (await collector.collect()).page
            seen += page.of(catalog.GROUP_STEPS).values()
            await asyncio.sleep(0.001)
        return seen

    for seen in await asyncio.gather(*(scrape(20) for _ in range(5))):
        assert seen == sorted(seen)
        assert len(seen) == 20


async def test_labels_without_bounds_make_one_series(make_topology):
    """Never explode: ten thousand tiers are one, and counted."""
    labels = {"model": "chat", "revision": "r1"}
    samples = [
        ("router_requests_in_flight", {**labels, "tier": f"t{number}"}, 1.0)
        for number in range(10_000)
    ]

    async def fetch(url) -> Response:
        return Response(200, page_of("router_demo", samples).encode())

    core = RouterCore(make_topology(groups=[("eu", "chat", "r1")], routers=["eu"]))
    page = (await Collector(core, fetch).collect()).page
    in_flight = page.of(catalog.ROUTER_IN_FLIGHT)
    assert len(in_flight) == len((*catalog.TIERS, catalog.PROBE_TIER, catalog.OTHER))
    assert in_flight["demo", "eu", "chat", "eu", "r1", "other"] == 10_000.0
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["router", "tier"] == 10_000.0


@pytest.mark.parametrize("name", CORES)
async def test_nothing_is_asked_for_but_what_the_topology_names(collect, pages, topology, name):
    """Never trust: no redirect, no discovery."""
    for path in list(pages.paths):
        pages.serve(path, Reply(status=301, headers={"Location": pages.url("/elsewhere")}))
    await collect(name)
    named = {each.metrics for each in [*topology.groups, *topology.routers, *topology.tools]}
    named |= {member.telemetry for group in topology.groups for member in group.members}
    named |= {group.health for group in topology.groups}
    assert {pages.url(path) for path in pages.paths if pages.requests(path)} <= named
    assert pages.requests("/elsewhere") == 0


def test_a_group_without_telemetry_says_nothing_of_gpus_up(make_topology):
    """Unwatched is not up, and not down."""
    topology = make_topology(groups=[("eu", "chat", "r1")])
    unwatched = topology.model_copy(
        update={
            "groups": [
                topology.groups[0].model_copy(
                    update={
                        "members": [
                            topology.groups[0].members[0].model_copy(update={"gpus": ["GPU-x"]})
                        ]
                    }
                )
            ]
        }
    )
    for given, up in ((topology, True), (unwatched, False)):
        core = GroupsCore(given)
        page = core.observe(Answers({t: Answer("timeout") for t in core.targets}), 0.0)
        assert bool(page.of(catalog.GROUP_GPUS_UP)) is up
