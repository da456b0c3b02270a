"""The demo's review of the last 28 days."""

import aiohttp

from demo.stack.reviewing import begin_reviews, reviewed_period
from slo.review.reviewed_period import parse_period


def test_the_period_is_28_days_with_today():
    """As reviews name one."""
    now = 1_790_000_000
    period = parse_period(reviewed_period(now))

    assert 28 * 24 == period.hours
    assert period.start < now < period.end


async def test_a_record_that_is_not_there_does_not_end_a_demo():
    """It has no review then."""
    async with aiohttp.ClientSession() as session:
        assert [] == await begin_reviews(session, "http://127.0.0.1:9", 1_790_000_000)
