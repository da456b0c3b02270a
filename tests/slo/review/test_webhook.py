"""Alertmanager's webhook: read to the millisecond, or refused in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.review.facts import AlertFact
from slo.review.webhook import (
    LONGEST_VALUE,
    MOST_ALERTS,
    MalformedWebhookError,
    read_webhook,
    shortened,
    storable,
)
from tests.slo.review.messages import NOW_MS, alert, webhook

STARTS_MS = 1_789_995_600_123


def read_one(**changed: object) -> AlertFact:
    """Return the fact that one alert is."""
    return read_webhook(webhook(alert(**changed)), NOW_MS).facts[0]


def test_a_firing_alert_has_no_end():
    """Its start is told in nanoseconds, and kept in Prometheus's milliseconds."""
    fact = read_one()

    assert (STARTS_MS, None) == (fact.starts_at_ms, fact.ends_at_ms)
    assert (("summary", "chat burns"),) == fact.evidence


def test_a_resolved_alert_ends_when_it_says():
    """Wherever its sender lives."""
    fact = read_one(status="resolved", endsAt="2026-09-21T15:10:00+02:00")

    assert STARTS_MS - 123 + 600_000 == fact.ends_at_ms


@pytest.mark.parametrize(
    "ends", ["2026-09-21T12:00:00Z", "0001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"]
)
def test_an_end_that_cannot_be_lies_between_start_and_now(ends: str):
    """A clock that went back, or none: it is over all the same."""
    fact = read_one(status="resolved", endsAt=ends)

    assert STARTS_MS <= (fact.ends_at_ms or 0) <= NOW_MS


def test_what_a_sender_cut_off_is_counted():
    """`max_alerts` of Alertmanager."""
    assert 7 == read_webhook(webhook(alert(), truncatedAlerts=7), NOW_MS).left_out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "expected JSON"),
        (b"[" * 100_000, "expected JSON"),
        (b"[]", "the message: found [], expected an object"),
        (webhook(version="3"), "version: found '3', expected '4'"),
        (webhook(alerts={}), "alerts: found {}, expected a list"),
        (webhook(alerts=[None] * (MOST_ALERTS + 1)), "expected 20000 at most"),
        (webhook(alerts=[1]), "alerts[0]: found 1, expected an object"),
        (webhook(alert(labels={})), "alerts[0].labels: found no alertname"),
        (webhook(alert(labels={"alertname": 1})), "expected a name with a text"),
        (
            webhook(alert(labels={"alertname": "A", **{f"l{i}": "" for i in range(100)}})),
            "101 names",
        ),
        (webhook(alert(status="maybe")), "expected 'firing' or 'resolved'"),
        (webhook(alert(startsAt="yesterday")), "expected a time as RFC 3339 writes it"),
        (webhook(alert(startsAt="2026-09-21T13:00:00")), "expected a time with a zone"),
        (webhook(alert(startsAt="0001-01-01T00:00:00Z")), "expected when it began"),
        (webhook(alert(startsAt="2099-01-01T00:00:00Z")), "expected when it began"),
        (webhook(alert(annotations=[])), "alerts[0].annotations: found [], expected an object"),
    ],
)
def test_what_is_no_webhook_is_refused_with_its_place(body: bytes, said: str):
    """One sentence, of bounded length."""
    with pytest.raises(MalformedWebhookError) as refused:
        read_webhook(body, NOW_MS)

    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_can_be_stored(text: str):
    """PostgreSQL takes neither NUL nor half of a character."""
    stored = storable(text)

    assert "\0" not in stored
    assert stored == stored.encode().decode()


def test_a_text_that_is_too_long_is_cut_and_says_so():
    """An annotation of a megabyte tells no more than one of 8,192 characters."""
    stored = shortened("x" * 1_000_000)

    assert LONGEST_VALUE == len(stored)
    assert stored.endswith(" [cut]")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(alert())), json_values))
def test_any_json_is_either_facts_or_refused(changed: dict[str, object]):
    """Nothing else is raised."""
    try:
        message = read_webhook(webhook(alert(**changed)), NOW_MS)
    except MalformedWebhookError:
        return
    assert 1 == len(message.facts)
