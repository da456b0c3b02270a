"""What is built is measured as it is built: with the states of alerts and the alerts."""

import pytest

from alerts.bench import what_is_built
from alerts.build import groups_at
from exporters.config import Links
from slo import conventions
from slo.benching import samples
from slo.benching.playing import groups_of
from slo.benching.server import empty_server

HOUR = 20_000 * 86400 + 780


def test_every_rule_that_is_built_is_measured():
    """States and alerts of the tiers, too."""
    objective = samples.objective_of(2)

    groups = groups_at(objective, 30, Links())
    measured = what_is_built(objective, 30)
    assert [[rule.expr for rule in group.rules] for group in groups] == [
        [rule.expr for rule in each.group.rules] for each in measured
    ]
    assert any(conventions.BURN_STATE in rule.expr for rule in measured[0].group.rules)


async def test_states_and_alerts_cost_samples(monkeypatch):
    """Ten minutes of two fleets: of the one all that is built, of the other what records."""
    monkeypatch.setattr(samples, "HOUR", 600)

    def rules_of(objective, interval):
        return (what_is_built if objective.name == "fleet-2" else groups_of)(objective, interval)

    async with empty_server() as client:
        reads = await samples.measure_reads(client, [2, 4], HOUR, rules_of)

    # Twice the groups are twice the raw series. Ours are read by the cell, but for the base.
    assert 2 * reads[2].raw_windows == pytest.approx(reads[4].raw_windows, rel=0.001)
    assert reads[2].rules > reads[4].rules > 0
