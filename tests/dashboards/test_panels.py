"""The kinds of panels: what each makes of a query, and that Grafana's types know all of it."""

from typing import Any

import pytest
from grafanalib import core

from dashboards.layout import Band, place
from dashboards.normalise import to_json
from dashboards.panels import (
    About,
    Column,
    Meaning,
    Step,
    bar_gauge,
    gauge,
    heatmap,
    joined_table,
    linked_column,
    stat,
    state_timeline,
    table,
    time_series,
)
from dashboards.queries import Query
from tests.dashboards.test_schema import losses, round_trip

ABOUT = About(1, "Title", "Description.", "s", "Nothing", lowest=0, highest=1)
QUERY = Query("up", "{{job}}")
KINDS: dict[str, Any] = {
    "timeseries": lambda: time_series(ABOUT, [QUERY], dashed=[Query("vector(1)", "limit")]),
    "stacked": lambda: time_series(ABOUT, [QUERY], stacked=True),
    "stat": lambda: stat(ABOUT, QUERY),
    "gauge": lambda: gauge(ABOUT, QUERY),
    "bargauge": lambda: bar_gauge(ABOUT, QUERY),
    "heatmap": lambda: heatmap(ABOUT, QUERY),
    "state-timeline": lambda: state_timeline(ABOUT, QUERY),
    "table": lambda: table(ABOUT, QUERY, {"job": "job"}),
    "joined table": lambda: joined_table(
        ABOUT, {"job": "job"}, (Column("up", QUERY, "short", (Step(None, "red"),), 0),)
    ),
}


def drawn(panel: Any) -> dict[str, Any]:
    """Return a board with one panel, as JSON."""
    panels = place([Band(8, (panel,))])
    return to_json(core.Dashboard(title="Board", uid="board", panels=panels))


@pytest.mark.parametrize("kind", KINDS)
def test_grafanas_types_know_all_that_a_kind_writes(kind: str):
    """A round trip through them loses nothing."""
    board = drawn(KINDS[kind]())
    assert [] == list(losses(board, round_trip(board)))


@pytest.mark.parametrize("kind", KINDS)
def test_lines_states_and_heat_maps_ask_for_a_range_and_the_rest_for_a_moment(kind: str):
    """But for a number, which has its course behind it."""
    (panel,) = drawn(KINDS[kind]())["panels"]
    over_time = panel["type"] in ("timeseries", "state-timeline", "heatmap", "stat")
    assert {over_time} == {each["range"] for each in panel["targets"]}


def test_a_heat_map_asks_for_cumulative_buckets_named_by_their_bound():
    """Grafana then takes each from the next, and its axis is of the bounds' unit."""
    (panel,) = drawn(heatmap(ABOUT, Query("sum by (le) (x)"), cell_unit="reqps"))["panels"]
    (target,) = panel["targets"]
    assert ("heatmap", "{{le}}") == (target["format"], target["legendFormat"])
    options = panel["options"]
    assert ("s", "reqps") == (options["yAxis"]["unit"], options["cellValues"]["unit"])


def test_a_dial_needs_both_ends():
    """Else its needle says nothing."""
    with pytest.raises(ValueError, match="without both ends"):
        gauge(About(1, "Title", "Description.", "s", "Nothing", lowest=0), QUERY)


def test_a_joined_table_has_a_column_for_each_query_with_its_own_unit_and_colours():
    """Rows of the same labels become one; Grafana calls the values by their query."""
    columns = (
        Column("speed", QUERY, "short"),
        Column("left", QUERY, "percentunit", (Step(None, "red"), Step(0, "green")), 1),
    )
    (panel,) = drawn(joined_table(ABOUT, {"group": "group"}, columns))["panels"]
    merge, chosen, arranged = panel["transformations"]
    assert "merge" == merge["id"]
    assert ["group", "Value #A", "Value #B"] == chosen["options"]["include"]["names"]
    assert {"group": "group", "Value #A": "speed", "Value #B": "left"} == (
        arranged["options"]["renameByName"]
    )
    speed, left = panel["fieldConfig"]["overrides"]
    assert [{"id": "unit", "value": "short"}] == speed["properties"]
    assert "left" == left["matcher"]["options"]
    assert {"unit", "decimals", "thresholds", "custom.cellOptions"} == {
        each["id"] for each in left["properties"]
    }


def test_a_joined_table_may_have_the_rows_of_its_first_query_alone():
    """The others need not choose them then."""
    columns = (Column("speed", QUERY, "short"), Column("left", QUERY, "short"))
    joined = joined_table(ABOUT, {"group": "group"}, columns, only_of_first=True)
    (panel,) = drawn(joined)["panels"]
    merge, kept, *_ = panel["transformations"]
    assert ["merge", "filterByValue"] == [merge["id"], kept["id"]]
    (condition,) = kept["options"]["filters"]
    assert ("Value #A", "isNotNull") == (condition["fieldName"], condition["config"]["id"])
    assert ("include", "all") == (kept["options"]["type"], kept["options"]["match"])


def test_a_linked_column_offers_another_board():
    """By the heading that people see."""
    override = linked_column("group", "Open", "/d/x")
    assert ("group", "links") == (override["matcher"]["options"], override["properties"][0]["id"])


def test_a_column_with_meanings_and_a_zero_is_refused():
    """Of two mappings Grafana would take the last."""
    with pytest.raises(ValueError, match="the column 'up' has meanings and a zero"):
        Column("up", QUERY, "short", meanings=(Meaning(1, "up", "green"),), zero="-")
