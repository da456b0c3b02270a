"""A dashboard as the checks see it, whichever schema its file has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dashboards.lint.filling import fill
from dashboards.lint.json_text import JsonFile
from dashboards.lint.placeholders import NUMBER, SERIES, Filled
from dashboards.lint.references import references
from exporters.documents import Place, format_place
from exporters.problems import Problem
from slo.rule_reading.expressions import Parsed, parse_expression
from slo.rule_reading.rules import EXPR
from slo.rule_reading.source import Position

SHOWN_CHARACTERS = 60
"""Of somebody's text, in a message."""
LATEST_CLASSIC_SCHEMA = 42
LONGEST_EXPRESSION_CHARACTERS = 20_000
MIXED = "-- Mixed --"
_OWN, _EXPRESSIONS = "grafana", "__expr__"
"""Of Grafana itself. Grafana Cloud calls its Prometheus ``grafanacloud-NAME-prom``."""


def is_prometheus(plugin: str) -> bool:
    """Tell whether a plugin of data sources asks in PromQL; VictoriaLogs has a language of its own.

    Args:
        plugin: ``prometheus``, ``grafana-amazonprometheus-datasource``, ...
    """
    return "prometheus" in plugin or ("victoriametrics" in plugin and "logs" not in plugin)


def plain(text: str) -> str:
    """Return somebody's text so that it can be printed: short, no control characters."""
    shown = "".join(each if each.isprintable() else " " for each in text).strip()
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[: SHOWN_CHARACTERS - 3] + "..."


@dataclass(frozen=True)
class Text:
    """A text of a board, and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True)
class DataSource:
    """Which data source something asks."""

    type: str
    """Of the plugin; empty where it is not said."""
    name: str
    """A uid, in old boards a name, or a variable; empty for Grafana's default one."""
    place: Place

    @property
    def is_variable(self) -> bool:
        """Whether it is chosen at the board's top, or as the board is imported."""
        return any(references(self.name))

    @property
    def is_grafanas(self) -> bool:
        """Whether it is none to configure: ``-- Mixed --``, ``-- Grafana --``, expressions."""
        return (
            self.name.startswith("--")
            or self.name in (_OWN, _EXPRESSIONS)
            or self.type in (_OWN, "datasource", _EXPRESSIONS)
        )


@dataclass(frozen=True)
class Variable:
    """A variable of a board."""

    name: str
    kind: str
    """``query``, ``datasource``, ``custom``, ``interval``, ..."""
    of_type: str
    """Of a data source's: the plugin."""
    has_many: bool
    """Whether several values may be chosen, or all."""
    place: Place
    is_input: bool = False
    """Whether whoever imports the board gives it, once."""


@dataclass(frozen=True)
class Query:
    """An expression of a board: it asks for series as a rule does."""

    source: JsonFile
    name: str
    """The panel's title and the query's letter; the variable's or the annotation's name."""
    written: Text
    """The expression, with variables."""
    datasource: DataSource
    place: Place
    legend: Text | None = None
    is_range: bool = False
    """Whether it is asked at each step of the board's time range."""
    shift: int = 0
    """Where the expression begins in the text at its place."""
    label: str = ""
    """Of a variable: the label whose values it offers."""

    @property
    def file(self) -> str:
        """The file's path, as given."""
        return self.source.file

    @property
    def expr(self) -> str:
        """The expression with something in the place of each variable."""
        return self.filled.text

    @property
    def parsed(self) -> Parsed:
        """The tree of that, or why there is none."""
        length = len(self.written.text)
        if length > LONGEST_EXPRESSION_CHARACTERS:
            said = f"found {length} characters, expected at most {LONGEST_EXPRESSION_CHARACTERS}"
            return Parsed(None, said)
        return parse_expression(self.expr)

    @cached_property
    def filled(self) -> Filled:
        """The same, and what stands for what."""
        if len(self.written.text) > LONGEST_EXPRESSION_CHARACTERS:
            return Filled(self.written.text, [(0, 0)], is_open=True, guessed=())
        first = fill(self.written.text, NUMBER)
        if not first.guessed or parse_expression(first.text).tree is not None:
            return first
        other = fill(self.written.text, SERIES)
        return first if parse_expression(other.text).tree is None else other

    @property
    def are_labels_known(self) -> bool:
        """Whether no label or matcher is a variable."""
        return not self.filled.is_open and not self.filled.guessed

    def position(self, field: Place, word: str = "", offset: int = 0) -> Position:
        """Return line and column of a field below the query, or of a word of the expression."""
        if field != EXPR:
            return self.source.position((*self.place, *field))
        if not word:
            return self.source.position(self.written.place)
        origin = self.filled.origin(offset) + self.shift
        return self.source.position_in(self.written.place, origin)

    def problem(self, check: str, message: str, fix: str, at: Place = ()) -> Problem:
        """Return a problem of the query, or of a place elsewhere."""
        line, column = self.source.position(at or self.written.place)
        return Problem(self.file, line, column, self.name, message, fix, check)


