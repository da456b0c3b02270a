"""The boards against Grafana's own typed bindings, which are generated from its schemas."""

import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units

from dashboards.asking import every_panel
from dashboards.lint.units import KNOWN

with warnings.catch_warnings():
    # It would rather have the v2 schema; ours is the classic one, which every Grafana imports.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.models.dashboard import Dashboard


def round_trip(board: dict[str, Any]) -> dict[str, Any]:
    """Return a board read into Grafana's types and written again."""
    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(board)))


def losses(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Give the place of everything of ours that is missing or different in theirs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from losses(value, theirs[key], f"{path}/{key}")
            else:
                yield f"{path}/{key} is lost"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from losses(mine, other, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


def test_a_round_trip_through_grafanas_types_loses_nothing(boards):
    """Every key that we write is one that Grafana's schema knows, at that place."""
    assert [[] for _ in boards] == [list(losses(board, round_trip(board))) for board in boards]


GRAFANAS = frozenset(
    value
    for name, value in vars(units).items()
    if isinstance(value, str) and not name.startswith("_")
)


def units_of(panel: dict[str, Any]) -> Iterator[str]:
    """Give the units of a panel's values, its columns and its axes, those of rows included."""
    config, options = panel.get("fieldConfig", {}), panel.get("options", {})
    shown = [config.get("defaults", {}), options.get("yAxis", {}), options.get("cellValues", {})]
    yield from (each["unit"] for each in shown if each.get("unit"))
    for override in config.get("overrides", []):
        yield from (each["value"] for each in override["properties"] if each["id"] == "unit")


def test_every_unit_is_one_that_grafana_knows(boards):
    """Any other text would be written behind the number."""
    used = {unit for board in boards for panel in every_panel(board) for unit in units_of(panel)}
    assert set() == used - GRAFANAS


@pytest.mark.parametrize(
    "spoil",
    {
        "a unit": lambda panel: panel["fieldConfig"]["defaults"].update(unit="secs"),
        "a column's": lambda panel: panel["fieldConfig"]["overrides"].append(
            {"matcher": {}, "properties": [{"id": "unit", "value": "secs"}]}
        ),
        "an axis's": lambda panel: panel["options"].update(yAxis={"unit": "secs"}),
        "a cell's": lambda panel: panel["options"].update(cellValues={"unit": "secs"}),
    }.values(),
)
def test_a_unit_that_grafana_does_not_know_is_seen_in_a_closed_row(boards, spoil):
    """Wherever of a panel it stands: the test above is not green for nothing."""
    board = next(
        json.loads(json.dumps(each))
        for each in boards
        if any(p.get("panels") for p in each["panels"])
    )
    (panel, *_) = next(each["panels"] for each in board["panels"] if each.get("panels"))
    spoil(panel)
    found = {unit for each in every_panel(board) for unit in units_of(each)}
    assert {"secs"} == found - GRAFANAS


def test_the_lint_knows_grafanas_units():
    """All of them, and no other."""
    assert KNOWN == GRAFANAS


def test_the_round_trip_sees_a_key_that_grafana_does_not_know(boards):
    """The test above is not green for nothing."""
    (board, *_) = json.loads(json.dumps(boards))
    board["panels"][1]["options"]["noSuchOption"] = True
    assert ["/panels[1]/options/noSuchOption is lost"] == list(losses(board, round_trip(board)))
