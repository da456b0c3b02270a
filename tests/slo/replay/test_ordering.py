"""Rules are played after what they read, or together, or shown what was there a moment before."""

from slo.replay.moments import Moments, TimedGroup
from slo.replay.ordering import plan
from slo.replay.reading import name_of
from slo.rule import AlertingRule, RecordingRule, RuleGroup


def planned(*groups: list, offsets: tuple[float, ...] = (0, 0, 0)):
    """Return the plan of groups at 15 s."""
    return plan(
        [
            TimedGroup(RuleGroup(f"g{index}", 15, tuple(rules)), Moments(15, offsets[index]))
            for index, rules in enumerate(groups)
        ]
    )


def levels(found) -> list[list[list[str]]]:
    """Return the names in each step of each level."""
    return [
        [[name_of(rule.rule) for rule in step.rules] for step in level] for level in found.levels
    ]


def rule(name: str, expr: str, **labels: str) -> RecordingRule:
    """Return a recording rule."""
    return RecordingRule(name, expr, labels)


def test_what_is_read_comes_first_whatever_the_order():
    """In another group, later in the file."""
    found = planned([rule("a", "b + 1")], [rule("b", "x")], offsets=(0, 7))
    assert [[["b"]], [["a"]]] == levels(found)
    assert not found.copied


def test_rules_of_one_name_are_told_apart_by_their_labels():
    """The hour reads the five minutes, and not itself."""
    hour = rule("count", 'sum_over_time(count{window="5m"}[1h])', window="1h")
    found = planned([hour], [rule("count", "x", window="5m")], offsets=(3, 7))
    (first,), (second,) = found.levels[0], found.levels[1]

    assert ["5m", "1h"] == [each.rules[0].rule.labels["window"] for each in (first, second)]


def test_a_later_rule_of_the_same_group_is_seen_a_moment_late():
    """By a copy; where more than its value counts, moment by moment."""
    of_value = planned([rule("a", "b > 1"), rule("b", "x")])
    of_range = planned([rule("a", "rate(b[5m])"), rule("b", "x")])

    assert {(0, 1)} == of_value.copied
    assert 1 == len(of_value.levels[1][0].delayed)
    assert [[["a", "b"]]] == levels(of_range)
    assert of_range.levels[0][0].moment_by_moment


def test_a_later_group_is_seen_at_once_where_moments_never_coincide():
    """Whatever it recorded before is there."""
    found = planned([rule("a", "b > 1")], [rule("b", "x")], offsets=(0, 7))
    assert not found.copied


def test_a_rule_that_reads_its_own_value_holds():
    """In one step, whatever the number of moments."""
    (step,) = planned([rule("a", "x > 1 or a == 1 unless y")]).levels[0]
    assert (True, False) == (step.reads_itself, step.moment_by_moment)


def test_a_rule_that_reads_its_own_past_is_played_moment_by_moment():
    """A copy would not have the same times."""
    for expr in ("max_over_time(a[5m])", "a offset 5m", "timestamp(a)", "max_over_time(a[5m:1m])"):
        (step,) = planned([rule("a", f"{expr} or x")]).levels[0]
        assert step.moment_by_moment


def test_rules_in_a_circle_are_played_together():
    """Alerts too: they write ALERTS."""
    alert = AlertingRule("A", "b > 1")
    found = planned([rule("b", 'count(ALERTS{alertname="A"}) or x'), alert])

    assert [[["b", "A"]]] == levels(found)


def test_an_expression_that_asks_for_its_moment_is_played_moment_by_moment():
    """Of a range query ``@ end()`` is the end of all."""
    (step,) = planned([rule("a", "x @ end()")]).levels[0]
    assert step.moment_by_moment


def test_no_copy_is_made_where_somebody_could_find_it_by_accident():
    """A selector without a name finds every name."""
    found = planned([rule("a", "b > 1"), rule("b", "x"), rule("c", 'count({job="y"})')])
    assert not found.copied
