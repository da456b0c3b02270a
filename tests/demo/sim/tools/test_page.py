"""Pages of the tool gateways."""

from demo.sim.tools.page import GatewayPages
from exporters import catalog
from exporters.exposition import PageReader
from exporters.sources import Answer, Answers
from exporters.tools import otel
from exporters.tools.core import ToolsCore

from .tool_run import tool_run, tool_topology

LABELS = ("gen_ai_tool_name", "gen_ai_request_model", "error_type", "attempt", "result")


def _samples(page: bytes, name: str, **labels: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(series.labels[label] for label in LABELS if label in series.labels): value
        for series, value in PageReader().read(page).items()
        if series.name == name and labels.items() <= series.labels.items()
    }


def test_a_gateway_counts_the_calls_of_its_region_when_they_end():
    """By tool, model and how they ended: the numbers of the truth."""
    run = tool_run()
    run.seconds(600)
    page = GatewayPages(run.fleet, run.tools.cells).page(run.tools, 1)
    counted = _samples(page, "gen_ai_execute_tool_duration_seconds_count")
    assert {
        (tool, model, type_): float(count)
        for region, tool, model in run.tools.cells.names
        if region == "us"
        for type_, count in run.ended(region, tool, model).items()
    } == counted


def test_durations_are_cumulative_and_sum_to_what_the_calls_lasted():
    """Half of shell calls under 0.85 s, and a tail of minutes."""
    run = tool_run(step_seconds=15.0)
    run.seconds(7200)
    page = GatewayPages(run.fleet, run.tools.cells).page(run.tools, 0)
    here = {"gen_ai_tool_name": "code_execution", "gen_ai_request_model": "code", "error_type": ""}
    name = "gen_ai_execute_tool_duration_seconds"
    total = sum(_samples(page, f"{name}_count", **here).values())
    below = {
        bound: sum(_samples(page, f"{name}_bucket", **here, le=bound).values()) / total
        for bound in ("0.5", "1.0", "30.0", "300.0", "600.0")
    }
    assert 0.4 < below["0.5"] < 0.5 < below["1.0"] < 0.55
    assert 0.9 < below["30.0"] < below["300.0"] < below["600.0"] == 1
    mean = sum(_samples(page, f"{name}_sum", **here).values()) / total
    assert 10 < mean < 20  # of the published quantiles, log-linear between them: 15 s


def test_attempts_and_requests_to_the_page_cache_are_on_the_page():
    """A call that was made again is an attempt, but not a first one."""
    run = tool_run()
    run.tools.failing["eu", "search"] = 1.0
    run.seconds(120)
    page = GatewayPages(run.fleet, run.tools.cells).page(run.tools, 0)
    attempts = _samples(page, "tool_call_attempts_total")
    place = run.place("eu", "search")
    assert attempts["search", "agent", "retry"] == run.tools.retries[place] > 0
    both = attempts["search", "agent", "retry"] + attempts["search", "agent", "first"]
    assert both == run.calls[place].sum() + run.tools.in_flight()[place]
    assert {
        ("hit",): float(run.tools.pages.hits[0]),
        ("miss",): float(run.tools.pages.misses[0]),
    } == _samples(page, "page_cache_requests_total")


def test_the_tools_exporter_counts_what_happened():
    """Families that it does not know are none of its business."""
    topology = tool_topology()
    run, core = tool_run(topology), ToolsCore(topology)
    run.seconds(600)
    pages = GatewayPages(run.fleet, run.tools.cells)
    read = {
        target: Answer("none", target.read(pages.page(run.tools, at)), 200)
        for at, target in enumerate(core.targets)
    }
    counted = core.observe(Answers(read), 0.0).of(catalog.TOOL_CALLS)
    assert {
        ("test", region, model, tool, otel.OUTCOME_OF_ERROR.get(type_, "error")): float(count)
        for region, tool, model in run.tools.cells.names
        for type_, count in run.ended(region, tool, model).items()
    } == counted
