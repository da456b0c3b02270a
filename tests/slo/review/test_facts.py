"""Facts: the same record, whatever the order and however often."""

from hypothesis import given
from hypothesis import strategies as st

from slo.review.facts import ALERTMANAGER, PROMETHEUS, AlertFact, digest, merge

alert_facts = st.builds(
    AlertFact,
    witness=st.sampled_from([ALERTMANAGER, PROMETHEUS]),
    labels=st.sampled_from([{"alertname": "A"}, {"alertname": "B"}]),
    starts_at_ms=st.sampled_from([1, 2]),
    ends_at_ms=st.none() | st.integers(3, 6),
)


@given(st.lists(alert_facts, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(facts: list[AlertFact], chance):
    """Nor does telling some of them twice."""
    again = [*facts, *facts[:2]]
    chance.shuffle(again)

    assert merge(facts) == merge(again)


def test_an_end_stands_against_none_and_the_later_of_two_stands():
    """An alert that resolved does not fire again because an old message comes late."""
    told = [AlertFact(ALERTMANAGER, {"alertname": "A"}, 1, end) for end in (None, 5, 4, None)]

    assert [5] == [fact.ends_at_ms for fact in merge(told).values()]


def test_labels_are_the_same_in_any_order():
    """They are a set."""
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
