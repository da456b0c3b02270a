"""Dashboards of Grafana's second schema: ``dashboard.grafana.app/v2``, its alpha and beta included.

Panels are elements by name, and layouts refer to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dashboards.lint import second_fields
from dashboards.lint.board import Board, DataSource, Grid, Panel, Query, Text, Variable, plain
from dashboards.lint.classic import (
    data_source,
    field_units,
    link_texts,
    links_in,
    option_texts,
    option_units,
    value_links,
)
from dashboards.lint.fields import DataSourceFields
from dashboards.lint.json_text import JsonFile
from dashboards.lint.variable_queries import variable_query
from exporters.documents import Place, part_of

_VIZ_CONFIG = "VizConfig"


_OnGrid = tuple[Grid | None, Place]
"""Where an element stands, and on which grid."""


def read_second(source: JsonFile, place: Place, data: Any, uid: Text) -> Board:
    """Return a dashboard.

    Args:
        source: the file.
        place: of its ``spec``.
        data: what stands there.
        uid: the name in its metadata.

    Raises:
        InputError: if a field that is read has another type.
    """
    fields = part_of(source.document, place, data).parse(second_fields.BoardSpec)
    grids = {} if fields.layout is None else dict(_grids(fields.layout, (*place, "layout")))
    return Board(
        source=source,
        place=place,
        uid=uid.text,
        uid_place=uid.place,
        title=fields.title or "",
        description=fields.description or "",
        schema=None,
        panels=tuple(
            _panel(source, each, (*place, "elements", name), grids.get(name, (None, place)))
            for name, each in (fields.elements or {}).items()
        ),
        variables=[
            _variable(each, (*place, "variables", index))
            for index, each in enumerate(fields.variables or ())
        ],
        queries=[*_of_variables(source, fields, place), *_of_annotations(source, fields, place)],
        links=link_texts(fields.links, (*place, "links")),
        texts=[Text(fields.title, (*place, "title"))] if fields.title else [],
    )


def _grids(layout: second_fields.Layout, place: Place) -> Iterator[tuple[str, _OnGrid]]:
    """Yield the name of each element with where it stands, and on which grid."""
    spec = layout.spec or second_fields.LayoutSpec()
    for key in ("items", "rows", "tabs"):
        items: list[second_fields.Item] = getattr(spec, key) or []
        for index, item in enumerate(items):
            yield from _of_item(item, (*place, "spec", key, index), place)


def _of_item(item: second_fields.Item, place: Place, group: Place) -> Iterator[tuple[str, _OnGrid]]:
    spec = item.spec or second_fields.ItemSpec()
    if spec.element is not None and spec.element.name:
        grid = None
        if spec.width is not None:
            grid = Grid(
                spec.x or 0, spec.y or 0, spec.width, spec.height or 0, (*place, "spec")
            )  # fmt: skip
        yield spec.element.name, (grid, group)
    if spec.layout is not None:
        yield from _grids(spec.layout, (*place, "spec", "layout"))
    for index, each in enumerate(spec.elements or ()):
        yield from _of_item(each, (*place, "spec", "elements", index), place)


def _panel(source: JsonFile, fields: second_fields.Element, place: Place, on: _OnGrid) -> Panel:
    spec, below = fields.spec or second_fields.ElementSpec(), (*place, "spec")
    viz = spec.vizConfig or second_fields.Viz()
    shown = viz.spec or second_fields.VizSpec()
    kind = (viz.group if viz.kind == _VIZ_CONFIG else viz.kind) or ""
    group_spec = spec.data.spec if spec.data is not None else None
    of_queries = (*below, "data", "spec", "queries")
    title = plain(spec.title or "")
    of_viz = (*below, "vizConfig", "spec")
    texts = tuple(option_texts(shown.options, (*of_viz, "options")))
    return Panel(
        source=source,
        place=place,
        id=spec.id,
        title=spec.title or "",
        kind=kind if fields.kind != "LibraryPanel" else None,
        description=spec.description or "",
        queries=[
            query
            for index, each in enumerate((group_spec.queries if group_spec else None) or ())
            for query in _of_panel(source, each, (*of_queries, index, "spec"), title)
        ],
        units=[*field_units(shown.fieldConfig), *option_units(shown.options)],
        grid=on[0],
        group=on[1],
        links=[
            *link_texts(spec.links, (*below, "links")),
            *value_links(shown.fieldConfig, (*of_viz, "fieldConfig")),
            *links_in(texts),
        ],
        texts=[*([Text(spec.title, (*below, "title"))] if spec.title else []), *texts],
    )


def _of_panel(
    source: JsonFile, fields: second_fields.PanelQuery, place: Place, title: str
) -> Iterator[Query]:
    spec = fields.spec
    if spec is None or spec.query is None or spec.query.spec is None:
        return
    asked, below = spec.query.spec, (*place, "query", "spec")
    if not asked.expr or not asked.expr.strip():
        return
    yield Query(
        source=source,
        name=f"{title} ({plain(spec.refId)})" if spec.refId else title,
        written=Text(asked.expr, (*below, "expr")),
        datasource=_source_of(spec.query, spec.datasource, place),
        place=place,
        legend=Text(asked.legendFormat, (*below, "legendFormat")) if asked.legendFormat else None,
        is_range=bool(asked.range) or not asked.instant,
    )


def _source_of(
    query: second_fields.DataQuery, own: DataSourceFields | None, place: Place
) -> DataSource:
    at = (*place, "datasource") if own is not None else (*place, "query", "datasource")
    found = data_source(own or query.datasource, at)
    return DataSource(found.type or query.plugin, found.name, at)


def _variable(fields: second_fields.Variable, place: Place) -> Variable:
    spec = fields.spec or second_fields.VariableSpec()
    kind = (fields.kind or "").removesuffix("Variable").lower()
    has_many = bool(spec.multi) or bool(spec.includeAll)
    return Variable(spec.name or "", kind, spec.pluginId or "", has_many=has_many, place=place)


def _of_variables(
    source: JsonFile, fields: second_fields.BoardSpec, place: Place
) -> Iterator[Query]:
    for index, each in enumerate(fields.variables or ()):
        spec = each.spec or second_fields.VariableSpec()
        below = (*place, "variables", index, "spec")
        asked = spec.query if isinstance(spec.query, second_fields.DataQuery) else None
        written, at = spec.definition, (*below, "definition")
        if asked is not None and asked.spec is not None and asked.spec.query:
            written, at = asked.spec.query, (*below, "query", "spec", "query")
        if each.kind == "QueryVariable" and written:
            chosen = _source_of(asked or second_fields.DataQuery(), spec.datasource, below)
            query = Query(source, f"${spec.name or ''}", Text(written, at), chosen, below)
            yield from variable_query(query)


def _of_annotations(
    source: JsonFile, fields: second_fields.BoardSpec, place: Place
) -> Iterator[Query]:
    for index, each in enumerate(fields.annotations or ()):
        spec = each.spec or second_fields.AnnotationSpec()
        below = (*place, "annotations", index, "spec")
        asked = spec.query
        if asked is not None and asked.spec is not None and asked.spec.expr:
            written = Text(asked.spec.expr, (*below, "query", "spec", "expr"))
            chosen = _source_of(asked, spec.datasource, below)
            yield Query(source, plain(spec.name or "annotation"), written, chosen, below)
