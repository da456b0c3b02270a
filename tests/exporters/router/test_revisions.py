"""Revisions that the topology does not know: canaries."""

import pytest

from exporters import catalog
from exporters.router.core import RouterCore
from exporters.router.revisions import MOST_LEARNT, Revisions
from exporters.sources import Answer, Answers
from exporters.testing import page_of

REQUESTS = "router_requests_total"


@pytest.fixture
def core(make_topology) -> RouterCore:
    """One group of `chat` in eu, of revision r1, and its router."""
    return RouterCore(make_topology(groups=[("eu", "chat", "r1")], routers=["eu"]))


def observe(core: RouterCore, counts):
    """Requests that ended well, by revision, after a page with these counts."""
    samples = [
        (REQUESTS, {"model": "chat", "revision": name, "tier": "free", "outcome": "ok"}, count)
        for name, count in counts.items()
    ]
    (target,) = core.targets
    content = target.read(page_of("router_demo", samples).encode())
    page = core.observe(Answers({target: Answer("none", content, 200)}), 0.0)
    told = {
        labels[4]: value
        for labels, value in page.of(catalog.ROUTER_REQUESTS).items()
        if labels[5:] == ("free", "ok")
    }
    return told, page


def test_a_canary_is_told_from_the_baseline_by_its_name(core):
    """The topology does not know it yet; nothing of it goes elsewhere."""
    told, page = observe(core, {"r1": 100.0, "r2": 5.0})
    assert told == {"r1": 100.0, "r2": 5.0}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["router", "revision"] == 0.0


def test_the_canarys_other_series_are_there_from_zero_on(core):
    """So that its first error is not lost; in every collection after the one that found it."""
    observe(core, {"r2": 5.0})
    _, page = observe(core, {"r2": 5.0})
    of_canary = {
        labels: value
        for labels, value in page.of(catalog.ROUTER_REQUESTS).items()
        if labels[4] == "r2" and labels[5] == "free"
    }
    assert {labels[-1] for labels in of_canary} == set(catalog.OUTCOMES)
    assert sorted(set(of_canary.values())) == [0.0, 5.0]


def test_no_more_than_a_few_have_room(core):
    """The rest is one series, counted; and stays that when there is room, for it may not fall."""
    many = {f"c{n}": 1.0 for n in range(MOST_LEARNT + 3)}
    observe(core, {})
    told, page = observe(core, many)
    kept = {f"c{n}": 1.0 for n in range(MOST_LEARNT)}
    assert told == {"r1": 0.0, **kept, "other": 3.0}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["router", "revision"] == 3.0
    del many["c0"]
    for _ in range(3):
        told, _ = observe(core, many)
        assert told["other"] == 3.0
    assert "c0" not in told


def test_a_revision_that_is_gone_makes_room_for_another(core):
    """Rollouts follow one another for years."""
    for n in range(20):
        told, _ = observe(core, {"r1": 1.0, f"c{n}": 2.0})
        assert told == {"r1": 1.0, f"c{n}": 2.0}


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "é", "other", "-r2", 'r"2'])
def test_what_is_no_name_of_a_revision_is_other(core, name):
    """A label's value is shown, and stands in alerts."""
    revisions = Revisions({"chat": ("r1",)}, learns=True)
    assert not revisions.learn("chat", name)


def test_a_model_that_the_topology_has_not_has_no_revisions():
    """It is other itself."""
    assert not Revisions({"chat": ("r1",)}, learns=True).learn("code", "r2")


def test_a_router_whose_label_may_be_anything_is_not_believed():
    """llm-d's target is as well an adapter as a revision."""
    assert not Revisions({"chat": ("r1",)}, learns=False).learn("chat", "r2")


def test_what_was_learnt_outlives_a_change_of_the_topology(make_topology, core):
    """Also of one that knows the canary by now."""
    many = {f"c{n}": float(n) for n in range(MOST_LEARNT + 1)}
    before, _ = observe(core, many)
    same = RouterCore(make_topology(groups=[("eu", "chat", "r1")], routers=["eu"]))
    same.take_over(core)
    assert observe(same, dict(sorted(many.items(), reverse=True)))[0] == before
    knows = RouterCore(
        make_topology(groups=[("eu", "chat", "r1"), ("eu", "chat", "c1")], routers=["eu"])
    )
    knows.take_over(same)
    assert observe(knows, many)[0] == before
