"""The pages of routers and tool gateways."""

import subprocess
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.setup.programs import find_program
from demo.sim.pages import Pages
from demo.sim.truth import TOOL_ERROR_TYPES
from exporters.catalog import OUTCOMES, TIERS
from exporters.dialects import read_dialect


def _samples(page):
    return [
        sample
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    ]


def _sum(page, name, **labels: str):
    return sum(
        sample.value
        for sample in _samples(page)
        if sample.name == name and labels.items() <= sample.labels.items()
    )


@pytest.fixture
def pages(warm):
    """The texts of the warm simulation's pages."""
    return Pages(warm.cluster)


def test_a_router_shows_every_series_from_the_start(run):
    """A series born at 1 has an increase of 0: all exist from 0 on."""
    page = Pages(run.cluster).router(run.state, 0)
    samples = [each for each in _samples(page) if each.name == "router_requests_total"]
    found = {(s.labels["model"], s.labels["tier"], s.labels["outcome"]) for s in samples}
    assert found == {(m, t, o) for m in ("chat", "code") for t in TIERS for o in OUTCOMES}
    assert all(sample.value == 0 for sample in samples)


def test_router_and_gateway_pages_have_the_families_of_their_dialects(warm, pages):
    """With their types and labels."""
    for dialect, page in (
        ("router_demo", pages.router(warm.state, 1)),
        ("otel_tools", pages.gateway(warm.state, 1)),
    ):
        families = read_dialect(dialect).families
        lines = page.decode().splitlines()
        assert [line.split()[2:] for line in lines if line.startswith("# TYPE")] == [
            [family.name, family.type] for family in families
        ]
        assert {frozenset(s.labels) - {"le"} for s in _samples(page)} == {
            frozenset(family.labels) for family in families
        }


def test_the_routers_page_shows_the_truth(warm, pages):
    """Request for request, in the middle of an incident."""
    warm.strike("lost-gpu", group="eu-chat-0")
    warm.steps(60)
    page = pages.router(warm.state, 0)
    for outcome, count in warm.ended("eu", "chat").items():
        shown = _sum(page, "router_requests_total", model="chat", outcome=outcome)
        assert shown == count
    in_time, late, never = warm.state.truth.first_tokens[warm.cell("eu", "chat")].tolist()
    name = "router_time_to_first_token_seconds"
    assert _sum(page, f"{name}_count", model="chat") == in_time + late + never
    assert _sum(page, f"{name}_bucket", model="chat", le="2.5") == in_time
    assert _sum(page, f"{name}_sum", model="chat") > 10 * never


def test_the_routers_page_shows_what_is_in_flight(warm, pages):
    """What has come and has not ended."""
    shown = _sum(pages.router(warm.state, 0), "router_requests_in_flight", model="chat")
    groups = [warm.group("eu-chat-0"), warm.group("eu-chat-1")]
    assert shown == warm.state.requests.in_flight()[groups].sum()


def test_revisions_are_told_apart(make_run):
    """A canary has series of its own."""
    run = make_run(revision_of=lambda number: f"r{number}")
    run.steps(60)
    page = Pages(run.cluster).router(run.state, 0)
    for revision in ("r0", "r1"):
        shown = _sum(page, "router_requests_total", model="chat", revision=revision, outcome="ok")
        assert shown > 200


def test_the_gateways_page_shows_the_truth(warm, pages):
    """Call for call, in the middle of an outage."""
    warm.strike("tool-outage", region="eu", tool="search")
    warm.steps(120)
    page = pages.gateway(warm.state, 0)
    for place, (region, tool, model) in enumerate(warm.cluster.tool_cells):
        if region == "eu":
            for at, error_type in enumerate(TOOL_ERROR_TYPES):
                shown = _sum(
                    page,
                    "gen_ai_execute_tool_duration_seconds_count",
                    gen_ai_tool_name=tool,
                    gen_ai_request_model=model,
                    error_type=error_type,
                )
                assert shown == warm.state.truth.tool_calls[place, at]


def test_promtool_finds_nothing_to_say_about_them(warm, pages):
    """They are ours, so they have no excuse."""
    for page in (pages.router(warm.state, 0), pages.gateway(warm.state, 0)):
        command = [str(find_program("promtool")), "check", "metrics"]
        done = subprocess.run(command, input=page, capture_output=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_a_router_of_a_region_without_groups_has_an_empty_page(make_run):
    """It is up, and has nothing to tell."""
    run = make_run()
    elsewhere = replace(run.cluster, routers=(("moon", "moon"),), gateways=(("moon", "moon"),))
    pages = Pages(elsewhere)
    assert _samples(pages.router(run.state, 0)) == []
    assert _samples(pages.gateway(run.state, 0)) == []
