"""What is replayed fires exactly when promtool says, in random scenarios of one interval."""

from dataclasses import replace

import pytest

from demo.lab import faithful
from demo.lab.faithfulness import judging
from demo.lab.faithfulness.scenarios import BUILT_EVERY, random_scenario

QUICK = 20
"""Of the 200 of ``python -m demo.lab.faithful``."""


@pytest.mark.parametrize("seed", range(QUICK))
async def test_a_random_scenario_fires_exactly_as_promtool_says(seed: int):
    """At every moment: each alert, with its labels, pending or firing."""
    differing, _ = await faithful.judge(seed)

    assert set() == differing


async def test_an_alert_that_fires_one_interval_late_is_seen(monkeypatch: pytest.MonkeyPatch):
    """Else the comparison would be worth nothing."""
    right = judging.evaluate

    async def late(client, groups, start, end):
        found = await right(client, groups, start, end)
        interval = groups[0].moments.interval_seconds
        first = next(each for each in found if each.firing_at and each.active_at < end)
        return [replace(first, active_at=first.active_at + interval), *found[1:]]

    monkeypatch.setattr(judging, "evaluate", late)
    differing, _ = await faithful.judge(1)

    assert differing


def test_scenarios_are_of_all_that_rules_do():
    """Among the quick ones: holds, circles, ALERTS, ends of series, templates, what we build."""
    scenarios = [random_scenario(seed) for seed in range(QUICK)]
    rules = "\n".join(each.rules for each in scenarios)

    for each in ("keep_firing_for", "for:", "{{ $value }}", "ALERTS{", "unless on", "max_over_time",
                 "ErrorBudgetBurn", "burn_tier: 3d", "TrafficVanished", "GpuLost",
                 "@ end()", "offset 3m"):  # fmt: skip
        assert each in rules
    assert all(any(series.ends for series in each.series) for each in scenarios)
    assert [0, BUILT_EVERY] == [
        each.seed for each in scenarios if "shardwatch:cause:state" in each.rules
    ]
