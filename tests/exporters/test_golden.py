"""Whole pages of the four exporters, from whole pages of their sources.

``GOLDEN=write .venv/bin/pytest tests/exporters/test_golden.py`` writes them anew; read the diff.
"""

import subprocess
from pathlib import Path

import pytest

from exporters import catalog
from exporters.collecting import Collector
from exporters.running import CORES
from exporters.testing import Reply, histogram_samples, page_of, telemetry_page
from exporters.topology import Topology

HERE = Path(__file__).parent
CAPTURES = HERE.parent / "fixtures/vllm"
NAMES = ("gpu", "groups", "router", "tools")
OTHERS = ("otlp", "probe")
"""Whose tests of their own write them."""


@pytest.fixture
def topology(pages) -> Topology:
    """Three groups in two regions; something is wrong in the second one."""

    def group(name, region, revision, hosts, engine="0"):
        return {
            "name": name, "region": region, "model": name.split("-")[1], "revision": revision,
            "engine": engine, "metrics": pages.url(f"/engine/{name}/metrics"),
            "members": [
                {"host": host, "gpus": gpus, "telemetry": pages.url(f"/host/{host}/metrics")}
                for host, gpus in hosts.items()
            ],
        }  # fmt: skip

    return Topology.model_validate({
        "version": 1,
        "cluster": "demo",
        "groups": [
            group("eu-chat-0", "eu", "r1", {"h1": ["GPU-a", "GPU-b"], "h2": ["GPU-c", "GPU-d"]}),
            group("eu-chat-1", "eu", "r2", {"h3": ["GPU-e", "GPU-f"]}),
            group("us-code-0", "us", "r1", {"h4": ["GPU-g"]}),
        ],
        "routers": [
            {"name": name, "region": name, "dialect": "demo", "metrics": pages.url(f"/r/{name}")}
            for name in ("eu", "us")
        ],
        "tools": [
            {"name": f"gateway-{name}", "region": name, "metrics": pages.url(f"/t/{name}")}
            for name in ("eu", "us")
        ],
    })  # fmt: skip


@pytest.fixture
def sources(pages):
    """h1 and eu-chat-0 are well; of h2 a GPU fell off the bus; h3 hangs; us is mostly down."""
    busy = {
        "DCGM_FI_DEV_GPU_UTIL": 97,
        "DCGM_FI_DEV_POWER_USAGE": 612.25,
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": 0.41,
    }
    pages.serve("/host/h1/metrics", telemetry_page({"GPU-a": busy, "GPU-b": {}}))
    lost = 'DCGM_FI_DEV_XID_ERRORS{gpu="1",UUID="GPU-d",err_code="79",err_msg="..."} 79\n'
    pages.serve("/host/h2/metrics", telemetry_page({"GPU-c": {}, "GPU-d": None}) + lost)
    pages.hang("/host/h3/metrics")
    failed = {"DCGM_FI_DEV_XID_ERRORS": 64, "DCGM_FI_DEV_ROW_REMAP_FAILURE": 1}
    pages.serve("/host/h4/metrics", telemetry_page({"GPU-g": failed}))
    for name, capture in (("eu-chat-0", "tp1"), ("eu-chat-1", "tp2")):
        page = (CAPTURES / f"vllm-0.32.0-cpu-{capture}.metrics.txt").read_bytes()
        pages.serve(f"/engine/{name}/metrics", page)
        pages.serve(f"/engine/{name}/health", "")
    pages.serve("/engine/us-code-0/metrics", Reply(status=502))
    routed = page_of("router_demo", _routed()) + page_of("router_demo_services", _accounted())
    pages.serve("/r/eu", routed)
    pages.serve("/r/us", Reply(b"router_requests_total 1\n", cut_after=9))
    pages.serve("/t/eu", page_of("otel_tools", _called()))


def _routed():
    labels = {"model": "chat", "revision": "r1", "tier": "pro"}
    for outcome, count in zip(catalog.OUTCOMES, (970, 3, 20, 4, 2, 1), strict=True):
        yield "router_requests_total", {**labels, "outcome": outcome}, count
    yield "router_request_attempts_total", {**labels, "attempt": "first"}, 1000
    yield "router_request_attempts_total", {**labels, "attempt": "retry"}, 17
    yield "router_requests_in_flight", {**labels, "tier": "gold"}, 12
    bounds = catalog.TIME_TO_FIRST_TOKEN_BOUNDS
    yield from histogram_samples(
        "router_time_to_first_token_seconds", labels, bounds, [0.2, 0.3, 2.0, 10.0]
    )


def _accounted():
    lane = {"model": "chat", "revision": "r1", "tier": "pro"}
    yield "metering_tokens_billed_total", {**lane, "phase": "generation"}, 52000
    yield "safety_checks_total", {"model": "chat", "stage": "input", "verdict": "passed"}, 998
    yield "safety_check_seconds_total", {"model": "chat"}, 19.5
    yield "residency_requests_total", {"model": "chat", "tier": "pro", "home_region": "us"}, 7
    yield "weights_loads_total", {"model": "chat"}, 2
    yield "weights_load_seconds_total", {"model": "chat"}, 181.5
    weights = {"model": "chat", "group": "eu-chat-0", "revision": "r1", "hash": "5f0c"}
    yield "weights_info", weights, 1


def _called():
    name, bounds = "gen_ai_execute_tool_duration_seconds", catalog.TOOL_DURATION_BOUNDS
    labels = {"gen_ai_tool_name": "browse", "gen_ai_request_model": "chat"}
    yield from histogram_samples(name, {**labels, "error_type": ""}, bounds, [0.4, 0.7, 3.0])
    yield from histogram_samples(name, {**labels, "error_type": "captcha"}, bounds, [1.5])
    for attempt, count in (("first", 4), ("retry", 1)):
        yield "tool_call_attempts_total", {**labels, "attempt": attempt}, count
    for result, count in (("hit", 30), ("miss", 10)):
        yield "page_cache_requests_total", {"result": result}, count


@pytest.mark.parametrize("name", NAMES)
async def test_the_page_of_an_exporter_is_the_golden_one(
    name, topology, sources, fetch_page, assert_golden
):
    """From bytes over HTTP to bytes over HTTP; the clock stands still."""
    clock = [lambda: 0.0, lambda: 1_790_000_000.0]
    collector = Collector(CORES[name](topology), fetch_page, *clock)
    page = (await collector.collect()).page
    await collector.close()
    assert_golden(name, page)


@pytest.mark.parametrize("name", [*NAMES, *OTHERS])
def test_promtool_finds_nothing_wrong_with_the_golden_page(name, find_program):
    """The format, and what Prometheus asks of names and helps."""
    page = (HERE / "golden" / f"{name}.prom").read_text()
    checked = subprocess.run(
        [find_program("promtool"), "check", "metrics"],
        input=page, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
