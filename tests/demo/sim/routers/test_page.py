"""The pages of routers: the truth, in the families of their dialects."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest

from demo.setup.programs import find_program
from demo.sim.pages import Pages
from demo.sim.routers.page import weights_hash
from exporters.catalog import OUTCOMES, TIERS
from exporters.dialects import read_dialect

FAMILIES = [
    family
    for dialect in ("router_demo", "router_demo_services")
    for family in read_dialect(dialect).families
]


@pytest.fixture
def page(warm):
    """The page of a region's router, now."""
    return lambda region="eu": warm.pages().router(warm.state, warm.fleet.regions.index(region))


def test_every_series_is_there_from_the_start(run, read_samples):
    """A series born at 1 has an increase of 0: all exist from 0 on, those of a canary too."""
    samples = [
        each
        for each in read_samples(run.pages().router(run.state, 0))
        if each.name == "router_requests_total"
    ]
    found = {
        tuple(each.labels[key] for key in ("model", "revision", "tier", "outcome"))
        for each in samples
    }
    assert found == {
        (model, revision, tier, outcome)
        for model in ("agent", "chat", "code")
        for revision in ("r1", "r2")
        for tier in TIERS
        for outcome in OUTCOMES
    }
    assert all(sample.value == 0 for sample in samples)


def test_it_has_the_families_of_its_dialects(page, read_samples):
    """With their types and labels."""
    lines = page().decode().splitlines()
    assert [line.split()[2:] for line in lines if line.startswith("# TYPE")] == [
        [family.name, family.type] for family in FAMILIES
    ]
    labels = {frozenset(sample.labels) - {"le"} for sample in read_samples(page())}
    assert labels == {frozenset(family.labels) for family in FAMILIES}


def test_it_shows_the_truth_in_the_middle_of_an_incident(warm, page, read_total):
    """Request for request since the truth began."""
    name = "router_time_to_first_token_seconds"

    def shown():
        requests = {
            o: read_total(page(), "router_requests_total", model="chat", outcome=o)
            for o in OUTCOMES
        }
        return requests, [
            read_total(page(), f"{name}_count", model="chat"),
            read_total(page(), f"{name}_bucket", model="chat", le="2.5"),
        ]

    before, before_first = shown()
    warm.strike("lost-gpu", group="eu-chat-0")
    warm.seconds(60)
    after, after_first = shown()
    assert {o: after[o] - before[o] for o in OUTCOMES} == warm.ended("eu", "chat")
    in_time, late, never = warm.state.truth.first_tokens[warm.cell("eu", "chat")].tolist()
    assert np.subtract(after_first, before_first).tolist() == [in_time + late + never, in_time]
    assert read_total(page(), f"{name}_sum", model="chat") > 10 * never


def test_it_shows_what_is_in_flight(warm, page, read_total):
    """What has come and has not ended."""
    shown = read_total(page(), "router_requests_in_flight", model="chat")
    engines = warm.state.engines
    groups = [warm.group("eu-chat-0"), warm.group("eu-chat-1")]
    held = engines.streams.count + engines.streams.preempted + engines.queues.waiting()
    assert shown == pytest.approx(held[groups].sum(), abs=6)


def test_first_tokens_take_as_long_as_engines_and_network_do(warm, page, read_total):
    """In the mean, at the client."""
    name = "router_time_to_first_token_seconds"
    mean = read_total(page("us"), f"{name}_sum", model="chat") / read_total(
        page("us"), f"{name}_count", model="chat"
    )
    engine = np.mean(
        [
            warm.shown(group, "vllm:time_to_first_token_seconds_sum")
            / warm.shown(group, "vllm:time_to_first_token_seconds_count")
            for group in ("us-chat-0", "us-chat-1")
        ]
    )
    assert engine + 0.01 < mean < engine + 0.03


def test_a_router_sees_its_region_and_no_other(page, read_samples):
    """The government's cloud has one model."""
    models = {s.labels["model"] for s in read_samples(page("us-gov")) if "model" in s.labels}
    assert models == {"chat"}


def test_counters_never_fall(warm, page, read_samples):
    """Through a hang, its repair and a canary."""

    def counters():
        return {
            (s.name, tuple(s.labels.items())): s.value
            for s in read_samples(page())
            if not s.name.endswith(("_in_flight", "_info"))
        }

    before = counters()
    fault = warm.strike("lost-gpu", group="eu-chat-0")
    warm.strike("bad-canary", region="eu", model="code")
    for _ in range(6):
        warm.seconds(15)
        after = counters()
        assert [key for key, value in after.items() if value < before[key]] == []
        before = after
        warm.repair(fault)


def test_every_prompt_and_every_answer_is_checked(warm, page, read_total):
    """Nothing passes unread while the filter is well."""
    name = "safety_checks_total"
    assert read_total(page(), name, verdict="bypassed") == 0
    prompts = read_total(page(), name, model="chat", stage="input")
    reached = warm.state.routers.from_outside[warm.cell("eu", "chat")].sum()
    assert prompts == pytest.approx(reached, abs=2)
    answers = read_total(page(), name, model="chat", stage="output")
    ok = read_total(page(), "router_requests_total", model="chat", outcome="ok")
    assert answers == pytest.approx(ok, abs=2)
    blocked = read_total(page(), name, model="chat", stage="input", verdict="blocked")
    assert blocked / prompts == pytest.approx(0.004, rel=0.05)


def test_weights_are_told_apart_by_model_and_revision():
    """As a store of weights has them."""
    hashes = {weights_hash(model, revision) for model in ("a", "b") for revision in ("r1", "r2")}
    assert len(hashes) == 4
    assert weights_hash("a", "r1") == weights_hash("a", "r1")


def test_promtool_finds_nothing_to_say_about_it(page):
    """It is ours, so it has no excuse."""
    command = [str(find_program("promtool")), "check", "metrics"]
    done = subprocess.run(command, input=page(), capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_a_router_of_a_region_without_groups_has_an_empty_page(run, read_samples):
    """It is up, and has nothing to tell."""
    content = run.fleet
    elsewhere = replace(content, regions=(*content.regions, "moon"), routers=(("moon", "moon"),))
    pages = Pages(elsewhere, run.state.tools.cells)
    assert read_samples(pages.router(run.state, 0)) == []
