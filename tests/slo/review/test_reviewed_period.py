"""Periods by their names."""

from datetime import UTC, datetime

import pytest

from slo.review.reviewed_period import parse_period, period_before


def days(text: str) -> tuple[str, str]:
    """Return the first day of a period and that after it."""
    period = parse_period(text)
    first, last = (
        datetime.fromtimestamp(each, UTC).strftime("%Y-%m-%d %H:%M")
        for each in (period.start, period.end)
    )
    return first.removesuffix(" 00:00"), last.removesuffix(" 00:00")


@pytest.mark.parametrize(
    ("text", "first", "after", "before"),
    [
        ("2026-W47", "2026-11-16", "2026-11-23", "2026-W46"),
        ("2026-W01", "2025-12-29", "2026-01-05", "2025-W52"),
        ("2026-11", "2026-11-01", "2026-12-01", "2026-10"),
        ("2026-12", "2026-12-01", "2027-01-01", "2026-11"),
        ("2026-Q1", "2026-01-01", "2026-04-01", "2025-Q4"),
        ("2026-Q4", "2026-10-01", "2027-01-01", "2026-Q3"),
        ("2026-11-01..2026-11-28", "2026-11-01", "2026-11-29", "2026-10-04..2026-10-31"),
    ],
)
def test_a_period_has_its_days_and_one_before_it(text: str, first: str, after: str, before: str):
    """In UTC, the last day included."""
    assert (first, after) == days(text)
    assert before == period_before(parse_period(text)).name


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-W54", "2026-W00", "2026-13", "2026-00", "2026-Q5", "2026-11-31..2026-12-01",
     "2026-12-01..2026-11-01", "2020-01-01..2026-01-01", "0000-01", "9999-12", "9999-W52",
     "9999-12-01..9999-12-31", "\u0662026-11"],
)  # fmt: skip
def test_what_is_no_period_is_told(text: str):
    """With what would be one."""
    with pytest.raises(ValueError, match="expected a"):
        parse_period(text)
