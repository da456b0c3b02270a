"""Which rules and series alerts depend on."""

from slo.replay.leading import Found, leading_to_alerts
from slo.rule import AlertingRule, RecordingRule, RuleGroup


def group(name: str, *rules: AlertingRule | RecordingRule) -> RuleGroup:
    """Return a group that is evaluated every 15 s."""
    return RuleGroup(name, 15.0, rules)


def alert(expr: str) -> AlertingRule:
    """Return an alert without more."""
    return AlertingRule("A", expr, {}, {}, 0.0, 0.0)


def test_rules_that_alerts_read_through_others_are_kept_in_their_order():
    """What nobody but a board reads is not, nor a group of which nothing is left."""
    first, second = RecordingRule("a:b", "x"), RecordingRule("c:d", "a:b > 1")
    of_boards = RecordingRule("e:f", "a:b + y")
    fires = alert("c:d > 2")

    found = leading_to_alerts(
        [group("one", first, of_boards, second), group("two", of_boards), group("three", fires)]
    )

    assert [group("one", first, second), group("three", fires)] == found


def test_an_alert_that_reads_alerts_keeps_them_and_what_they_read():
    """They are series too; of labels that rule a series out, nothing is kept."""
    other = RecordingRule("a:b", "x", {"of": "us"})
    told = RecordingRule("c:d", 'ALERTS{alertname="A"} and a:b{of="eu"}')
    fires = alert("c:d")

    assert [group("g", told, fires)] == leading_to_alerts([group("g", other, told, fires)])


def test_what_is_asked_beside_the_alerts_is_kept_with_what_it_reads():
    """A condition of a play may read what no alert does."""
    first, second = RecordingRule("a:b", "x"), RecordingRule("c:d", "a:b > 1")
    of_boards = RecordingRule("e:f", "a:b + y")
    fires = alert("x > 2")
    groups = [group("g", first, second, of_boards, fires)]

    assert [group("g", first, second, fires)] == leading_to_alerts(groups, also=["c:d == 3"])


def test_a_series_is_found_if_any_expression_has_a_selector_of_it():
    """By all labels: one that a series lacks is empty."""
    found = Found(['rate(x{of="eu"}[5m]) or y{of!=""}', 'x{of=~"u.*"}'])

    told = [{"__name__": "x", "of": each} for each in ("eu", "us", "ap")]
    assert [True, True, False] == [each in found for each in told]
    assert {"__name__": "y", "of": "eu"} in found
    assert {"__name__": "y"} not in found
    assert {"__name__": "z"} not in found


def test_an_expression_that_names_no_series_may_find_any():
    """Its other labels decide."""
    found = Found(['{of="eu"}'])

    assert {"__name__": "x", "of": "eu"} in found
    assert {"__name__": "x", "of": "us"} not in found


def test_a_series_is_seen_as_far_back_as_the_farthest_expression_reaches():
    """Ranges, subqueries and offsets add up, and a newest sample may be five minutes old."""
    found = Found(["x", "sum_over_time(x[1h] offset 10m)", "max_over_time(y{of='eu'}[2h:1m])", "y"])

    assert (60 + 10 + 5) * 60 == found.reach_seconds({"__name__": "x"})
    assert 300 == found.reach_seconds({"__name__": "y", "of": "us"})
    assert (120 + 5) * 60 == found.reach_seconds({"__name__": "y", "of": "eu"})
    assert found.reach_seconds({"__name__": "z"}) is None
