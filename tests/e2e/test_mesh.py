"""A mesh of two Alertmanagers, killed in turn, tells PagerDuty all."""

import pytest

from alerts.benching.losing import Pace, play

PACE = Pace(
    incidents=30, spread=8, lasts=24, kill_every=12, down=3, peer_timeout=4, resend=1,
    group_interval=3, refuse_every=4,
)  # fmt: skip
"""60 transitions in half a minute; each Alertmanager is killed once. Incidents last long enough
for a notification that a busy machine sends late to come before the end of what it tells."""


@pytest.mark.e2e
async def test_a_mesh_of_two_loses_nothing_while_either_is_killed():
    """Of 60 transitions; PagerDuty answers 429 and 503 at times."""
    heard = await play(PACE)

    assert (0, 0, 0) == (heard.lost_triggers, heard.lost_resolves, heard.other_keys)
