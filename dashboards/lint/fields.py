"""What is read of a dashboard's JSON: the fields of each schema that the checks look at.

All others are passed over, and none must be there: Grafana has defaults for every one.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)


def _if_ours(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


def _written(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


_Field = TypeVar("_Field")
IfOurs = Annotated[_Field | None, WrapValidator(_if_ours)]
"""A field that plugins and other data sources have, too, in shapes of their own: then None."""
Title = Annotated[str | None, BeforeValidator(_written)]
"""A title; Grafana shows a number as it is written."""


class Loose(BaseModel):
    """Fields of somebody's object."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class DataSourceFields(Loose):
    """A reference to a data source; ``name`` is that of the second schema."""

    type: str | None = None
    uid: str | None = None
    name: str | None = None


class LinkFields(Loose):
    """A link of a board, a panel or a value."""

    url: str | None = None
    dashUri: str | None = None  # noqa: N815 - as Grafana has it


class PropertyFields(Loose):
    """A property that an override sets."""

    id: str | None = None
    value: Any = None


class OverrideFields(Loose):
    """What is shown otherwise of some series."""

    properties: list[PropertyFields] | None = None


class DefaultsFields(Loose):
    """How values are shown."""

    unit: str | None = None
    links: list[LinkFields] | None = None


class FieldConfigFields(Loose):
    """How values are shown, and some of them otherwise."""

    defaults: DefaultsFields | None = None
    overrides: list[OverrideFields] | None = None


class TargetFields(Loose):
    """A query of a panel."""

    expr: str | None = None
    refId: str | None = None  # noqa: N815
    legendFormat: str | None = None  # noqa: N815
    datasource: str | DataSourceFields | None = None
    instant: IfOurs[bool] = None
    range: IfOurs[bool] = None


class GridFields(Loose):
    """Where a panel stands."""

    x: float | None = None
    y: float | None = None
    w: float | None = None
    h: float | None = None


class AxisFields(Loose):
    """An axis of an old graph."""

    format: str | None = None


class StyleFields(Loose):
    """A column of an old table."""

    unit: str | None = None


class PanelFields(Loose):
    """A panel of the first schema."""

    id: int | None = None
    type: str | None = None
    title: Title = None
    description: str | None = None
    datasource: str | DataSourceFields | None = None
    targets: list[TargetFields] | None = None
    gridPos: GridFields | None = None  # noqa: N815
    fieldConfig: FieldConfigFields | None = None  # noqa: N815
    panels: list[PanelFields] | None = None
    repeat: IfOurs[str] = None
    links: list[LinkFields] | None = None
    libraryPanel: dict[str, Any] | None = None  # noqa: N815
    format: IfOurs[str] = None
    yaxes: IfOurs[list[AxisFields]] = None
    styles: IfOurs[list[StyleFields]] = None
    options: IfOurs[dict[str, Any]] = None


class RowFields(Loose):
    """A row, as boards before schema 16 have them."""

    panels: list[PanelFields] | None = None


class VariableFields(Loose):
    """A variable of the first schema."""

    name: str | None = None
    type: str | None = None
    query: str | dict[str, Any] | None = None
    definition: str | None = None
    datasource: str | DataSourceFields | None = None
    multi: bool | None = None
    includeAll: bool | None = None  # noqa: N815


class TemplatingFields(Loose):
    """The variables."""

    items: list[VariableFields] | None = Field(None, alias="list")


class AnnotationTargetFields(Loose):
    """The query of an annotation."""

    expr: str | None = None


class AnnotationFields(Loose):
    """An annotation of the first schema."""

    name: str | None = None
    expr: str | None = None
    target: IfOurs[AnnotationTargetFields] = None
    """Of Graphite's a text."""
    datasource: str | DataSourceFields | None = None


class AnnotationsFields(Loose):
    """The annotations."""

    items: list[AnnotationFields] | None = Field(None, alias="list")


class InputFields(Loose):
    """What whoever imports a board is asked for."""

    name: str | None = None
    type: str | None = None
    pluginId: str | None = None  # noqa: N815


class ClassicFields(Loose):
    """A dashboard of the first schema."""

    uid: str | None = None
    title: str | None = None
    description: str | None = None
    schemaVersion: int | None = None  # noqa: N815
    panels: list[PanelFields] | None = None
    rows: list[RowFields] | None = None
    templating: TemplatingFields | None = None
    annotations: AnnotationsFields | None = None
    links: list[LinkFields] | None = None
    inputs: list[InputFields] | None = Field(None, alias="__inputs")
