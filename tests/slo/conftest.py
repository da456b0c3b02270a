"""Fixtures of the objectives' tests."""

from decimal import Decimal
from pathlib import Path

import pytest

from demo.setup.programs import find_program
from slo.objective import Objective, Ratio


@pytest.fixture(scope="session")
def promtool() -> Path:
    """The program that checks and tests rules."""
    return find_program("promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """The server."""
    return find_program("prometheus")


@pytest.fixture(scope="session")
def victoria_metrics() -> Path:
    """Another server."""
    return find_program("victoria-metrics")


@pytest.fixture(scope="session")
def vmalert() -> Path:
    """What evaluates its rules."""
    return find_program("vmalert")


@pytest.fixture
def objective() -> Objective:
    """99 % of the requests of each cell, over a day; written as bad events."""
    return Objective(
        name="good",
        service="things",
        target=Decimal("0.99"),
        period_seconds=86400,
        grouping_labels=("cell",),
        indicator=Ratio(
            total="rate(requests_total[$window])",
            bad='rate(requests_total{outcome="error"}[$window])',
        ),
    )
