"""Lengths of time, as OpenSLO and as Prometheus write them."""

import pytest

from slo.spec.spans import Span, read_local_time, read_span

DAY = 86400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5m", Span("5m", 300)),
        ("28d", Span("28d", 28 * DAY)),
        ("1h30m", Span("1h30m", 5400)),
        ("4w", Span("4w", 28 * DAY, "week", 4)),
        ("1M", Span("1M", 30 * DAY, "month", 1)),
        ("2Q", Span("2Q", 182 * DAY, "quarter", 2)),
        ("1Y", Span("1Y", 365 * DAY, "year", 1)),
        ("1y", Span("1y", 365 * DAY)),
    ],
)
def test_a_span_is_read(text, expected):
    """A capital M is a month, a small one a minute."""
    assert expected == read_span(text)


@pytest.mark.parametrize(
    "value", ["", "5", "0M", "M", "1.5h", "-1d", "1 M", "999999Y", "1500ms", 5]
)
def test_what_is_no_span_is_refused(value):
    """Nor what is no whole second, or longer than Prometheus can tell."""
    with pytest.raises(ValueError, match=r"28d|a duration|whole seconds"):
        read_span(value)


@pytest.mark.parametrize(
    "text", ["2026-02-29 00:00:00", "2026-1-1 00:00:00", "2026-01-01", "now", "1969-12-31 23:59:59"]
)
def test_what_is_no_local_time_is_refused(text):
    """One way to write it."""
    with pytest.raises(ValueError, match="write 2026-01-01 00:00:00"):
        read_local_time(text)
