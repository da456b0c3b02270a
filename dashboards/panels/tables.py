"""Tables: a row for each series, or for each place that several queries tell something of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafanalib import core

from dashboards.panels.about import About, Json, Meaning, Step, basics, extra, mapping_of, targets
from dashboards.queries.query import Query


class Table(core.Panel):  # type: ignore[misc]  # grafanalib has no types
    """A row for each series, a column for each label."""

    def to_json_data(self) -> Json:
        """Return the panel as Grafana 12 writes it."""
        panel: Json = self.panel_json(
            {
                "type": "table",
                "fieldConfig": {
                    "defaults": {
                        "custom": {
                            "align": "auto",
                            "cellOptions": {"type": "auto"},
                            "filterable": True,
                            "inspect": False,
                        }
                    }
                },
                "options": {"cellHeight": "sm", "showHeader": True},
            }
        )
        return panel


@dataclass(frozen=True)
class Order:
    """By which column rows are sorted; nothing comes before the lowest, as in Grafana."""

    heading: str
    descending: bool = False


@dataclass(frozen=True)
class Column:
    """A column of numbers of a table of several queries."""

    heading: str
    query: Query
    unit: str
    steps: tuple[Step, ...] = ()
    """Colours of the cells; none for plain numbers."""
    decimals: int | None = None
    meanings: tuple[Meaning, ...] = ()
    zero: str = ""
    """What stands there for 0, so that what is not 0 is seen among many rows; without meanings."""

    def __post_init__(self) -> None:
        """Refuse two mappings of one column, of which Grafana takes the last.

        Raises:
            ValueError: if it has both.
        """
        if self.meanings and self.zero:
            raise ValueError(
                f"the column {self.heading!r} has meanings and a zero, expected one of them; "
                "say as a meaning what 0 is"
            )


def table(
    about: About, query: Query, columns: Mapping[str, str], order: Sequence[Order] = ()
) -> Any:
    """Return a row for each series of an instant query.

    Args:
        about: the panel.
        query: instant; each label is a column, the value is the column ``Value``.
        columns: label to heading, in the order of the columns; other labels are left out.
        order: of the rows, the first of more weight; without one, they are as the query has them.
    """
    return Table(
        **basics(about, targets([query], instant=True, format="table")),
        transformations=_arranged(columns),
        extraJson={**extra(about), **_sorted(order)},
    )


def joined_table(
    about: About,
    labels: Mapping[str, str],
    columns: Sequence[Column],
    order: Sequence[Order] = (),
    *,
    only_of_first: bool = False,
) -> Any:
    """Return a row for each place, with a column for each query.

    Args:
        about: the panel; its unit is that of no column in particular.
        labels: label to heading, in order; they come first and tell the rows apart, so that each
            query must give exactly these labels.
        columns: the numbers, one query each.
        order: of the rows, the first of more weight; without one, they are as the first query has
            them.
        only_of_first: whether places are left out of which the first query says nothing, so that
            it alone need choose them.
    """
    names = {f"Value #{chr(ord('A') + i)}": each.heading for i, each in enumerate(columns)}
    ours = tuple(_column(each) for each in columns)
    return Table(
        **basics(about, targets([each.query for each in columns], instant=True, format="table")),
        transformations=[
            {"id": "merge", "options": {}},
            *([_holding(next(iter(names)))] if only_of_first else []),
            *_arranged({**labels, **names}),
        ],
        extraJson={**extra(about, overrides=ours), **_sorted(order)},
    )


def colored_column(heading: str, meanings: Sequence[Meaning | tuple[str, str]]) -> Json:
    """Return an override that colours the texts of a table's column."""
    options = {
        text: {"color": color, "index": index}
        for index, (text, color) in enumerate(
            (each.text, each.color) if isinstance(each, Meaning) else each for each in meanings
        )
    }
    return {
        "matcher": {"id": "byName", "options": heading},
        "properties": [
            {"id": "mappings", "value": [{"options": options, "type": "value"}]},
            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        ],
    }


def meaning_column(heading: str, meanings: Sequence[Meaning]) -> Json:
    """Return an override that writes what the numbers of a table's column stand for."""
    return {
        "matcher": {"id": "byName", "options": heading},
        "properties": [
            {"id": "mappings", "value": [mapping_of(meanings)]},
            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        ],
    }


def linked_column(heading: str, title: str, url: str) -> Json:
    """Return an override that makes a column's values open another board."""
    link = {"targetBlank": False, "title": title, "url": url}
    return {
        "matcher": {"id": "byName", "options": heading},
        "properties": [{"id": "links", "value": [link]}],
    }


def narrow_column(heading: str, pixels: int) -> Json:
    """Return an override that gives a column a width, for texts that would push others out."""
    return {
        "matcher": {"id": "byName", "options": heading},
        "properties": [{"id": "custom.width", "value": pixels}],
    }


def _sorted(order: Sequence[Order]) -> Json:
    by = [{"desc": each.descending, "displayName": each.heading} for each in order]
    return {"options": {"sortBy": by}} if by else {}


def _holding(name: str) -> Json:
    """Return a transformation that keeps the rows that have a value in a column."""
    is_there = {"config": {"id": "isNotNull", "options": {}}, "fieldName": name}
    options = {"filters": [is_there], "match": "all", "type": "include"}
    return {"id": "filterByValue", "options": options}


def _arranged(columns: Mapping[str, str]) -> list[Json]:
    return [
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {},
                "indexByName": {name: index for index, name in enumerate(columns)},
                "renameByName": dict(columns),
            },
        },
    ]


def _column(column: Column) -> Json:
    properties: list[Json] = [{"id": "unit", "value": column.unit}]
    if column.decimals is not None:
        properties.append({"id": "decimals", "value": column.decimals})
    if column.meanings:
        properties.append({"id": "mappings", "value": [mapping_of(column.meanings)]})
    if column.zero:
        nothing = {"options": {"0": {"index": 0, "text": column.zero}}, "type": "value"}
        properties.append({"id": "mappings", "value": [nothing]})
    if column.steps:
        steps = [{"color": each.color, "value": each.value} for each in column.steps]
        properties.append({"id": "thresholds", "value": {"mode": "absolute", "steps": steps}})
    if column.steps or column.meanings:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    return {"matcher": {"id": "byName", "options": column.heading}, "properties": properties}
