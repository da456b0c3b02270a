"""Tables, and what transformations make of them."""

import numpy as np
import pytest

from dashboards.preview.columns import tables_of, transform
from dashboards.preview.lines import Line


def lines(ref: str, *rows: tuple[dict[str, str], float]) -> list[Line]:
    """Return instant lines of a query."""
    return [Line("", ref, labels, np.array([value]), "table") for labels, value in rows]


ALERTS = lines("A", ({"alertname": "Burn", "region": "eu"}, 60), ({"alertname": "Lost"}, 30))


def shown(table) -> dict[str, list[object]]:
    """Return the cells of columns by name, in the columns' order."""
    return {each.name: list(each.cells) for each in table}


def test_a_series_is_a_row_and_a_label_a_column():
    """One that a series has not is empty; the time is there too."""
    (table,) = tables_of(ALERTS, 5.0)
    expected = {
        "Time": [5000.0, 5000.0],
        "alertname": ["Burn", "Lost"],
        "region": ["eu", None],
        "Value": [60.0, 30.0],
    }
    assert expected == shown(table)


def test_columns_are_chosen_ordered_and_renamed_as_our_boards_do():
    """filterFieldsByName, then organize."""
    table, notes = transform(
        tables_of(ALERTS, 0),
        [
            {"id": "filterFieldsByName", "options": {"include": {"names": ["Value", "alertname"]}}},
            {"id": "organize", "options": {"indexByName": {"alertname": 0, "Value": 1},
                                           "renameByName": {"Value": "active for"}}},
        ],
    )  # fmt: skip
    assert ["alertname", "active for"] == list(shown(table))
    assert [] == notes


def test_two_queries_become_one_table_of_rows_that_agree():
    """Of two queries the values are columns of their own."""
    more = lines("B", ({"alertname": "Burn", "region": "eu"}, 7))
    table, _ = transform(tables_of([*ALERTS, *more], 0), [{"id": "merge"}])
    assert ([60.0, 30.0], [7.0, None]) == (shown(table)["Value #A"], shown(table)["Value #B"])


def test_tables_are_joined_by_a_column():
    """Outer, as Grafana does unless told otherwise; or only what all have."""
    more = lines("B", ({"alertname": "Lost"}, 9), ({"alertname": "New"}, 1))
    tables = tables_of([*ALERTS, *more], 0)
    options = {"byField": "alertname"}
    outer, _ = transform(tables, [{"id": "joinByField", "options": options}])
    assert ["Burn", "Lost", "New"] == shown(outer)["alertname"]
    assert [None, 9.0, 1.0] == shown(outer)["Value #B"]
    inner, _ = transform(tables, [{"id": "joinByField", "options": {**options, "mode": "inner"}}])
    assert ["Lost"] == shown(inner)["alertname"]


def test_rows_are_sorted_and_limited():
    """Numbers as numbers."""
    by = {"sort": [{"field": "Value", "desc": False}]}
    table, _ = transform(
        tables_of(ALERTS, 0),
        [{"id": "sortBy", "options": by}, {"id": "limit", "options": {"limitField": 1}}],
    )
    assert ["Lost"] == shown(table)["alertname"]


@pytest.mark.parametrize(
    ("condition", "more", "expected"),
    {
        "what is there": (("region", "isNotNull", None), {}, ["Burn"]),
        "what is missing": (("region", "isNull", None), {}, ["Lost"]),
        "all but what is there": (("region", "isNotNull", None), {"type": "exclude"}, ["Lost"]),
        "more": (("Value", "greater", 30), {}, ["Burn"]),
        "as much": (("Value", "greaterOrEqual", "30"), {}, ["Burn", "Lost"]),
        "less": (("Value", "lower", 60), {}, ["Lost"]),
        "a number": (("Value", "equal", 30), {}, ["Lost"]),
        "a text": (("alertname", "notEqual", "Burn"), {}, ["Lost"]),
        "a column that is not there": (("none", "isNull", None), {}, []),
    }.values(),
)
def test_rows_are_filtered_by_values(condition, more, expected):
    """As in Grafana, whose filters name a column and a condition."""
    name, which, value = condition
    filters = [{"fieldName": name, "config": {"id": which, "options": {"value": value}}}]
    options = {"filters": filters, "type": "include", "match": "all", **more}
    table, notes = transform(tables_of(ALERTS, 0), [{"id": "filterByValue", "options": options}])
    assert (expected, []) == (shown(table)["alertname"], notes)


def test_rows_may_fit_any_condition_or_must_fit_all():
    """Without a word any will do."""
    filters = [{"fieldName": "Value", "config": {"id": "equal", "options": {"value": each}}}
               for each in (30, 60)]  # fmt: skip
    for match, expected in {"any": 2, "all": 0}.items():
        options = {"filters": filters, "match": match, "type": "include"}
        table, _ = transform(tables_of(ALERTS, 0), [{"id": "filterByValue", "options": options}])
        assert expected == len(table[0].cells)


def test_a_condition_that_is_not_known_is_said_and_filters_nothing():
    """Silence would show rows that somebody has filtered out."""
    filters = [{"fieldName": "Value", "config": {"id": "regex", "options": {"value": "3."}}}]
    table, notes = transform(
        tables_of(ALERTS, 0), [{"id": "filterByValue", "options": {"filters": filters}}]
    )
    said = "the condition 'regex' of the transformation 'filterByValue'"
    assert ([f"The preview does not know {said}."], 2) == (notes, len(table[0].cells))


def test_columns_are_renamed_by_a_pattern():
    """With Grafana's $1 for the first group; a wrong pattern changes nothing."""
    rename = {"id": "renameByRegex", "options": {"regex": "^alert(.*)", "renamePattern": "of $1"}}
    table, _ = transform(tables_of(ALERTS, 0), [rename])
    assert "of name" in shown(table)
    rename["options"]["regex"] = "("
    assert "alertname" in shown(transform(tables_of(ALERTS, 0), [rename])[0])


def test_an_unknown_transformation_is_said_and_one_that_is_off_is_not_done():
    """Silence would show a wrong table as if it were right."""
    limit = {"id": "limit", "disabled": True, "options": {"limitField": 0}}
    table, notes = transform(tables_of(ALERTS, 0), [{"id": "histogram"}, limit])
    assert ["The preview does not know the transformation 'histogram'."] == notes
    assert 2 == len(table[0].cells)


def test_nothing_is_a_table_without_columns():
    """And no error."""
    assert ((), []) == transform(tables_of([], 0), [{"id": "merge"}, {"id": "limit"}])
