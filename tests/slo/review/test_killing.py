"""The service killed under load: nothing lost, nothing twice."""

import pytest

from slo.review.killing import kill_under_load

pytestmark = pytest.mark.scenario


async def test_kills_lose_and_double_nothing(empty_url: str):
    """What was answered for is there, in both databases."""
    came = await kill_under_load(empty_url, kills=5)

    assert ([], 0) == (came.lost, came.doubled)
    assert came.committed > 100
