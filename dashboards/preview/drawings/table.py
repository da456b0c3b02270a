"""Tables: a row a series, a column a label."""

from __future__ import annotations

import math

from dashboards.preview.columns import Cell, Column, sort_key, tables_of, transform
from dashboards.preview.drawings.given import Drawing, Given
from dashboards.preview.fields import Field, field_of
from dashboards.preview.links import value_links
from dashboards.preview.loose import Json, at, mappings, number, text

MOST_ROWS = 500
MOST_SORTED_BY = 10


def draw_table(given: Given) -> Drawing:
    """Return columns with their cells."""
    end = float(given.times[-1]) if given.times.size else given.range.end
    transformations = mappings(given.panel.content.get("transformations"))
    table, notes = transform(tables_of(given.lines, end), transformations)
    rows = len(table[0].cells) if table else 0
    order = _order(given, table, rows)
    if rows > MOST_ROWS:
        notes.append(f"{rows - MOST_ROWS} more rows are not shown.")
    columns = []
    for column in table:
        field = field_of(given.config, column.name, column.ref, column.kind)
        if field.custom("hidden") is True or field.custom("hideFrom", "viz") is True:
            continue
        columns.append(_column(given, table, column, field, order[:MOST_ROWS]))
    return {
        "kind": "table",
        "columns": columns,
        "rows": min(rows, MOST_ROWS),
        "sorted": _sorted_by(given, table),
        "header": given.options.get("showHeader") is not False,
        "no_value": given.defaults.no_value,
        "notes": notes,
    }


def _sorted_by(given: Given, table: tuple[Column, ...]) -> Json | None:
    """Return the column of most weight in the panel's own order, which its heading tells."""
    names = {each.name for each in table}
    for by in mappings(given.options.get("sortBy")):
        name = text(by.get("displayName"))
        if name in names:
            return {"column": name, "down": by.get("desc") is True}
    return None


def _order(given: Given, table: tuple[Column, ...], rows: int) -> list[int]:
    """Return the rows in the order of the panel's own columns, the first of more weight."""
    columns = {each.name: each.cells for each in table}
    order = list(range(rows))
    for by in reversed(mappings(given.options.get("sortBy"))[:MOST_SORTED_BY]):
        cells = columns.get(text(by.get("displayName")))
        if cells is not None:
            keys = [sort_key(each) for each in cells]
            order.sort(key=keys.__getitem__, reverse=by.get("desc") is True)
    return order


def _column(
    given: Given, table: tuple[Column, ...], column: Column, field: Field, order: list[int]
) -> Json:
    style = text(field.custom("cellOptions", "type")) or text(field.custom("displayMode"), "auto")
    numbers = [each for each in column.cells if isinstance(each, float) and math.isfinite(each)]
    low = field.lowest if field.lowest is not None else min([0.0, *numbers])
    high = field.highest if field.highest is not None else max([low, *numbers])
    width = number(field.custom("width"))
    cells = []
    for row in order:
        value = column.cells[row]
        look = field.look(value)
        cell: dict[str, object] = {"value": _plain(value)}
        if look.text is not None:
            cell["text"] = look.text
        if style != "auto":
            cell["color"] = look.color
        if style in ("gauge", "lcd-gauge", "gradient-gauge") and isinstance(value, float):
            cell["share"] = min(max((value - low) / (high - low), 0), 1) if high > low else 0
        if field.links:
            cell["links"] = _links(given, table, field, row, value)
        cells.append(cell)
    return {
        "name": field.display_name or column.name,
        "kind": column.kind,
        "unit": field.unit if column.kind == "number" else "none",
        "decimals": field.decimals,
        "align": text(field.custom("align"), "auto"),
        "style": style,
        "width": width,
        "wrap": at(field.custom("cellOptions"), "wrapText") is True,
        "cells": cells,
    }


def _links(
    given: Given, table: tuple[Column, ...], field: Field, row: int, value: Cell
) -> list[Json]:
    written = "" if value is None else f"{value:g}" if isinstance(value, float) else value
    of_row = {each.name: _written(each.cells[row]) for each in table}
    own = {"__value.raw": written, "__value.text": written, "__value.numeric": written}
    own |= {f"__data.fields.{name}": cell for name, cell in of_row.items()}
    own |= {f"__field.labels.{name}": cell for name, cell in of_row.items()}
    return value_links(field.links, given.carried, own)


def _written(cell: Cell) -> str:
    return "" if cell is None else cell if isinstance(cell, str) else f"{cell:g}"


def _plain(value: Cell) -> float | str | None:
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value
