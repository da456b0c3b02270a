"""Tables of columns, and Grafana's transformations of them. Pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from dashboards.preview.fields import compiled
from dashboards.preview.lines import Line
from dashboards.preview.loose import Json, at, mapping, mappings, number, text, texts, whole

Cell: TypeAlias = float | str | None

VALUE, TIME = "Value", "Time"


@dataclass(frozen=True)
class Column:
    """One column; all of a table have equally many cells."""

    name: str
    kind: str
    """``string``, ``number`` or ``time``."""
    cells: tuple[Cell, ...]
    ref: str = ""
    """Of the query that its values are of."""


Table: TypeAlias = tuple[Column, ...]


def tables_of(lines: Sequence[Line], end: float) -> list[Table]:
    """Return a table a query: a row a series, a column a label, its last value, the time."""
    refs = list(dict.fromkeys(each.ref for each in lines))
    return [
        _table_of([each for each in lines if each.ref == ref], ref, end, is_alone=len(refs) == 1)
        for ref in refs
    ]


def _table_of(lines: Sequence[Line], ref: str, end: float, *, is_alone: bool) -> Table:
    names = sorted({key for each in lines for key in each.labels})
    labels = [Column(name, "string", tuple(each.labels.get(name) for each in lines), ref)
              for name in names]  # fmt: skip
    value = Column(VALUE if is_alone else f"{VALUE} #{ref}", "number",
                   tuple(_last(each) for each in lines), ref)  # fmt: skip
    time = Column(TIME, "time", tuple(end * 1000 for _ in lines), ref)
    return (time, *labels, value)


def _last(line: Line) -> float | None:
    known = line.values[~np.isnan(line.values)]
    return float(known[-1]) if known.size else None


def transform(tables: Sequence[Table], transformations: Sequence[Json]) -> tuple[Table, list[str]]:
    """Return the one table that a panel shows, and in sentences what was not done to it.

    Several tables that no transformation joins are merged: it is what people ask for who put two
    queries into one table.
    """
    now = list(tables)
    notes: list[str] = []
    for each in transformations:
        name = text(each.get("id"))
        if each.get("disabled") is True:
            continue
        options = mapping(each.get("options"))
        if unknown := _unknown(name, options):
            notes.append(f"The preview does not know {unknown}.")
        elif name in _OF_ALL:
            now = [_OF_ALL[name](now, options)]
        elif name in _OF_EACH:
            now = [_OF_EACH[name](table, options) for table in now]
    if len(now) > 1:
        now = [_merge(now, {})]
    return (now[0] if now else ()), notes


def _unknown(name: str, options: Json) -> str:
    """Return what of a transformation is not known here; nothing if all is."""
    if name not in _OF_ALL and name not in _OF_EACH and name not in _WITHOUT_EFFECT:
        return f"the transformation {name!r}"
    if name == _FILTER:
        for each in mappings(options.get("filters")):
            if (condition := text(at(each, "config", "id"))) not in _CONDITIONS:
                return f"the condition {condition!r} of the transformation {name!r}"
    return ""


def _rows(table: Table) -> int:
    return len(table[0].cells) if table else 0


def _take(table: Table, rows: Sequence[int]) -> Table:
    return tuple(replace(each, cells=tuple(each.cells[row] for row in rows)) for each in table)


def _filter_names(table: Table, options: Json) -> Table:
    names = texts(at(options, "include", "names"))
    pattern = compiled(text(at(options, "include", "pattern")))
    left_out = compiled(text(at(options, "exclude", "pattern")))
    excluded = texts(at(options, "exclude", "names"))
    has_choice = bool(names) or pattern is not None
    return tuple(
        each
        for each in table
        if (not has_choice or each.name in names or (pattern and pattern.search(each.name)))
        and each.name not in excluded
        and not (left_out and left_out.search(each.name))
    )


def _filter_values(table: Table, options: Json) -> Table:
    """Return the rows that fit conditions; as in Grafana a column that is not there fits none."""
    columns = {each.name: each.cells for each in table}
    found = []
    for each in mappings(options.get("filters")):
        cells = columns.get(text(each.get("fieldName")))
        fits = _CONDITIONS[text(at(each, "config", "id"))]
        limit = at(each, "config", "options", "value")
        found.append([cells is not None and fits(cells[row], limit) for row in range(_rows(table))])
    if not found:
        return table
    agree = all if options.get("match") == "all" else any
    kept = [agree(one[row] for one in found) for row in range(_rows(table))]
    is_taken = options.get("type") != "exclude"
    return _take(table, [row for row, fits in enumerate(kept) if fits is is_taken])


def _compared(compare: Callable[[float, float], bool]) -> Callable[[Cell, object], bool]:
    def fits(cell: Cell, limit: object) -> bool:
        most = number(limit)
        return isinstance(cell, float) and most is not None and compare(cell, most)

    return fits


def _equal(cell: Cell, limit: object) -> bool:
    return cell == (number(limit) if isinstance(cell, float) else limit)


_FILTER = "filterByValue"
_CONDITIONS: Mapping[str, Callable[[Cell, object], bool]] = {
    "isNull": lambda cell, _: cell is None,
    "isNotNull": lambda cell, _: cell is not None,
    "equal": _equal,
    "notEqual": lambda cell, limit: not _equal(cell, limit),
    "greater": _compared(operator.gt),
    "greaterOrEqual": _compared(operator.ge),
    "lower": _compared(operator.lt),
    "lowerOrEqual": _compared(operator.le),
}
"""Of filters by value (``ValueMatcherID`` of @grafana/data): of a cell, and what it is held to."""


def _organize(table: Table, options: Json) -> Table:
    excluded = mapping(options.get("excludeByName"))
    included = mapping(options.get("includeByName"))
    order = mapping(options.get("indexByName"))
    renamed = mapping(options.get("renameByName"))
    kept = [
        each
        for each in table
        if excluded.get(each.name) is not True and (not included or included.get(each.name) is True)
    ]
    placed = sorted(kept, key=lambda each: _place(order.get(each.name)))
    return tuple(replace(each, name=text(renamed.get(each.name)) or each.name) for each in placed)


def _place(index: object) -> float:
    found = number(index)
    return math.inf if found is None else found


def _rename(table: Table, options: Json) -> Table:
    pattern = compiled(text(options.get("regex")))
    if pattern is None:
        return table
    to = re.sub(r"\$(\d)", r"\\\1", text(options.get("renamePattern")))
    try:
        return tuple(replace(each, name=pattern.sub(to, each.name, count=1)) for each in table)
    except re.error:
        return table


def _sort(table: Table, options: Json) -> Table:
    for by in mappings(options.get("sort"))[:1]:
        column = next((each for each in table if each.name == by.get("field")), None)
        if column is not None:
            rows = sorted(range(_rows(table)), key=lambda row: sort_key(column.cells[row]))
            return _take(table, rows[::-1] if by.get("desc") is True else rows)
    return table


def sort_key(cell: Cell) -> tuple[int, float, str]:
    """Return a key that puts nothing first, then numbers, then texts."""
    if cell is None:
        return (0, 0.0, "")
    if isinstance(cell, str):
        return (2, 0.0, cell)
    return (1, -math.inf if math.isnan(cell) else cell, "")


def _limit(table: Table, options: Json) -> Table:
    most = whole(options.get("limitField"), 10, 0, 100_000)
    return _take(table, range(min(most, _rows(table))))


def _merge(tables: Sequence[Table], _: Json) -> Table:
    """Return one table: rows that agree in all that they share become one."""
    names = list(dict.fromkeys(each.name for table in tables for each in table))
    columns = {each.name: each for table in tables for each in table}
    keys = [each for each in names if columns[each].kind == "string"]
    merged: dict[tuple[Cell, ...], dict[str, Cell]] = {}
    for table in tables:
        for row in range(_rows(table)):
            cells = {each.name: each.cells[row] for each in table}
            key = tuple(cells.get(name) for name in keys)
            merged.setdefault(key, {}).update(cells)
    ordered = sorted(names, key=lambda each: columns[each].kind == "number")
    return tuple(
        replace(columns[name], cells=tuple(row.get(name) for row in merged.values()))
        for name in ordered
    )


def _join(tables: Sequence[Table], options: Json) -> Table:
    """Return one table: rows of one value in a column become one."""
    by = text(options.get("byField"))
    holding = [table for table in tables if any(each.name == by for each in table)]
    if not holding:
        return _merge(tables, {})
    rows: dict[Cell, dict[str, Cell]] = {}
    columns: dict[str, Column] = {}
    keys = [set(each.cells) for table in holding for each in table if each.name == by]
    kept = set.intersection(*keys) if options.get("mode") == "inner" else set.union(*keys)
    for table in holding:
        here = next(each for each in table if each.name == by)
        for each in table:
            name = (
                each.name
                if each.name == by or each.name not in columns
                else f"{each.name} {each.ref}"
            )
            columns[name] = replace(each, name=name)
            for row, cell in enumerate(each.cells):
                if here.cells[row] in kept:
                    rows.setdefault(here.cells[row], {})[name] = cell
    return tuple(
        replace(column, cells=tuple(cells.get(name) for cells in rows.values()))
        for name, column in columns.items()
    )


_OF_EACH: Mapping[str, Callable[[Table, Json], Table]] = {
    _FILTER: _filter_values,
    "filterFieldsByName": _filter_names,
    "limit": _limit,
    "organize": _organize,
    "renameByRegex": _rename,
    "sortBy": _sort,
}
_OF_ALL: Mapping[str, Callable[[Sequence[Table], Json], Table]] = {
    "joinByField": _join,
    "merge": _merge,
    "seriesToColumns": _join,
}
_WITHOUT_EFFECT = ("labelsToFields", "seriesToRows", "convertFieldType", "concatenate")
"""Our tables have a column a label already."""
