"""What each kind of panel is to show, worked out of lines."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dashboards.preview.colors import continuous_color
from dashboards.preview.drawings.given import Given
from dashboards.preview.drawings.heatmap import draw_heatmap
from dashboards.preview.drawings.numbers import draw_bar_gauge, draw_gauge, draw_stat
from dashboards.preview.drawings.state_timeline import draw_state_timeline
from dashboards.preview.drawings.table import draw_table
from dashboards.preview.drawings.text import draw_text
from dashboards.preview.drawings.time_series import MOST_LINES, draw_time_series
from dashboards.preview.lines import Line
from dashboards.preview.links import Carried
from dashboards.preview.model import Panel, Place
from dashboards.preview.times import Range

NAN = math.nan
TIMES = np.array([0.0, 60, 120])
RED, GREEN, ORANGE = "#F2495C", "#73BF69", "#FF9830"
STEPS = {"steps": [{"color": "green", "value": None}, {"color": "red", "value": 2}]}
UP = {"text": "up", "color": "green", "index": 1}
DEAD = {"text": "dead", "color": "red", "index": 0}
STATES = [{"type": "value", "options": {"0": UP, "6": DEAD}}]


def line(*values: float, name: str = "a", ref: str = "A", **more: Any) -> Line:
    """Return a line with values at the beginning of the grid."""
    labels = more.pop("labels", {"group": name})
    return Line(name, ref, labels, np.array(values), **more)


def given(*lines: Line, times: Any = TIMES, **content: Any) -> Given:
    """Return a panel with lines."""
    panel = Panel("1", "any", "", "", Place(0, 0, 1, 1), content)
    return Given(panel, lines, times, 60.0, Range(0, 120), Carried([], "now-6h", "now"))


def config(overrides: Any = (), **defaults: Any) -> dict[str, Any]:
    """Return a fieldConfig."""
    return {"defaults": defaults, "overrides": list(overrides)}


def test_lines_have_colours_of_the_palette_and_what_overrides_give_them():
    """A dashed red limit beside the series."""
    dashed = {"matcher": {"id": "byName", "options": "limit"}, "properties": [
        {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}},
        {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}}]}  # fmt: skip
    drawing = draw_time_series(
        given(line(1, NAN, 3), line(2, 2, 2, name="limit"),
              fieldConfig=config([dashed], unit="s", color={"mode": "palette-classic"}, min=0))
    )  # fmt: skip
    first, second = drawing["series"]
    assert (GREEN, [], [1.0, None, 3.0]) == (first["color"], first["dash"], first["values"])
    assert (RED, [10, 10]) == (second["color"], second["dash"])
    assert [("s", 0.0, None)] == [
        (each["unit"], each["min"], each["max"]) for each in drawing["scales"]
    ]


def test_a_second_unit_has_a_scale_of_its_own():
    """Seconds and bytes have no common axis."""
    override = {"matcher": {"id": "byName", "options": "b"},
                "properties": [{"id": "unit", "value": "bytes"}]}  # fmt: skip
    drawing = draw_time_series(
        given(line(1), line(2, name="b"), fieldConfig=config([override], unit="s"))
    )
    assert (["s", "bytes"], [0, 1]) == (
        [each["unit"] for each in drawing["scales"]],
        [each["scale"] for each in drawing["series"]],
    )


def test_more_lines_than_can_be_told_apart_are_counted():
    """They are neither sent nor drawn."""
    drawing = draw_time_series(given(*(line(1, name=str(i)) for i in range(MOST_LINES + 5))))
    assert (MOST_LINES, ["5 more series are not drawn."]) == (
        len(drawing["series"]), drawing["notes"]
    )  # fmt: skip


def test_a_legend_tells_the_calculations_that_it_is_asked_for():
    """In their order, by Grafana's names."""
    options = {"legend": {"displayMode": "table", "calcs": ["max", "lastNotNull"]}}
    drawing = draw_time_series(given(line(3, 1, NAN), options=options))
    assert ["Max", "Last"] == drawing["legend"]["calculations"]
    assert [3.0, 1.0] == drawing["series"][0]["stats"]


