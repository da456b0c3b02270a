"""Which pages of healthy days are false."""

import numpy as np
import pytest

from demo.lab.healthy.counts import HealthyCell
from demo.lab.healthy.days import OBJECTIVE, START, is_true
from slo.replay.firing import Firing

CELL = HealthyCell("quiet", "chat", 1, START, 3)
HOUR = OBJECTIVE.tiers[0]


def page(at: float, alert: str = "ErrorBudgetBurn") -> Firing:
    """Return a page of the fastest tier at a time, UNIX seconds."""
    labels = {"alertname": alert, "cell": CELL.name, "severity": "page", "burn_tier": HOUR.name}
    return Firing(alert, labels, at, at, None)


@pytest.fixture(scope="module")
def burns() -> np.ndarray:
    """In which minutes the cell burns in truth: single errors of a quiet night."""
    return np.flatnonzero(CELL.burns(HOUR, OBJECTIVE))


def test_a_page_soon_after_a_true_burn_is_none_too_many(burns: np.ndarray):
    """A minute or two later, as scrapes and evaluations are."""
    assert burns.size
    assert is_true(page(START + 60.0 * (burns[0] + 1) + 90.0), CELL)


def test_a_page_before_any_burn_is_false(burns: np.ndarray):
    """Nothing had happened yet."""
    assert not is_true(page(START + 60.0 * burns[0] - 60.0), CELL)


def test_vanished_traffic_is_false_at_any_time(burns: np.ndarray):
    """It never vanishes."""
    assert not is_true(page(START + 60.0 * (burns[0] + 1) + 90.0, "TrafficVanished"), CELL)
