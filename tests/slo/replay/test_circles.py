"""In which turns rules of a circle are played at one moment."""

from slo.replay.circles import turns_of
from slo.replay.moments import Moments, TimedGroup
from slo.replay.ordering import place
from slo.rule import AlertingRule, RecordingRule, Rule, RuleGroup


def turns(*rules: Rule) -> list[int]:
    """Return the turns of a group's rules."""
    return turns_of(place([TimedGroup(RuleGroup("g", 15, rules), Moments(15))]))


def rule(name: str, expr: str, **labels: str) -> RecordingRule:
    """Return a recording rule."""
    return RecordingRule(name, expr, labels)


def test_who_reads_what_was_just_recorded_waits_for_it():
    """Others do not."""
    assert [0, 1, 2, 0] == turns(rule("a", "x"), rule("b", "a"), rule("c", "b[5m]"), rule("d", "y"))


def test_nothing_is_written_before_who_must_not_see_it_has_been_asked():
    """The second turn's rule sees of the last one what it recorded a moment before."""
    assert [0, 1, 1] == turns(rule("a", "x"), rule("b", "a + c"), rule("c", "x"))


def test_who_may_write_the_same_series_comes_no_sooner():
    """The first of them has it."""
    assert [0, 1, 1] == turns(rule("a", "x"), rule("s", "a"), rule("s", "x"))


def test_alerts_are_waited_for_by_who_reads_alerts():
    """By their labels, as any series."""
    alert = AlertingRule("A", "x", {"severity": "page"}, {})

    assert [0, 1] == turns(alert, rule("pages", 'ALERTS{severity="page"}'))
    assert [0, 0] == turns(alert, rule("tickets", 'ALERTS{severity="ticket"}'))
