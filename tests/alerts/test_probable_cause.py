"""Which of the causes in a cell a page names."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from alerts.causes.every import causes
from alerts.probable_cause import probable_cause
from slo import conventions
from slo.objective import Objective, Ratio
from tests.dashboards.recording import CELL, hold, series

OBJECTIVE = Objective(
    name="chat-availability",
    service="inference",
    target=Decimal("0.999"),
    period_seconds=28 * 86400,
    grouping_labels=tuple(CELL),
    indicator=Ratio(total="a", bad="b"),
)
QUEUE, GROUP = "QueueSnowball", "ShardGroupDegraded"


def first_of(names: tuple[str, ...]) -> str:
    """Return PromQL of the cause that the page of a cell names."""
    found = probable_cause(OBJECTIVE, [each for each in causes(15) if each.name in names])
    query = found.looked_for
    for label in found.looked_for_labels:
        query = query.replace("%q", json.dumps(CELL[label]), 1)
    return f"count by (cause) (topk(1, {query}))"


@pytest.mark.parametrize(
    ("at", "expected"),
    {
        "both at work, and the group explains more": ("2m30s", {"cause": GROUP}),
        "the group alone at work": ("3m", {"cause": GROUP}),
        "both ended: groups were slow because of the queue": ("10m", {"cause": QUEUE}),
        "the queue ended too long ago": ("33m", {"cause": GROUP}),
        "both ended too long ago": ("40m", None),
    }.values(),
)
def test_of_causes_at_work_the_highest_is_named_of_ended_ones_the_first(
    tmp_path: Path, at: str, expected: Mapping[str, str] | None
):
    """Effects begin after their causes, and may last longer."""
    rank = {each.name: each.rank for each in causes(15)}
    assert rank[GROUP] > rank[QUEUE]
    # Samples of 5 s: the queue from 1 min to 2 min 40 s, the group from 2 min to 3 min 40 s.
    inputs = {
        series(conventions.CAUSE_STATE, CELL, cause=QUEUE): f"_x12 {rank[QUEUE]}x20 stale",
        series(conventions.CAUSE_STATE, CELL, cause=GROUP): f"_x24 {rank[GROUP]}x20 stale",
    }
    told = {} if expected is None else {series("", expected): 1.0}
    hold(tmp_path, [], inputs, {first_of((QUEUE, GROUP)): told}, at=at)
