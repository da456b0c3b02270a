"""Time ranges, steps, and the built-in variables of time."""

import pytest

from dashboards.preview.times import (
    MOST_POINTS,
    Range,
    aligned,
    built_in,
    parse_range,
    parse_seconds,
    step_seconds,
    written_seconds,
)

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z, a Thursday


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("now-6h", "now", (NOON - 21600, NOON)),
        ("now-1d-1h", "now-1h", (NOON - 90000, NOON - 3600)),
        ("now/d", "now/d", (NOON - 43200, NOON + 43200)),
        ("now/w", "now", (NOON - 3 * 86400 - 43200, NOON)),
        ("1767265200000", "1767268800000", (NOON - 3600, NOON)),
        ("2026-01-01T11:00:00Z", "2026-01-01 12:00", (NOON - 3600, NOON)),
    ],
)
def test_a_range_is_read_as_grafana_writes_it(start: str, end: str, expected: tuple[float, float]):
    """Relative, rounded, in milliseconds, as dates."""
    found = parse_range(start, end, NOON)
    assert expected == (found.start, found.end)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("yesterday", "now", "found 'yesterday', expected now-6h"),
        ("now", "now-1h", "expected one that goes forward"),
        ("now-9y", "now", "expected at most 400"),
        ("", "now", "found ''"),
    ],
)
def test_a_range_that_is_none_is_refused(start: str, end: str, said: str):
    """With what was found."""
    with pytest.raises(ValueError, match=said):
        parse_range(start, end, NOON)


@pytest.mark.parametrize(
    ("length", "points", "least", "expected"),
    [
        (6 * 3600, 400, 15, 60),
        (300, 400, 15, 15),
        (86400, 400, 5, 300),
        (28 * 86400, 500, 15, 7200),
        (28 * 86400, 10**9, 1, 1800),
    ],
)
def test_a_step_is_a_round_number_that_gives_no_more_points_than_there_is_room_for(
    length: float, points: int, least: float, expected: float
):
    """And never less than a scrape, nor more points than may be asked for."""
    step = step_seconds(length, points, least)
    assert expected == step
    assert length / step <= MOST_POINTS


def test_rates_span_four_scrapes_at_least():
    """As Grafana's $__rate_interval: else a scrape that is late leaves a hole."""
    texts = {name: each.values[0] for name, each in built_in(Range(0, 3600), 15, 15).items()}
    assert ("1m", "15s", "3600s") == (
        texts["__rate_interval"], texts["__interval"], texts["__range"]
    )  # fmt: skip
    wide = built_in(Range(0, 86400), 300, 15)
    assert "315s" == wide["__rate_interval"].values[0]


def test_ranges_are_moved_to_multiples_of_the_step():
    """So that a refresh asks for the same moments again."""
    assert Range(60, 120) == aligned(Range(61, 179), 60)


@pytest.mark.parametrize(
    ("text", "expected"), [("28d", 2419200), (">15s", 15), ("500ms", 0.5), ("", 0), ("x", 0)]
)
def test_durations_of_dashboards_are_read(text: str, expected: float):
    """Anything else is no duration."""
    assert expected == parse_seconds(text)


def test_durations_are_written_for_promql():
    """In the largest unit that is whole."""
    assert ["15s", "1m", "2h", "1d", "1500ms"] == [
        written_seconds(each) for each in (15, 60, 7200, 86400, 1.5)
    ]
