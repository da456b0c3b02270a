"""How far ahead of a page its cause was."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from demo.engine import Habit
from demo.lab.scoring import Scoring
from demo.setup.programs import find_program
from demo.stack.sums import Measured
from demo.stack.truth import TruthRecord
from slo.prometheus import PrometheusClient
from slo.replay.firing import Firing
from slo.series import Series
from slo.testing import running_prometheus

FAULT_AT = 1_700_000_000.0
PAGE = Firing("ErrorBudgetBurn", {"slo": "chat-availability", "region": "us-gov", "model": "chat"},
              FAULT_AT + 90, FAULT_AT + 90, None)  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "lead"),
    [
        ({"region": "us-gov", "model": "chat", "group": "g"}, 4.0),
        ({"region": "us-gov"}, 4.0),
        ({"region": "us", "model": "chat", "group": "g"}, None),
    ],
)
def test_a_cause_leads_from_when_its_state_was_recorded_in_the_cell(tmp_path, labels, lead):
    """Also one that is known of a region alone; not that of another region."""
    times = np.arange(FAULT_AT + 30, FAULT_AT + 91, 15) * 1000
    state = {"__name__": "shardwatch:cause:state", "cause": "GpuLost", **labels}
    readings = SimpleNamespace(fault_at=FAULT_AT, interval_seconds=15.0)

    async def asked() -> float | None:
        with running_prometheus(find_program("prometheus"), tmp_path) as url:
            async with PrometheusClient(url) as client:
                await client.remote_write(
                    [Series(state, times.astype(np.int64), np.ones(len(times)))]
                )
                scoring = Scoring(None, readings, None, client)  # type: ignore[arg-type]
                return await scoring._lead(PAGE, "GpuLost: GPU-1")

    assert lead == asyncio.run(asked())


@pytest.mark.parametrize(
    ("bad_per_second", "severity", "gone"),
    {
        "fast": (1.0, "page", 485.0),
        "slow": (0.25, "page", None),
        "no page": (1.0, "ticket", None),
    }.values(),
)
def test_a_budget_is_gone_once_as_much_was_spent_as_the_fastest_page_stands_for(
    bad_per_second, severity, gone
):
    """2 % of a budget of 24192 bad events, of 10 requests a second and a target of 99.9 %."""
    labels = {"region": "us-gov", "model": "chat"}
    cell = ("chat-availability", tuple(sorted(labels.items())))
    truth = TruthRecord()
    for second in range(-100, 901, 5):
        truth.add(FAULT_AT + second, {cell: (bad_per_second * max(second, 0), 10.0 * second)})
    fastest = SimpleNamespace(factor=None, budget_share=Decimal("0.02"), long_seconds=3600)
    slower = SimpleNamespace(factor=None, budget_share=Decimal("0.05"), long_seconds=21600)
    tiers = [SimpleNamespace(severity="page", **vars(each)) for each in (slower, fastest)]
    objective = SimpleNamespace(
        name="chat-availability", grouping_labels=("region", "model"), tiers=tiers,
        period_seconds=28 * 86400, budget=Decimal("0.001"),
    )  # fmt: skip
    habits = [Habit("chat-availability", labels, 10.0, 0.0)]
    measured = Measured([objective], truth, 15.0, FAULT_AT - 100, habits)  # type: ignore[list-item]
    readings = SimpleNamespace(fault_at=FAULT_AT, end=FAULT_AT + 900)
    scoring = Scoring(None, readings, measured, None)  # type: ignore[arg-type]

    assert gone == scoring._gone({**PAGE.labels, "severity": severity})
