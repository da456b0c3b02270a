"""Whole clusters that are well."""

import pytest

from demo.lab.options import Options
from demo.lab.playing import play
from tests.demo.lab.conftest import GROUPS, story

ALWAYS_FIRES = "Watchdog"


@pytest.mark.scenario  # the lab counts it, with larger clusters
async def test_a_healthy_cluster_has_no_alert_at_all():
    """After four healthy weeks of its own figures, by all objectives of the library."""
    restart = {"fault": "exporter-restart", "at": "30s", "place": {"exporter": "router"}}
    scenario = story(restart, starts_at="tue 10:00", watch="3m")

    (outcome,) = await play(scenario, Options(groups=GROUPS, healthy_seconds=1800.0))

    fired = {(each.alert, *each.labels.items()) for each in outcome.alerts}
    assert set() == {each for each in fired if each[0] != ALWAYS_FIRES}
