"""What the Fleet's first paint is measured on: every series that the board reads."""

import json
from collections import Counter

from dashboards.asking import EVERYTHING, panel_queries
from dashboards.benching.first_paint import CELLS, series_of_board
from dashboards.build import build_boards

FLEET = json.loads(build_boards()["fleet.json"])


def test_each_selector_of_the_board_has_a_series_of_every_cell():
    """A panel without data would be painted too soon."""
    found = list(series_of_board(FLEET, [0, 60_000]))
    names = Counter(each.labels["__name__"] for each in found)
    asked = " ".join(each.expr for each in panel_queries(FLEET, EVERYTHING))
    assert [] == [name for name in names if name not in asked]
    assert {0} == {count % CELLS for count in names.values()}
    assert {"shardwatch:cell_capacity:ratio", "slo:budget_remaining:ratio"} <= set(names)


def test_a_series_has_the_labels_that_its_selector_asks_for():
    """Else the query would not find it."""
    pages = [
        each.labels
        for each in series_of_board(FLEET, [0])
        if each.labels["__name__"] == "ALERTS" and each.labels.get("severity") == "page"
    ]
    assert CELLS == len(pages)
    assert {"firing"} == {each["alertstate"] for each in pages}
