"""What is read of a dashboard of the second schema, as :mod:`dashboards.lint.fields` of the first.

In its alpha ``kind`` names plugins; later ``group`` does, and ``kind`` is the same of all.
"""

from __future__ import annotations

from typing import Any

from dashboards.lint.fields import DataSourceFields, FieldConfigFields, LinkFields, Loose

_DATA_QUERY = "DataQuery"


class QuerySpec(Loose):
    """What a query asks."""

    expr: str | None = None
    legendFormat: str | None = None  # noqa: N815
    instant: bool | None = None
    range: bool | None = None
    query: str | None = None
    """Of a variable."""


class DataQuery(Loose):
    """A query of a data source."""

    kind: str | None = None
    group: str | None = None
    datasource: DataSourceFields | None = None
    spec: QuerySpec | None = None

    @property
    def plugin(self) -> str:
        """Of the data source."""
        return (self.group if self.kind == _DATA_QUERY else self.kind) or ""


class PanelQuerySpec(Loose):
    """A query of a panel."""

    refId: str | None = None  # noqa: N815
    datasource: DataSourceFields | None = None
    query: DataQuery | None = None


class PanelQuery(Loose):
    """The same, with its kind."""

    spec: PanelQuerySpec | None = None


class QueryGroupSpec(Loose):
    """The queries of a panel."""

    queries: list[PanelQuery] | None = None


class QueryGroup(Loose):
    """The same, with their kind."""

    spec: QueryGroupSpec | None = None


class VizSpec(Loose):
    """How a panel shows its values."""

    options: dict[str, Any] | None = None
    fieldConfig: FieldConfigFields | None = None  # noqa: N815


class Viz(Loose):
    """The kind of a panel."""

    kind: str | None = None
    group: str | None = None
    spec: VizSpec | None = None


class ElementSpec(Loose):
    """A panel."""

    id: int | None = None
    title: str | None = None
    description: str | None = None
    links: list[LinkFields] | None = None
    data: QueryGroup | None = None
    vizConfig: Viz | None = None  # noqa: N815


class Element(Loose):
    """A panel, or that of a library."""

    kind: str | None = None
    spec: ElementSpec | None = None


class Reference(Loose):
    """The name of an element."""

    name: str | None = None


class ItemSpec(Loose):
    """What a layout places: an element, a row, a tab."""

    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    element: Reference | None = None
    elements: list[Item] | None = None
    layout: Layout | None = None


class Item(Loose):
    """The same, with its kind."""

    kind: str | None = None
    spec: ItemSpec | None = None


class LayoutSpec(Loose):
    """What stands where."""

    items: list[Item] | None = None
    rows: list[Item] | None = None
    tabs: list[Item] | None = None


class Layout(Loose):
    """The same, with its kind."""

    kind: str | None = None
    spec: LayoutSpec | None = None


class VariableSpec(Loose):
    """A variable."""

    name: str | None = None
    pluginId: str | None = None  # noqa: N815
    query: DataQuery | str | None = None
    definition: str | None = None
    datasource: DataSourceFields | None = None
    multi: bool | None = None
    includeAll: bool | None = None  # noqa: N815


class Variable(Loose):
    """The same, with its kind."""

    kind: str | None = None
    spec: VariableSpec | None = None


class AnnotationSpec(Loose):
    """An annotation."""

    name: str | None = None
    datasource: DataSourceFields | None = None
    query: DataQuery | None = None


class Annotation(Loose):
    """The same, with its kind."""

    spec: AnnotationSpec | None = None


class BoardSpec(Loose):
    """A dashboard."""

    title: str | None = None
    description: str | None = None
    elements: dict[str, Element] | None = None
    layout: Layout | None = None
    variables: list[Variable] | None = None
    annotations: list[Annotation] | None = None
    links: list[LinkFields] | None = None
