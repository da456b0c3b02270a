"""Groups of a limited size: what must be evaluated together stays so."""

from dataclasses import replace

import pytest

from slo.grouping import FEWEST, limit_groups
from slo.objective import Slices
from slo.rule import RecordingRule, RuleGroup
from slo.rules import levels_group, objective_group


def rules(count):
    """Return so many rules, numbered."""
    return tuple(RecordingRule(f"r:{number}", "1") for number in range(count))


def sizes(groups):
    """Return how many rules each group has."""
    return [len(each.rules) for each in groups]


def test_small_groups_stay_as_they_are():
    """Nothing is split that need not be."""
    group = RuleGroup("g", 15, rules(20))

    assert ["g"] == [each.name for each in limit_groups([group], 20)]


def test_parts_are_named_and_hold_every_rule_once_in_order():
    """At the same interval."""
    group = RuleGroup("g", 15, rules(45))
    parts = limit_groups([group], 20)

    assert ["g", "g-2", "g-3"] == [each.name for each in parts]
    assert {15} == {each.interval_seconds for each in parts}
    assert rules(45) == tuple(rule for part in parts for rule in part.rules)


def test_a_group_is_cut_at_its_seams_first():
    """The alerts go into a group of their own, though five of them would fit."""
    group = RuleGroup("g", 15, rules(15)).followed_by(*rules(18))

    assert [15, 18] == sizes(limit_groups([group], 20))


def test_what_is_inseparable_is_not_cut():
    """Rather than that it is refused, with the least that will do."""
    group = RuleGroup("g", 15, rules(30), inseparable=12)

    assert [12, 12, 6] == sizes(limit_groups([group], 12))
    with pytest.raises(ValueError, match="found 11 rules a group, expected at least 12"):
        limit_groups([group], 11)


def test_a_limit_that_cannot_be_kept_is_refused(objective):
    """It says what the least is; that is the most that is inseparable in any objective."""
    with pytest.raises(ValueError, match="found 8 rules a group, expected at least 9"):
        limit_groups([], FEWEST - 1)
    sliced = replace(objective, slices=Slices(60, None))

    assert FEWEST == objective_group(sliced, 15).inseparable


@pytest.mark.parametrize("most", [9, 12, 20])
def test_base_and_counts_of_now_stay_together_in_any_limit(objective, most):
    """They are only right at one timestamp."""
    for each in (objective, replace(objective, slices=Slices(60, None))):
        whole = objective_group(each, 15)
        parts = limit_groups([whole, levels_group(each, 15)], most)

        assert max(sizes(parts)) <= most
        assert whole.rules[: whole.inseparable] == parts[0].rules[: whole.inseparable]
