"""How far ahead of a page its cause was."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

from demo.lab.scoring import Scoring
from demo.setup.programs import find_program
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
