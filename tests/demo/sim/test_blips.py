"""The background of small errors: within the budget, in blips, and nothing that pages."""

import numpy as np
import pytest

from demo.sim.blips import BLIP_SECONDS, DAYS_BETWEEN_BLIPS, Blips, advance_blips
from exporters.catalog import OUTCOMES

DAY = 86_400
BUDGET_RATIO = 0.001
"""Of a 99.9 % objective."""
FAST_BURN = 13.44
"""Of an hour, which pages."""
BAD = [OUTCOMES.index(outcome) for outcome in ("error", "timeout", "rejected")]
CELLS = tuple((f"r{at}", "chat") for at in range(60))


@pytest.mark.parametrize("dt", [1.0, 15.0])
def test_a_blip_lasts_five_minutes(dt):
    """And fails the same share all the time."""
    blips, rng = Blips(np.array([BLIP_SECONDS]), np.array([0.04])), np.random.default_rng(1)
    failing = [float(advance_blips(blips, dt, rng)[0]) for _ in range(round(400 / dt))]
    assert sum(failing) * dt == pytest.approx(0.04 * BLIP_SECONDS)
    assert max(failing) == 0.04
    assert failing[-1] == 0


def test_blips_come_twenty_times_in_four_weeks():
    """In each cell, by chance; each fails 2 to 6 %."""
    cells, dt, rng = 2000, 60.0, np.random.default_rng(1)
    blips, begun, ratios = Blips(np.zeros(cells), np.zeros(cells)), 0, []
    for _ in range(round(2 * DAY / dt)):
        before = blips.seconds_left.copy()
        advance_blips(blips, dt, rng)
        new = blips.seconds_left > before
        begun += int(new.sum())
        ratios += blips.ratio[new].tolist()
    assert begun == pytest.approx(cells * 2 / DAYS_BETWEEN_BLIPS, rel=0.06)
    assert 0.02 <= min(ratios) < 0.022
    assert 0.058 < max(ratios) <= 0.06


@pytest.fixture(scope="module")
def hours(make_run, make_topology):
    """Bad and counted requests of sixty cells, each of five hours. [hour, C] each."""
    topology = make_topology(cells=CELLS, groups_of_cell=1)
    run = make_run(topology=topology, step_seconds=15.0, warm_up_seconds=300.0, seed=2)
    bad, counted = [], []
    for _ in range(5):
        before = run.state.truth.outcomes.sum(axis=1)
        run.seconds(3600)
        ended = run.state.truth.outcomes.sum(axis=1) - before
        bad.append(ended[:, BAD].sum(axis=1))
        counted.append(ended.sum(axis=1) - ended[:, OUTCOMES.index("rate_limited")])
    return np.array(bad), np.array(counted)


def test_healthy_is_not_perfect_and_within_the_budget(hours):
    """Twelve days of one cell in all: 30 to 50 % of the budget."""
    bad, counted = hours
    assert 0.3 <= bad.sum() / counted.sum() / BUDGET_RATIO <= 0.5


def test_no_hour_of_any_cell_burns_so_fast_that_it_would_page(hours):
    """A fast-burn page waits for 2 % of the month's budget in an hour."""
    bad, counted = hours
    assert (bad / counted / BUDGET_RATIO).max() < FAST_BURN


def test_errors_are_clustered(hours):
    """Half of them or so come in the few hours that have a blip."""
    bad, _ = hours
    worst = np.sort(bad.ravel())[::-1][: bad.size // 20]
    assert worst.sum() > 0.25 * bad.sum()
