"""Each figure is measured as in the bench, on less: with the real command and a real server."""

from dataclasses import replace
from functools import partial

from slo.benching import errors
from slo.benching.generating import generating_seconds
from slo.benching.paging import measure_pages
from slo.benching.server import empty_server

NOW = 20_000 * 86400


def test_generating_takes_the_command_and_promtool(tmp_path):
    """All rules of three objectives are there."""
    assert 0 < generating_seconds(tmp_path, 3, rounds=1) < 60


async def test_pages_come_after_the_theory_and_soon():
    """Of both kinds of rules: each cell is paged."""
    async with empty_server() as client:
        ours, raw = await measure_pages(client, NOW)

    assert 0 < ours <= 45
    assert 0 < raw <= 45


async def test_errors_are_those_of_rules_that_were_played(monkeypatch):
    """Five days of traffic and a budget of four, whose thresholds are nearer to no error at all."""
    monkeypatch.setattr(errors, "DAYS", 5)
    monkeypatch.setattr(errors, "OBJECTIVE", replace(errors.OBJECTIVE, period_seconds=4 * 86400))
    monkeypatch.setattr(errors, "Fleet", partial(errors.Fleet, days=5))
    monkeypatch.setattr(errors, "THRESHOLD_TIMES", 40)
    monkeypatch.setattr(errors, "BUDGET_TIMES", 20)

    async with empty_server() as client:
        found = await errors.measure_errors(client, NOW)

    assert 0 < found.threshold[0] <= 0.03
    assert 0 < found.budget[0] <= 0.002
