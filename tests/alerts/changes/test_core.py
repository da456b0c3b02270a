"""What changed between two looks, and what did not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.changes.asking import running_of
from alerts.changes.core import FORGET_SECONDS, changes, remember
from alerts.changes.kinds import KINDS
from slo.prometheus import Sample

CHAT = ("demo", "eu", "chat")


def look(**running: str) -> dict:
    """Return what groups of chat in eu run."""
    return {"revision": {CHAT: running}}


def summaries(*looks: dict, step_seconds: float = 60.0) -> list[list[str]]:
    """Return what is told after each look but the first."""
    known = remember({}, looks[0], 0.0)
    told = []
    for number, now in enumerate(looks[1:], 1):
        told.append([each.summary for each in changes(known, now)])
        known = remember(known, now, number * step_seconds)
    return told


def test_a_rollout_is_told_once_for_a_cell():
    """However many of its groups move at a time."""
    before = look(**{f"g{index}": "r1" for index in range(8)})
    some = look(**{f"g{index}": "r2" if index < 3 else "r1" for index in range(8)})
    after = look(**{f"g{index}": "r2" for index in range(8)})

    assert [
        ["eu chat: 3 of 8 groups now run r2, before r1"],
        ["eu chat: 8 of 8 groups now run r2, before r1"],
        [],
    ] == summaries(before, some, after, after)


def test_cells_and_kinds_are_told_apart():
    """Each with the places that moved."""
    us = ("demo", "us", "chat")
    before = {
        "revision": {CHAT: {"a": "r1"}, us: {"b": "r1", "c": "r1"}},
        "driver": {("demo", "eu"): {"h1": "580", "h2": "580"}},
    }
    now = {
        "revision": {CHAT: {"a": "r2"}, us: {"b": "r1", "c": "r3"}},
        "driver": {("demo", "eu"): {"h1": "590", "h2": "580"}},
    }

    found = changes(remember({}, before, 0), now)

    assert [
        "eu chat: 1 of 1 groups now run r2, before r1",
        "us chat: 1 of 2 groups now run r3, before r1",
        "eu: 1 of 2 hosts now have the driver 590, before 580",
    ] == [each.summary for each in found]
    assert [("a",), ("c",), ("h1",)] == [each.places for each in found]


def test_what_comes_and_goes_is_no_change():
    """More of the same, less of it, and a group that was not seen for a while."""
    both, one = look(a="r1", b="r1"), look(a="r1")

    assert [[], [], [], []] == summaries(one, both, one, {}, both)


def test_a_new_group_that_brings_something_new_is_one():
    """A canary beside the others; so is a model that was not there at all."""
    canary = look(a="r1", canary="r2")
    other = {"revision": {**canary["revision"], ("demo", "eu", "coder"): {"x": "r9", "y": "r9"}}}

    assert [
        ["eu chat: 1 of 2 groups now run r2"],
        ["eu coder: 2 of 2 groups now run r9"],
    ] == summaries(look(a="r1"), canary, other)


def test_a_change_while_nobody_looked_is_told_when_somebody_does():
    """The group was gone in between."""
    assert [[], ["eu chat: 2 of 2 groups now run r2, before r1"]] == summaries(
        look(a="r1", b="r1"), {}, look(a="r2", b="r2")
    )


def test_the_first_look_tells_nothing_nor_does_the_first_of_a_kind():
    """It has been so for long."""
    with_driver = {**look(a="r1"), "driver": {("demo", "eu"): {"h1": "580"}}}

    assert [] == changes({}, look(a="r1"))
    assert [[], []] == summaries(look(a="r1"), with_driver, with_driver)


def test_what_is_gone_for_a_week_is_forgotten():
    """Names that are never used again do not pile up."""
    known = remember({}, look(a="r1", b="r1"), 0.0)
    known = remember(known, look(a="r1"), FORGET_SECONDS - 1)
    assert {"a", "b"} == known["revision"][CHAT].keys()

    assert {"a"} == remember(known, look(a="r1"), FORGET_SECONDS)["revision"][CHAT].keys()
    assert {"revision": {}} == remember(known, {}, 3 * FORGET_SECONDS)


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["r1", "r2", "r3"])), min_size=2
    )
)
def test_every_move_of_a_group_is_in_exactly_one_change(looks: list[dict[str, str]]):
    """And no group is in one that did not move, or brought nothing new."""
    known = remember({}, look(), 0.0) | remember({}, {"revision": {CHAT: looks[0]}}, 0.0)
    last = dict(looks[0])
    for number, running in enumerate(looks[1:]):
        moved = {place for place in running if place in last and last[place] != running[place]}
        told = [place for each in changes(known, look(**running)) for place in each.places]
        new = running.keys() - last.keys()
        assert len(told) == len(set(told))
        assert moved <= set(told) <= moved | new
        known = remember(known, look(**running), float(number))
        last |= running


def test_a_place_of_which_two_things_are_told_is_between_them():
    """Of two routers one has seen the new weights: neither is told until both agree."""
    [weights] = [each for each in KINDS if each.name == "weights"]

    def sample(group: str, value: str) -> Sample:
        where = {"cluster": "demo", "region": "eu", "model": "chat", "group": group}
        return Sample({**where, "hash": value}, 1.0)

    found = running_of(weights, [sample("a", "x"), sample("a", "y"), sample("b", "x")])

    assert {CHAT: {"b": "x"}} == found
    assert {} == running_of(weights, [sample("a", "x"), sample("a", "y")])


@pytest.mark.parametrize("kind", KINDS, ids=lambda each: each.name)
def test_what_is_asked_for_is_what_somebody_serves(kind):
    """By the catalogue."""
    from slo.promql import known_series, selectors

    names = {each.name for each in selectors(kind.expr)}
    assert names <= known_series()