@dataclass(frozen=True)
class Grid:
    """Where a panel stands, in units: 24 columns wide."""

    x: float
    y: float
    width: float
    height: float
    place: Place

    def overlaps(self, other: Grid) -> bool:
        """Tell whether two panels cover some unit together."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True)
class Panel:
    """A panel of a board."""

    source: JsonFile
    place: Place
    id: int | None
    title: str
    kind: str | None
    """Of the plugin: ``timeseries``; empty where it is not said, None where a library has the
    panel."""
    description: str
    queries: Sequence[Query]
    units: Sequence[str]
    """Of its values, its columns, its axes."""
    grid: Grid | None
    group: Place
    """What holds it: the board, or a row. Panels of one group stand on one grid."""
    links: Sequence[Text] = ()
    """Addresses."""
    texts: Sequence[Text] = ()
    """All others in which variables may stand."""
    datasource: DataSource | None = None

    @property
    def name(self) -> str:
        """The title, or where it has none the place."""
        return plain(self.title) or format_place(self.place)

    def problem(self, check: str, message: str, fix: str, at: Place = ()) -> Problem:
        """Return a problem of the panel, or of a place in it."""
        line, column = self.source.position(at or self.place)
        return Problem(self.source.file, line, column, self.name, message, fix, check)


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    source: JsonFile
    place: Place
    uid: str
    uid_place: Place
    title: str
    description: str
    schema: int | None
    """The version of its schema; None of the second schema's."""
    panels: Sequence[Panel]
    variables: Sequence[Variable]
    queries: Sequence[Query]
    """Of annotations and variables."""
    links: Sequence[Text] = ()
    texts: Sequence[Text] = ()
    has_rows: bool = False
    """Whether panels stand in rows as before schema 16."""

    @property
    def name(self) -> str:
        """The title, or where it has none the place."""
        return plain(self.title) or format_place(self.place)

    @property
    def all_queries(self) -> Sequence[Query]:
        """Those of panels, too."""
        return [*(query for panel in self.panels for query in panel.queries), *self.queries]

    @cached_property
    def variables_by_name(self) -> dict[str, Variable]:
        """The variables; the last of a name."""
        return {each.name: each for each in self.variables}

    def asks_prometheus(self, datasource: DataSource) -> bool:
        """Tell whether a data source is a Prometheus, as far as the board says."""
        if datasource.type:
            return is_prometheus(datasource.type)
        for each in references(datasource.name):
            variable = self.variables_by_name.get(each.name)
            if variable is not None and variable.of_type:
                return is_prometheus(variable.of_type)
        return not datasource.is_grafanas or datasource.name == MIXED

    def problem(self, check: str, message: str, fix: str, at: Place | None = None) -> Problem:
        """Return a problem of the board, or of a place in it."""
        line, column = self.source.position(self.place if at is None else at)
        return Problem(self.source.file, line, column, self.name, message, fix, check)
