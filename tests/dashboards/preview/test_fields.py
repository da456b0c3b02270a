"""How values are shown: defaults and overrides, thresholds, meanings."""

import math

import pytest

from dashboards.preview.colors import continuous_color
from dashboards.preview.fields import Field, Look, field_of, with_defaults

RED, GREEN = "#F2495C", "#73BF69"
STEPS = {"steps": [{"color": "green", "value": None}, {"color": "red", "value": 1}]}
MEANINGS = [
    {"type": "value", "options": {"0": {"text": "up", "color": "green", "index": 1},
                                  "6": {"text": "dead", "color": "red", "index": 0}}},
    {"type": "range", "options": {"from": 10, "to": None, "result": {"text": "many", "index": 2}}},
    {"type": "special", "options": {"match": "null", "result": {"text": "nothing", "index": 3}}},
    {"type": "regex", "options": {"pattern": "^xid_", "result": {"text": "an XID", "index": 4}}},
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, GREEN), (0.99, GREEN), (1.0, RED), (7.0, RED), (None, GREEN)]
)
def test_a_value_has_the_colour_of_the_highest_threshold_that_it_reaches(
    value: float | None, expected: str
):
    """Nothing has that of the lowest."""
    assert expected == Field({"thresholds": STEPS}).color(value)


def test_thresholds_may_be_percents_of_the_scale():
    """Of 0 to 4, one half is 2."""
    steps = {"mode": "percentage", "steps": [{"color": "green"}, {"color": "red", "value": 50}]}
    field = Field({"thresholds": steps, "min": 0, "max": 4})
    assert [GREEN, RED] == [field.color(1.9), field.color(2.0)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, "up"), (6.0, "dead"), (12.0, "many"), (None, "nothing"), ("xid_79", "an XID"),
     (3.0, None), (math.nan, None), ("up", None)],
)  # fmt: skip
def test_a_value_with_a_meaning_is_shown_by_it(value: float | str | None, expected: str | None):
    """By value, range, special case or pattern; others stay numbers."""
    assert expected == Field({"mappings": MEANINGS}).look(value).text


def test_meanings_are_listed_in_their_own_order():
    """Dead is the first of a legend that begins with the worst."""
    assert [("dead", RED), ("up", GREEN)] == Field({"mappings": MEANINGS}).meanings[:2]


@pytest.mark.parametrize(
    ("matcher", "matches"),
    [
        ({"id": "byName", "options": "page at"}, True),
        ({"id": "byName", "options": "page"}, False),
        ({"id": "byRegexp", "options": "/^page/"}, True),
        ({"id": "byRegexp", "options": "("}, False),
        ({"id": "byFrameRefID", "options": "B"}, True),
        ({"id": "byType", "options": "number"}, True),
        ({"id": "unknown"}, False),
        ("wrong", False),
    ],
)
def test_an_override_counts_where_it_matches(matcher, matches):
    """By name, pattern, query or type; a matcher that is none matches nothing."""
    config = {
        "defaults": {"unit": "s"},
        "overrides": [{"matcher": matcher, "properties": [{"id": "unit", "value": "ms"}]}],
    }
    assert ("ms" if matches else "s") == field_of(config, "page at", "B").unit


def test_an_override_deep_in_settings_leaves_the_others_and_the_panel_alone():
    """One line's dashes are no other line's."""
    config = {
        "defaults": {"custom": {"lineWidth": 2, "lineStyle": {"fill": "solid"}}},
        "overrides": [
            {"matcher": {"id": "byName", "options": "a"},
             "properties": [{"id": "custom.lineStyle", "value": {"fill": "dash"}}]}
        ],
    }  # fmt: skip
    first, second = field_of(config, "a"), field_of(config, "b")
    assert ("dash", 2) == (first.custom("lineStyle", "fill"), first.custom("lineWidth"))
    assert "solid" == second.custom("lineStyle", "fill")


@pytest.mark.parametrize("wrong", [[], "x", 3, {"defaults": 4, "overrides": {"a": 1}}])
def test_settings_of_any_shape_are_survived(wrong: object):
    """What is not understood is not there."""
    field = field_of(wrong if isinstance(wrong, dict) else {}, "a")
    assert ("none", Look("#8E8E8E")) == (field.unit, field.look(1.0))


def test_a_colour_is_never_more_than_a_colour():
    """A dashboard's text must not become a style."""
    field = Field({"color": {"mode": "fixed", "fixedColor": "red;background:url(//x)"}})
    assert "#8E8E8E" == field.color(1.0)


def test_where_a_panel_says_nothing_its_kind_does_as_in_grafana():
    """Series over time are told apart by colour; numbers have Grafana's thresholds."""
    series = field_of(with_defaults({}, "timeseries"), "")
    assert 3 == len({series.color(1.0, index=index) for index in range(3)})
    assert [GREEN, RED] == [field_of(with_defaults({}, "stat"), "").color(x) for x in (79.0, 80.0)]
    own = {"defaults": {"color": {"mode": "fixed", "fixedColor": "red"}, "thresholds": STEPS}}
    assert own == with_defaults(own, "timeseries")


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, GREEN), (0.5, "#E2C03D"), (1.0, RED), (7.0, RED)]
)
def test_a_scale_goes_from_the_lowest_colour_to_the_highest(share: float, expected: str):
    """By way of yellow, on the curve that d3 draws through the three."""
    assert expected == continuous_color("GrYlRd", share)


def test_a_scale_without_bounds_is_that_of_all_values_of_the_panel():
    """Its own bounds come first; nothing has the lowest colour."""
    color = {"mode": "continuous-GrYlRd"}
    field = Field({"color": color}, extent=(2.0, 4.0))
    assert [GREEN, RED, GREEN] == [field.color(2.0), field.color(4.0), field.color(None)]
    assert RED == Field({"color": color, "min": 0, "max": 2}, extent=(2.0, 4.0)).color(2.0)