@pytest.mark.parametrize(("placement", "expected"), [("top", True), ("left", False)])
def test_names_stand_above_bars_where_the_panel_says_so(placement: str, *, expected: bool):
    """A narrow panel has no room for them beside its bars."""
    assert expected == draw_bar_gauge(given(line(1), options={"namePlacement": placement}))["above"]


def test_a_stat_shows_the_last_value_with_its_colour_and_course():
    """A gap at the end is passed over."""
    drawing = draw_stat(
        given(line(1, 2.5, NAN), fieldConfig=config(thresholds=STEPS),
              options={"colorMode": "background", "graphMode": "area"})
    )  # fmt: skip
    (item,) = drawing["items"]
    assert (2.5, RED, [1.0, 2.5, None]) == (item["value"], item["color"], item["course"])
    assert ("background", "value") == (drawing["paint"], drawing["names"])


def test_several_stats_have_names_and_one_has_none():
    """As Grafana's text mode auto."""
    assert "both" == draw_stat(given(line(1), line(2, name="b")))["names"]


def test_a_stat_of_nothing_says_the_panels_own_words():
    """Whether there is no series, or one without a value."""
    settings = config(noValue="No traffic")
    assert "No traffic" == draw_stat(given(fieldConfig=settings))["no_value"]
    (item,) = draw_stat(given(line(NAN, NAN), fieldConfig=settings))["items"]
    assert ("No traffic", None) == (item["text"], item["value"])


def test_bars_fill_their_share_of_the_panels_scale():
    """And not more than all of it."""
    drawing = draw_bar_gauge(
        given(line(0.25), line(7, name="b"), line(-1, name="c"), fieldConfig=config(min=0, max=1))
    )
    assert [0.25, 1.0, 0.0] == [each["share"] for each in drawing["items"]]


def test_bars_without_bounds_are_measured_by_the_longest():
    """From 0, or from the lowest below it."""
    drawing = draw_bar_gauge(given(line(2), line(4, name="b")))
    assert [0.5, 1.0] == [each["share"] for each in drawing["items"]]


def test_a_dial_has_the_colours_of_its_thresholds_around_it():
    """In shares of its scale."""
    drawing = draw_gauge(given(line(3), fieldConfig=config(min=0, max=4, thresholds=STEPS)))
    assert [
        {"from": 0.0, "to": 0.5, "color": GREEN}, {"from": 0.5, "to": 1.0, "color": RED}
    ] == drawing["bands"]  # fmt: skip
    assert 0.75 == drawing["items"][0]["share"]


def test_states_without_meanings_are_coloured_from_green_to_red():
    """From the lowest value of all rows to the highest, unless the panel says otherwise."""
    shown = given(line(0.0, 5.0), line(10.0, 10.0, name="b"), times=TIMES[:2])
    shown = replace(shown, panel=replace(shown.panel, kind="state-timeline"))
    first, second = draw_state_timeline(shown)["rows"]
    colors = [each["color"] for row in (first, second) for each in row["stretches"]]
    assert [GREEN, continuous_color("GrYlRd", 0.5), RED] == colors


def test_states_last_until_the_next_and_a_gap_is_a_gap():
    """Samples of one state become one stretch."""
    times = np.array([0.0, 60, 120, 180, 240])
    drawing = draw_state_timeline(
        given(line(0, 0, 6, NAN, 0), times=times, fieldConfig=config(mappings=STATES))
    )
    assert [(0, 120, "up", GREEN), (120, 180, "dead", RED), (240, 300, "up", GREEN)] == [
        (each["from"], each["to"], each["text"], each["color"])
        for each in drawing["rows"][0]["stretches"]
    ]
    assert ["dead", "up"] == [each["text"] for each in drawing["meanings"]]


def buckets(**more: Any) -> list[Line]:
    """Return cumulative buckets of two times."""
    found = {"1": (2.0, 0.0), "5": (3.0, 4.0), "+Inf": (3.0, 5.0)}
    return [
        line(*values, name=bound, labels={"le": bound}, **more) for bound, values in found.items()
    ]


