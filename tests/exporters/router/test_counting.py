"""Sums of several of a router's counters: they never fall, whatever the router does."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters import catalog
from exporters.router import counting
from exporters.router.core import RouterCore
from exporters.sources import Answer, Answers
from exporters.testing import histogram_samples, page_of
from exporters.topology import Topology

OK = ("demo", "eu", "chat", "eu", "r1", "other", "ok")
TIMES = catalog.ROUTER_END_TO_END
UPSTREAM = "envoy_cluster_upstream_rq"
LATENCY = "envoy_cluster_upstream_rq_time"
LATENCY_BOUNDS_MS = (1000.0, 5000.0)


def topology(*models: str, url="http://r/metrics"):
    """A model with one revision, served by two upstream clusters of an Envoy."""
    return Topology.model_validate({
        "version": 1,
        "cluster": "demo",
        "groups": [
            {"name": f"g{n}", "region": "eu", "model": model, "revision": "r1",
             "metrics": f"http://h{n}/metrics", "members": [{"host": f"h{n}"}]}
            for n, model in enumerate(models or ["chat"])
        ],
        "routers": [{"name": "eu", "region": "eu", "dialect": "envoy", "metrics": url,
                     "names": {name: {"model": "chat"} for name in ("a", "b")}}],
    })  # fmt: skip


@pytest.fixture
def core() -> RouterCore:
    """Watches the Envoy."""
    return RouterCore(topology())


def page(core, text):
    """The exporter's page after one of the router's."""
    (target,) = core.targets
    return core.observe(Answers({target: Answer("none", target.read(text.encode()), 200)}), 0.0)


def requests(core, **counts: float) -> float:
    """Requests that ended well, after a page with as many of each upstream cluster."""
    samples = [
        (UPSTREAM, {"envoy_cluster_name": name, "envoy_response_code": "200"}, count)
        for name, count in counts.items()
    ]
    return page(core, page_of("router_envoy", samples)).of(catalog.ROUTER_REQUESTS)[OK]


def test_an_upstream_that_is_gone_takes_nothing_away(core):
    """Else Prometheus would take what is left for what happened since."""
    assert requests(core, a=100_000, b=90_000) == 0.0
    assert requests(core, a=100_005, b=90_005) == 10.0
    assert requests(core, a=100_010) == 15.0
    assert requests(core, a=100_010, b=7) == 22.0


def test_an_upstream_that_comes_back_as_it_was_is_not_counted_again(core):
    """Not all of a page may have been there."""
    requests(core, a=100, b=90)
    requests(core, a=101)
    assert requests(core, a=101, b=91) == 2.0


def test_a_router_that_began_anew_is_counted_from_zero_on(core):
    """As Prometheus does it with a counter that falls."""
    requests(core, a=100, b=90)
    assert requests(core, a=4) == 4.0
    assert requests(core, a=5, b=1) == 6.0
    assert requests(core, a=2, b=3) == 10.0


def test_what_is_told_by_no_name_that_is_known_does_not_fall_either(core):
    """All of it is one series."""
    other = ("demo", "eu", "other", "eu", "other", "other", "ok")

    def unknown(**counts: float):
        samples = [
            (UPSTREAM, {"envoy_cluster_name": name, "envoy_response_code": "200"}, count)
            for name, count in counts.items()
        ]
        return page(core, page_of("router_envoy", samples)).of(catalog.ROUTER_REQUESTS).get(other)

    assert [unknown(), unknown(x=5, y=7), unknown(x=6), unknown(x=6, z=1)] == [None, 12, 13, 14]


@pytest.fixture
def served(core):
    """Observations up to 1 s, up to 5 s and of all times, and their sum, after another page."""

    def read(*parts: tuple[str, list[float]]) -> tuple[float | None, float | None, float, float]:
        samples = [
            sample
            for name, observed in parts
            for sample in histogram_samples(
                LATENCY, {"envoy_cluster_name": name}, LATENCY_BOUNDS_MS, observed
            )
        ]
        made = page(core, page_of("router_envoy", samples)).distributions_of(TIMES)[OK[:-1]]
        counts = dict(zip(TIMES.bounds, made.counts, strict=True))
        return counts[1.0], counts[5.0], made.count, round(made.sum, 3)

    return read


def test_a_histogram_of_the_same_series_that_began_anew_is_counted_from_zero_on(served):
    """All of it, though only one of its buckets fell."""
    assert served(("a", [500.0] * 3)) == (0, 0, 0, 0)
    assert served(("a", [500.0] * 4)) == (1, 1, 1, 0.5)
    assert served(("a", [4000.0] * 5)) == (1, 6, 6, 20.5)
    assert served(("a", [4000.0] * 6)) == (1, 7, 7, 24.5)


def test_a_histogram_of_which_a_part_is_gone_does_not_fall(served):
    """And begins anew as a whole, though some of its buckets seem to go on."""
    assert served(("a", [500.0] * 3), ("b", [9000.0] * 4)) == (0, 0, 0, 0)
    assert served(("a", [500.0] * 4), ("b", [9000.0] * 4)) == (1, 1, 1, 0.5)
    assert served(("a", [500.0] * 4)) == (1, 1, 1, 0.5)
    # Of four above 5 s there is one; and one below, where none had been.
    assert served(("a", [500.0] * 4), ("b", [4000.0, 9000.0])) == (1, 2, 3, 13.5)


def test_a_changed_topology_changes_nothing_of_it(core):
    """Unless the router is another."""
    requests(core, a=100, b=90)
    requests(core, a=105, b=90)
    same, other = RouterCore(topology("chat", "code")), RouterCore(topology(url="http://r2/m"))
    for each in (same, other):
        each.take_over(core)
    assert requests(same, a=105, b=91) == 6.0
    assert requests(other, a=105, b=91) == 0.0


def test_the_demos_counters_are_passed_through(make_topology):
    """Each is one of ours: nothing is lost when the exporter is restarted."""
    core = RouterCore(make_topology(groups=[("eu", "chat", "r1")], routers=["eu"]))
    labels = {"model": "chat", "revision": "r1", "tier": "free", "outcome": "ok"}
    made = page(core, page_of("router_demo", [("router_requests_total", labels, 70.0)]))
    assert made.of(catalog.ROUTER_REQUESTS)[*OK[:5], "free", "ok"] == 70.0


@pytest.mark.parametrize(
    ("label", "names"),
    [("tier", {}), ("model", {name: {"model": "chat"} for name in ("a", "b")})],
)
def test_where_several_of_the_demos_counters_are_one_it_does_not_fall(make_topology, label, names):
    """Values that are `other`, and names that mean one model."""
    made = make_topology(groups=[("eu", "chat", "r1")], routers=["eu"])
    router = made.routers[0].model_validate({**made.routers[0].model_dump(), "names": names})
    core = RouterCore(made.model_copy(update={"routers": [router]}))

    def served(**counts: float) -> float:
        labels = {"model": "chat", "revision": "r1", "tier": "free", "outcome": "ok"}
        samples = [("router_requests_total", {**labels, label: k}, n) for k, n in counts.items()]
        values = page(core, page_of("router_demo", samples)).of(catalog.ROUTER_REQUESTS)
        return sum(values.values())

    assert [served(a=50, b=70), served(a=51, b=72), served(a=52)] == [0.0, 3.0, 4.0]


def test_series_that_are_gone_do_not_fill_the_memory(core, monkeypatch):
    """However often upstream clusters are renamed."""
    monkeypatch.setattr(counting, "MOST_GONE", 5)
    for number in range(40):
        requests(core, **{f"x{number}": 1.0})
    (watched,) = core._routers
    assert len(watched.increments._gone) <= 5
    assert len(watched.increments._keys) == 1


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 20)), min_size=2))
def test_it_never_falls_and_never_grows_by_more_than_there_is(pages):
    """Whatever comes, goes, and begins anew."""
    core = RouterCore(topology())
    served = [requests(core, **counts) for counts in pages]
    for (before, after), counts in zip(pairwise(served), pages[1:], strict=True):
        assert 0 <= after - before <= sum(counts.values())
