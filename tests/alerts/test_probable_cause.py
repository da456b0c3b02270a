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
GPU, DEAD, SLOW = "GpuLost", "ShardGroupDead", "ShardGroupDegraded"
QUEUE, STAYS = "QueueSnowball", "QueueMetastable"


def first_of(names: tuple[str, ...]) -> str:
    """Return PromQL of the cause that the page of a cell names."""
    found = probable_cause(OBJECTIVE, [each for each in causes(15) if each.name in names])
    query = found.looked_for
    for label in found.looked_for_labels:
        query = query.replace("%q", json.dumps(CELL[label]), 1)
    return f"count by (cause) (topk(1, {query}))"


@pytest.mark.parametrize(
    ("spells", "at", "expected"),
    {
        "both at work": ({QUEUE: (60, 160), SLOW: (120, 220)}, "2m30s", SLOW),
        "one at work": ({QUEUE: (60, 160), SLOW: (120, 220)}, "3m", SLOW),
        "groups are slow because of the queue": (
            {QUEUE: (60, 160), SLOW: (120, 220)}, "10m", QUEUE),
        "a slow group makes a queue": ({SLOW: (60, 160), QUEUE: (120, 220)}, "10m", SLOW),
        "slow groups, and no queue": ({SLOW: (60, 160)}, "10m", SLOW),
        "the queue ended too long ago": ({QUEUE: (60, 160), SLOW: (120, 220)}, "33m", SLOW),
        "both ended too long ago": ({QUEUE: (60, 160), SLOW: (120, 220)}, "40m", None),
        "a queue that stays begins as one that grows": (
            {QUEUE: (60, 160), STAYS: (140, 220)}, "10m", QUEUE),
        "a dead group is seen before its lost GPU": (
            {DEAD: (60, 220), GPU: (75, 220)}, "10m", GPU),
        "a lost GPU after long hours of queues": (
            {QUEUE: (0, 1200), GPU: (1200, 1400)}, "28m", GPU),
        "there for one evaluation": ({DEAD: (61, 62)}, "10m", DEAD),
    }.values(),
)  # fmt: skip
def test_the_highest_cause_is_named_but_of_ended_ones_no_effect_of_another(
    tmp_path: Path, spells: Mapping[str, tuple[int, int]], at: str, expected: str | None
):
    """Effects begin after their causes, and may last longer; detection takes some longer."""
    rank = {each.name: each.rank for each in causes(15)}
    inputs = {
        series(conventions.CAUSE_STATE, CELL, cause=name): (
            f"_x{-(-begin // 5)} {rank[name]}x{max(0, (end - begin) // 5)} stale"
        )
        for name, (begin, end) in spells.items()
    }
    told = {} if expected is None else {series("", {"cause": expected}): 1.0}
    hold(tmp_path, [], inputs, {first_of((GPU, DEAD, SLOW, QUEUE, STAYS)): told}, at=at)