def test_a_histogram_shows_what_lies_in_each_bucket():
    """Cumulative counts as Prometheus has them become counts of each; nothing is left blank."""
    options = {"filterValues": {"le": 1e-9}, "yAxis": {"unit": "s"}}
    drawing = draw_heatmap(
        given(*buckets(format="heatmap")[::-1], times=TIMES[:2], options=options)
    )
    assert (["1", "5", "∞"], [1.0, 5.0, None], "s") == (
        drawing["rows"], drawing["numbers"], drawing["row_unit"]
    )  # fmt: skip
    assert [[2.0, None], [1.0, 4.0], [None, 1.0]] == drawing["cells"]


def test_series_are_rows_of_a_heat_map_that_is_of_no_histogram():
    """The first at the top, which is the last row."""
    drawing = draw_heatmap(given(line(1, 2, 3, name="h0"), line(4, 5, 6, name="h1")))
    assert (["h1", "h0"], [4.0, 5.0, 6.0], None) == (
        drawing["rows"], drawing["cells"][0], drawing["numbers"]
    )  # fmt: skip


def test_a_heat_map_may_count_series_by_their_values():
    """Grafana's calculation from data."""
    lines = [line(0, 0, 0), line(24, 24, 0, name="b")]
    drawing = draw_heatmap(given(*lines, options={"calculate": True}))
    cells = np.array(drawing["cells"])
    assert [2, 2, 2] == cells.sum(axis=0).tolist()
    assert ([1, 1, 0], [1, 1, 2]) == (cells[-1].tolist(), cells[0].tolist())


def test_a_table_has_cells_with_meanings_colours_and_links_of_their_rows():
    """As our list of alerts."""
    override = {"matcher": {"id": "byName", "options": "severity"}, "properties": [
        {"id": "mappings", "value": [{"type": "value",
                                      "options": {"page": {"color": "red", "index": 0}}}]},
        {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        {"id": "links", "value": [{"title": "Open", "url": "/d/x?var-g=${__data.fields.g}"}]},
    ]}  # fmt: skip
    rows = line(60, labels={"severity": "page", "g": "a b"}, format="table")
    drawing = draw_table(
        given(rows, times=TIMES[:1], fieldConfig=config([override], unit="s"),
              transformations=[{"id": "filterFieldsByName",
                                "options": {"include": {"names": ["severity", "g", "Value"]}}}])
    )  # fmt: skip
    columns = {each["name"]: each for each in drawing["columns"]}
    (cell,) = columns["severity"]["cells"]
    assert ("page", RED, "/d/x?var-g=a%20b") == (
        cell["value"], cell["color"], cell["links"][0]["href"]
    )  # fmt: skip
    assert ("s", 60.0) == (columns["Value"]["unit"], columns["Value"]["cells"][0]["value"])


def test_a_table_is_sorted_as_its_options_say_what_is_nothing_first():
    """By the first column, and by the second where that is the same; as Grafana sorts."""
    found = [("a", 2), ("b", NAN), ("c", 1), ("d", 2)]
    lines = [line(value, labels={"g": name}, format="table") for name, value in found]
    by = [{"displayName": "Value", "desc": False}, {"displayName": "g", "desc": True}]
    drawing = draw_table(given(*lines, times=TIMES[:1], options={"sortBy": by}))
    (column,) = (each for each in drawing["columns"] if each["name"] == "g")
    assert ["b", "c", "d", "a"] == [each["value"] for each in column["cells"]]
    assert {"column": "Value", "down": False} == drawing["sorted"]


def test_markdown_is_read_and_html_in_it_is_text():
    """Links lead only where a click may; pictures from elsewhere are none."""
    content = (
        "**Bold** <script>x</script> [ok](/d/x) [bad](javascript:x) ![p](http://e/x.png)\n\n"
        "<div onclick=x>\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    html = draw_text({"options": {"content": content, "mode": "markdown"}}, {})["html"]
    assert "<strong>Bold</strong> &lt;script&gt;" in html
    assert '<a href="/d/x">ok</a> [bad](javascript:x)' in html
    assert "<img" not in html
    assert "<div" not in html
    assert "<td>2</td>" in html


def test_html_is_shown_as_it_is_written():
    """And said to be."""
    drawing = draw_text({"options": {"content": "<b>x</b>", "mode": "html"}}, {})
    assert "<pre>&lt;b&gt;x&lt;/b&gt;</pre>" == drawing["html"]
    assert ["HTML is shown as it is written."] == drawing["notes"]
