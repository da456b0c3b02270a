"""The core of the router exporter."""

import pytest

from exporters import catalog
from exporters.exposition import PageError
from exporters.router import labels
from exporters.router.core import RouterCore
from exporters.sources import Answer, Answers
from exporters.testing import histogram_samples, page_of

BOUNDS = catalog.TIME_TO_FIRST_TOKEN_BOUNDS
CELL = {"model": "chat", "revision": "r1", "tier": "free"}
OURS = ("demo", "eu", "chat", "eu", "r1", "free")


@pytest.fixture
def core(make_topology) -> RouterCore:
    """Two groups of `chat` in eu, of two revisions, one of `code` in us; a router in each."""
    return RouterCore(
        make_topology(
            groups=[("eu", "chat", "r1"), ("eu", "chat", "r2"), ("us", "code", "r1")],
            routers=["eu", "us"],
        )
    )


def observe(core: RouterCore, *samples: tuple, us: Answer | None = None, now: float = 0.0):
    """The page for one collection: samples from eu's router; us's is down by default."""
    eu, other = core.targets
    read = eu.read(page_of("router_demo", samples).encode())
    answers = {eu: Answer("none", read, 200), other: us or Answer("timeout")}
    return core.observe(Answers(answers), now)


def test_requests_pass_through_under_our_names_and_labels(core):
    """Cumulative, as the router counts them."""
    page = observe(
        core,
        ("router_requests_total", {**CELL, "outcome": "timeout"}, 7.0),
        ("router_request_attempts_total", {**CELL, "attempt": "retry"}, 3.0),
        ("router_requests_in_flight", CELL, 2.0),
    )
    assert page.of(catalog.ROUTER_REQUESTS)[*OURS, "timeout"] == 7.0
    assert page.of(catalog.ROUTER_ATTEMPTS)[*OURS, "retry"] == 3.0
    assert page.of(catalog.ROUTER_IN_FLIGHT)[OURS] == 2.0


def test_time_to_first_token_passes_through_with_its_bounds(core):
    """Latency objectives need their threshold among them."""
    name = "router_time_to_first_token_seconds"
    page = observe(core, *histogram_samples(name, CELL, BOUNDS, [0.3, 2.5, 10.0]))
    distribution = page.distributions_of(catalog.ROUTER_TIME_TO_FIRST_TOKEN)[OURS]
    assert distribution.counts[BOUNDS.index(2.5)] == 2.0
    assert (distribution.count, distribution.sum) == (3.0, 12.8)


def test_every_bounded_series_of_the_region_exists_from_zero_on(core):
    """A first error must not be lost because its series was born with it."""
    page = observe(core)
    cells = {
        ("demo", "eu", "chat", "eu", revision, tier)
        for revision in ("r1", "r2")
        for tier in (*catalog.TIERS, catalog.PROBE_TIER)
    }
    requests = page.of(catalog.ROUTER_REQUESTS)
    assert requests.keys() == {(*cell, out) for cell in cells for out in catalog.OUTCOMES}
    assert set(requests.values()) == {0.0}
    assert page.of(catalog.ROUTER_ATTEMPTS).keys() == {
        (*cell, attempt) for cell in cells for attempt in catalog.ATTEMPTS
    }
    assert page.of(catalog.ROUTER_IN_FLIGHT).keys() == cells
    assert page.distributions_of(catalog.ROUTER_TIME_TO_FIRST_TOKEN).keys() == cells


def test_two_routers_of_a_region_are_told_apart(make_topology):
    """Replicas of a gateway are usual; their series are added up by rules."""
    made = make_topology(groups=[("eu", "chat", "r1")], routers=["eu"])
    replica = made.routers[0].model_copy(update={"name": "eu-2", "metrics": "http://h/eu-2"})
    core = RouterCore(made.model_copy(update={"routers": [*made.routers, replica]}))
    labels = {**CELL, "outcome": "ok"}
    answers = {
        target: Answer("none", target.read(page_of("router_demo", [
            ("router_requests_total", labels, count)]).encode()), 200)
        for target, count in zip(core.targets, (3.0, 4.0), strict=True)
    }  # fmt: skip
    page = core.observe(Answers(answers), 0.0)
    counted = {k[3]: v for k, v in page.of(catalog.ROUTER_REQUESTS).items() if v}
    assert counted == {"eu": 3.0, "eu-2": 4.0}
    assert len(page.of(catalog.ROUTER_UP)) == 2


def test_a_router_that_is_down_has_no_series_but_its_zero(core):
    """Neither frozen nor made up."""
    page = observe(core)
    assert page.of(catalog.ROUTER_UP) == {("demo", "eu", "eu"): 1.0, ("demo", "us", "us"): 0.0}
    assert {labels[1] for labels in page.of(catalog.ROUTER_REQUESTS)} == {"eu"}


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("model", ("demo", "eu", "other", "eu", "other", "free", "ok")),
        ("revision", ("demo", "eu", "chat", "eu", "other", "free", "ok")),
        ("tier", ("demo", "eu", "chat", "eu", "r1", "other", "ok")),
        ("outcome", ("demo", "eu", "chat", "eu", "r1", "free", "other")),
    ],
)
def test_values_outside_the_bounded_sets_become_other_and_are_counted(core, label, expected):
    """However many there are, they are one series; counters of one page may be added up."""
    labels = {**CELL, "outcome": "ok"}
    samples = [("router_requests_total", {**labels, label: f"x {n}"}, 2.0) for n in range(3)]
    observe(core)
    page = observe(core, *samples)
    assert page.of(catalog.ROUTER_REQUESTS)[expected] == 6.0
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["router", label] == 3.0


def test_folded_values_count_for_five_minutes_whoever_scrapes_how_often(core):
    """Each once: what is wrong now can be told from what was."""
    odd = ("router_requests_in_flight", {**CELL, "tier": "x"}, 2.0)

    def folded(now, *samples: tuple) -> float:
        page = observe(core, *samples, now=now)
        return page.of(catalog.EXPORTER_FOLDED_VALUES)["router", "tier"]

    assert folded(0.0) == 0.0
    assert [folded(now, odd) for now in (5.0, 5.0, 10.0)] == [1.0, 1.0, 1.0]
    assert [folded(now) for now in (310.0, 311.0)] == [1.0, 0.0]


def test_a_model_of_another_region_is_other(core):
    """The topology says what a region serves."""
    page = observe(core, ("router_requests_in_flight", {**CELL, "model": "code"}, 2.0))
    assert page.of(catalog.ROUTER_IN_FLIGHT)["demo", "eu", "other", "eu", "other", "free"] == 2.0


def test_a_counter_that_no_counter_can_be_is_malformed(core):
    """The router is then down with that reason."""
    page = page_of("router_demo", [("router_requests_total", {**CELL, "outcome": "ok"}, -1.0)])
    with pytest.raises(PageError, match="expected a number from 0 on"):
        core.targets[0].read(page.encode())


def test_series_that_change_all_the_time_do_not_fill_the_memory(core, monkeypatch):
    """Labels are remembered for as long as pages repeat them."""
    monkeypatch.setattr(labels, "_SPARE", 10)
    for page in range(30):
        tiers = [f"{page}-{number}" for number in range(20)]
        samples = [("router_requests_in_flight", {**CELL, "tier": each}, 1.0) for each in tiers]
        observe(core, *samples)
    assert len(core._routers[0].labeller._known) < 100
