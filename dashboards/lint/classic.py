"""Dashboards of the first schema: every ``schemaVersion``, with panels or with rows of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dashboards.lint.board import Board, DataSource, Grid, Panel, Query, Text, Variable, plain
from dashboards.lint.fields import (
    AnnotationFields,
    ClassicFields,
    DataSourceFields,
    FieldConfigFields,
    GridFields,
    LinkFields,
    PanelFields,
    TargetFields,
    VariableFields,
)
from dashboards.lint.json_text import JsonFile
from dashboards.lint.variable_queries import variable_query
from exporters.documents import Place, part_of

_UNIT = "unit"
_LINKS = "links"
_CONTENT = "content"
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_ADDRESS = re.compile(r"""(?:\]\(|href=["'])(?P<address>[^\s)"']+)""")


def read_classic(source: JsonFile, place: Place, data: Any, named: Text | None = None) -> Board:
    """Return a dashboard.

    Args:
        source: the file.
        place: of the dashboard in it.
        data: what stands there.
        named: the name that stands for its uid, in the metadata of a resource.

    Raises:
        InputError: if a field that is read has another type.
    """
    fields = part_of(source.document, place, data).parse(ClassicFields)
    uid = named or Text(fields.uid or "", (*place, "uid"))
    panels = tuple(_all_panels(source, place, fields))
    variables = (fields.templating.items if fields.templating else None) or []
    of_variables = (*place, "templating", "list")
    annotations = (fields.annotations.items if fields.annotations else None) or []
    of_annotations = (*place, "annotations", "list")
    found = [_variable(each, (*of_variables, index)) for index, each in enumerate(variables)]
    found += [
        Variable(
            each.name, each.type or "datasource", each.pluginId or "", has_many=False,
            place=(*place, "__inputs", index), is_input=True,
        )
        for index, each in enumerate(fields.inputs or ())
        if each.name
    ]  # fmt: skip
    queries = [
        query
        for index, each in enumerate(variables)
        for query in _of_variable(source, each, (*of_variables, index))
    ]
    queries += [
        query
        for index, each in enumerate(annotations)
        for query in _of_annotation(source, each, (*of_annotations, index))
    ]
    return Board(
        source=source,
        place=place,
        uid=uid.text,
        uid_place=uid.place,
        title=fields.title or "",
        description=fields.description or "",
        schema=fields.schemaVersion or 0,
        panels=panels,
        variables=found,
        queries=queries,
        links=link_texts(fields.links, (*place, _LINKS)),
        texts=_texts(place, title=fields.title, description=fields.description),
        has_rows=bool(fields.rows),
    )


def link_texts(links: Sequence[LinkFields] | None, place: Place) -> tuple[Text, ...]:
    """Return the addresses of links."""
    return tuple(
        Text(url, (*place, index, "url" if each.url else "dashUri"))
        for index, each in enumerate(links or ())
        if (url := each.url or each.dashUri)
    )


def field_units(config: FieldConfigFields | None) -> Iterator[str]:
    """Yield the units of a panel's values."""
    if config is None:
        return
    if config.defaults is not None and config.defaults.unit:
        yield config.defaults.unit
    for override in config.overrides or ():
        for each in override.properties or ():
            if each.id == _UNIT and isinstance(each.value, str) and each.value:
                yield each.value


def option_units(options: dict[str, Any] | None) -> Iterator[str]:
    """Yield the units that a heat map has of its own."""
    for key in ("yAxis", "cellValues"):
        axis = (options or {}).get(key)
        unit = axis.get(_UNIT) if isinstance(axis, dict) else None
        if isinstance(unit, str) and unit:
            yield unit


def option_texts(options: dict[str, Any] | None, place: Place) -> Iterator[Text]:
    """Yield what a text panel shows, in which variables may stand."""
    content = (options or {}).get(_CONTENT)
    if isinstance(content, str) and (options or {}).get("mode") != "code":
        # What stands between backticks is shown as it is written: `$HOME`.
        yield Text(_CODE.sub(lambda each: " " * len(each[0]), content), (*place, _CONTENT))


def links_in(texts: Iterable[Text]) -> Iterator[Text]:
    """Yield the addresses of links in Markdown and HTML."""
    for text in texts:
        for each in _ADDRESS.finditer(text.text):
            yield Text(each["address"], text.place)


def value_links(config: FieldConfigFields | None, place: Place) -> Iterator[Text]:
    """Yield the addresses of links that a click on a value offers."""
    if config is None:
        return
    if config.defaults is not None:
        yield from link_texts(config.defaults.links, (*place, "defaults", _LINKS))
    for number, override in enumerate(config.overrides or ()):
        for index, each in enumerate(override.properties or ()):
            if each.id != _LINKS or not isinstance(each.value, list):
                continue
            at = (*place, "overrides", number, "properties", index, "value")
            for item, link in enumerate(each.value):
                url = link.get("url") if isinstance(link, dict) else None
                if isinstance(url, str):
                    yield Text(url, (*at, item, "url"))


def data_source(
    fields: str | DataSourceFields | None, place: Place, default: DataSource | None = None
) -> DataSource:
    """Return which data source something asks: its own, or else that of what it is in."""
    if isinstance(fields, str) and fields:
        return DataSource("", fields, place)
    if isinstance(fields, DataSourceFields):
        name = fields.uid or fields.name or ""
        if name or fields.type:
            return DataSource(fields.type or "", name, place)
    return default or DataSource("", "", place)


def _all_panels(source: JsonFile, place: Place, fields: ClassicFields) -> Iterator[Panel]:
    for index, each in enumerate(fields.panels or ()):
        yield from _panels(source, each, (*place, "panels", index), place)
    for index, row in enumerate(fields.rows or ()):
        of_row = (*place, "rows", index)
        for number, each in enumerate(row.panels or ()):
            yield from _panels(source, each, (*of_row, "panels", number), of_row)


def _panels(source: JsonFile, fields: PanelFields, place: Place, group: Place) -> Iterator[Panel]:
    """Yield a panel, and those that it holds if it is a row."""
    panel = _panel(source, fields, place, group)
    yield panel
    for index, each in enumerate(fields.panels or ()):
        yield from _panels(source, each, (*place, "panels", index), place)


def _panel(source: JsonFile, fields: PanelFields, place: Place, group: Place) -> Panel:
    of_panel = data_source(fields.datasource, (*place, "datasource"))
    config = (*place, "fieldConfig")
    old_units = [fields.format, *(each.format for each in fields.yaxes or ())]
    old_units += [each.unit for each in fields.styles or ()]
    title = plain(fields.title or "")
    shown = tuple(option_texts(fields.options, (*place, "options")))
    return Panel(
        source=source,
        place=place,
        id=fields.id,
        title=fields.title or "",
        kind=None if fields.libraryPanel else fields.type or "",
        description=fields.description or "",
        queries=tuple(
            query
            for index, each in enumerate(fields.targets or ())
            for query in _of_target(source, each, (*place, "targets", index), title, of_panel)
        ),
        units=[
            *field_units(fields.fieldConfig),
            *option_units(fields.options),
            *(each for each in old_units if each),
        ],
        grid=_grid(fields.gridPos, (*place, "gridPos")),
        group=group,
        links=(
            *link_texts(fields.links, (*place, _LINKS)),
            *value_links(fields.fieldConfig, config),
            *links_in(shown),
        ),
        texts=(
            *_texts(
                place, title=fields.title, description=fields.description,
                repeat=f"${fields.repeat}" if fields.repeat else None,
            ),
            *shown,
        ),
        datasource=of_panel if fields.datasource else None,
    )  # fmt: skip


def _of_target(
    source: JsonFile, fields: TargetFields, place: Place, title: str, default: DataSource
) -> Iterator[Query]:
    if not fields.expr or not fields.expr.strip():
        return
    legend = fields.legendFormat
    yield Query(
        source=source,
        name=f"{title} ({plain(fields.refId)})" if fields.refId else title,
        written=Text(fields.expr, (*place, "expr")),
        datasource=data_source(fields.datasource, (*place, "datasource"), default),
        place=place,
        legend=Text(legend, (*place, "legendFormat")) if legend else None,
        is_range=bool(fields.range) or not fields.instant,
    )


def _variable(fields: VariableFields, place: Place) -> Variable:
    kind = fields.type or ""
    plugin = fields.query if kind == "datasource" and isinstance(fields.query, str) else ""
    has_many = bool(fields.multi) or bool(fields.includeAll)
    return Variable(fields.name or "", kind, plugin, has_many=has_many, place=place)


def _of_variable(source: JsonFile, fields: VariableFields, place: Place) -> Iterator[Query]:
    if fields.type != "query":
        return
    written = fields.query if isinstance(fields.query, str) else None
    at: Place = (*place, "query")
    if isinstance(fields.query, dict):
        inner = fields.query.get("query")
        written, at = (inner if isinstance(inner, str) else None), (*at, "query")
    if not written:
        written, at = fields.definition, (*place, "definition")
    if written:
        query = Query(
            source, f"${fields.name or ''}", Text(written, at),
            data_source(fields.datasource, (*place, "datasource")), place,
        )  # fmt: skip
        yield from variable_query(query)


def _of_annotation(source: JsonFile, fields: AnnotationFields, place: Place) -> Iterator[Query]:
    written, at = fields.expr, (*place, "expr")
    if not written and fields.target is not None:
        written, at = fields.target.expr, (*place, "target", "expr")
    if written and written.strip():
        yield Query(
            source, plain(fields.name or "annotation"), Text(written, at),
            data_source(fields.datasource, (*place, "datasource")), place,
        )  # fmt: skip


def _grid(fields: GridFields | None, place: Place) -> Grid | None:
    if fields is None:
        return None
    return Grid(fields.x or 0, fields.y or 0, fields.w or 0, fields.h or 0, place)


def _texts(place: Place, **said: str | None) -> tuple[Text, ...]:
    return tuple(Text(text, (*place, name)) for name, text in said.items() if text)
