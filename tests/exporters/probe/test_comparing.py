"""Who answers otherwise than most."""

import pytest

from exporters.probe.comparing import Comparison, agreements, compare

RIGHT = "blue and wide and cold"
LATE = "blue and wide and calm"
WRONG = "xk qq zz"


def answers(**groups):  # noqa: ANN003
    """Each group's last two answers to twelve prompts: as told, or right."""
    return {
        name: {prompt: told.get(prompt, (RIGHT, RIGHT)) for prompt in range(12)}
        for name, told in groups.items()
    }


def wrong(prompts, given=(WRONG, WRONG)):
    """Answers to the first prompts."""
    return dict.fromkeys(range(prompts), given)


@pytest.mark.parametrize(
    ("told", "disagrees"),
    [
        ({}, False),
        (wrong(12), True),
        (wrong(3), True),
        (wrong(2), False),
        (wrong(12, (RIGHT, WRONG)), False),
        (wrong(12, (WRONG, RIGHT)), False),
        (wrong(12, (LATE, LATE)), False),
        (wrong(12, ("", "")), True),
    ],
    ids=["all right", "all wrong", "three wrong", "two wrong", "wrong once", "right again",
         "drifts late", "says nothing"],
)  # fmt: skip
def test_a_group_disagrees_when_it_is_wrong_early_again_and_often(told, disagrees):
    """Drift is none of it: late, seldom, or once."""
    made = compare(answers(a={}, b={}, c={}, d=told))
    assert made["d"].disagrees is disagrees
    assert {made[name].disagrees for name in "abc"} == {False}


def test_what_was_seen_is_told_in_prompts():
    """Compared, to be asked again, disagreeing, drifting."""
    told = {0: (WRONG, WRONG), 1: (RIGHT, WRONG), 2: (LATE, LATE), 3: (WRONG,)}
    made = compare(answers(a={}, b={}, c=told))["c"]
    assert made == Comparison(12, frozenset({1, 3}), disagreeing=1, drifting=1)


def test_between_two_groups_nobody_is_right():
    """A tie says nothing."""
    made = compare(answers(a={}, b=wrong(12)))
    assert {each.disagrees for each in made.values()} == {None}
    assert {each.compared for each in made.values()} == {0}


@pytest.mark.parametrize(
    ("told", "disagrees"),
    [
        ({"a": {}, "b": wrong(12)}, {"a": False, "b": True}),
        ({"a": wrong(2), "b": {}}, {"a": False, "b": False}),
        ({"a": wrong(12), "b": wrong(12)}, {"a": False, "b": False}),
        ({"a": wrong(12), "b": wrong(12, ("pp rr", "pp rr"))}, {"a": None, "b": None}),
        ({"a": wrong(12)}, {"a": None}),
    ],
    ids=["one changed", "one changed seldom", "both changed alike", "both changed", "one is left"],
)
def test_of_two_groups_the_one_that_changed_is_wrong(told, disagrees):
    """What both once agreed on is a third answer, where there are two and no more."""
    made = compare(answers(**told), dict.fromkeys(range(12), RIGHT))
    assert {name: each.disagrees for name, each in made.items()} == disagrees


def test_of_three_groups_the_past_has_no_say():
    """Two that have new weights are the majority, whatever all said before."""
    told = answers(a={}, b=wrong(12), c=wrong(12))
    made = compare(told, dict.fromkeys(range(12), RIGHT))
    assert {name: each.disagrees for name, each in made.items()} == {
        "a": True, "b": False, "c": False
    }  # fmt: skip


def test_an_agreement_is_what_all_say_now():
    """Two at least; what one group alone says is none."""
    told = {
        "a": {0: (WRONG, RIGHT), 1: (RIGHT,), 2: (RIGHT,), 3: ()},
        "b": {0: (RIGHT, RIGHT), 1: (LATE,), 3: (RIGHT,)},
    }
    assert agreements(told) == {0: RIGHT}


def test_two_that_agree_are_no_majority_either():
    """Both may have the same wrong weights; one alone has only itself."""
    for groups in ({"a": {}, "b": {}}, {"a": {}}):
        assert {each.disagrees for each in compare(answers(**groups)).values()} == {None}


def test_half_against_half_says_nothing():
    """Two revisions under one name, perhaps; no majority."""
    made = compare(answers(a={}, b={}, c=wrong(12), d=wrong(12)))
    assert {each.disagrees for each in made.values()} == {None}


def test_where_all_differ_there_is_no_majority():
    """Engines that do not answer greedily."""
    groups = {name: wrong(12, (name * 9, name * 9)) for name in "abcde"}
    assert {each.disagrees for each in compare(answers(**groups)).values()} == {None}


def test_a_group_without_answers_is_not_compared():
    """It may be down."""
    given = answers(a={}, b={}, c={})
    given["d"] = {}
    given["e"] = {0: []}
    made = compare(given)
    assert made["d"].disagrees is None
    assert made["e"].disagrees is None
    assert made["a"].disagrees is False
