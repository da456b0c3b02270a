"""What a demo waits for: the queries of the boards that were built."""

import json
from pathlib import Path

import pytest

from demo.stack.data import read_panel_queries


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """Return a folder with a board of two panels."""
    panels = [
        {"title": title, "targets": [{"refId": "A", "expr": expr}]}
        for title, expr in (
            ("Power", 'sum(shardwatch_gpu_power_watts{region=~"$region"})'),
            ("Per token", "shardwatch_group_gpus_up / on (group) shardwatch:cell_tokens:rate"),
        )
    ]
    board = {"uid": "shardwatch-gpu", "panels": panels}
    (tmp_path / "gpu.json").write_text(json.dumps(board), encoding="utf-8")
    return tmp_path


def test_every_panel_is_waited_for_with_variables_put_in(boards: Path):
    """As a panel would ask that shows everything."""
    assert [
        ("Power", 'sum(shardwatch_gpu_power_watts{region=~".*"})', False),
        ("Per token", "shardwatch_group_gpus_up / on (group) shardwatch:cell_tokens:rate", False),
    ] == [(each.panel, each.expr, each.may_be_empty) for each in read_panel_queries(boards)]


def test_what_reads_series_that_an_engine_lacks_may_be_empty(boards: Path):
    """By how any name in it begins; others must still have data."""
    found = read_panel_queries(boards, lacks=["shardwatch_gpu_", "shardwatch:cell_token_"])
    assert {"Power": True, "Per token": False} == {each.panel: each.may_be_empty for each in found}
    found = read_panel_queries(boards, lacks=["shardwatch_group_gpus_"])
    assert {"Power": False, "Per token": True} == {each.panel: each.may_be_empty for each in found}
