"""The boards against Grafana's own typed bindings, which are generated from its schemas."""

import json
import warnings
from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units

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


def test_every_unit_is_one_that_grafana_knows(boards):
    """Any other text would be written behind the number."""
    known = {value for name, value in vars(units).items() if not name.startswith("_")}
    used = {
        panel["fieldConfig"]["defaults"]["unit"]
        for board in boards
        for panel in board["panels"]
        if "targets" in panel
    }
    assert set() == used - known


def test_the_round_trip_sees_a_key_that_grafana_does_not_know(boards):
    """The test above is not green for nothing."""
    (board, *_) = json.loads(json.dumps(boards))
    board["panels"][1]["options"]["noSuchOption"] = True
    assert ["/panels[1]/options/noSuchOption is lost"] == list(losses(board, round_trip(board)))
