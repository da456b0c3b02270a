"""A rule of somebody's file, its group, and where all it says stands in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from exporters.documents import Place, format_place
from exporters.generated import is_generated
from exporters.problems import Problem
from slo.rule_reading.expressions import Parsed, parse_expression
from slo.rule_reading.source import Position, Source

EXPR: Place = ("expr",)


@dataclass(frozen=True)
class Group:
    """A group of rules."""

    name: str
    interval_seconds: float | None
    """None where it is that of the server."""
    shifts_seconds: Mapping[str, float]
    """By the field that says so (``query_offset``, ``evaluation_delay``, ``eval_delay``,
    ``eval_offset``), how far the group's evaluations or what they read are put off; of those that
    are above 0."""
    language: str
    """In which its expressions are written: ``prometheus``, or another that vmalert takes."""
    source: Source
    place: Place

    def problem(self, field: Place, message: str, fix: str = "") -> Problem:
        """Return a problem of a field below the group."""
        return self.source.document.problem((*self.place, *field), message, fix)


@dataclass(frozen=True)
class Rule:
    """A rule, and where it stands."""

    group: Group
    place: Place
    name: str
    """Of the alert, or of the series."""
    is_alert: bool
    expr: str
    for_seconds: float
    keep_firing_seconds: float
    labels: Mapping[str, str]
    """Those of its group included."""
    annotations: Mapping[str, str]

    @property
    def file(self) -> str:
        """The file's path, as given."""
        return self.group.source.document.file

    @property
    def lines(self) -> tuple[int, int]:
        """The first line and the last, up to where the next rule or group begins."""
        source = self.group.source
        first, _ = source.position(self.place)
        after, _ = source.end_of_item(self.place)
        return first, max(first, min(after - 1, len(source.lines)))

    @cached_property
    def parsed(self) -> Parsed:
        """The expression's tree, or why there is none."""
        return parse_expression(self.expr)

    @property
    def is_generated(self) -> bool:
        """Whether shardwatch wrote the file."""
        return is_generated(self.group.source.lines[0])

    @property
    def templates(self) -> Iterator[tuple[Place, str]]:
        """Yield the texts that Prometheus fills in, each with its place below the rule's."""
        if self.is_alert:
            yield from ((("labels", name), text) for name, text in self.labels.items())
            yield from ((("annotations", name), text) for name, text in self.annotations.items())

    def position(self, field: Place, word: str = "", offset: int = 0) -> Position:
        """Return line and column of a field, or of a word in it.

        Args:
            field: below the rule: ``("labels", "severity")``. A label that only the group sets
                is found there.
            word: within its value.
            offset: of the word in the value.
        """
        value = self.expr if field == EXPR else dict(self.templates).get(field, "")
        return self.group.source.find(self._whole(field), value, word, offset)

    def problem(self, field: Place, message: str, fix: str = "", offset: int = 0) -> Problem:
        """Return a problem of a field below the rule.

        Args:
            field: as of :meth:`position`.
            message: as :class:`Problem` has it.
            fix: likewise.
            offset: in an expression, where it is wrong.
        """
        word = next(iter(self.expr[offset:].split()), "") if offset and field == EXPR else ""
        line, column = self.position(field, word, offset)
        return Problem(self.file, line, column, format_place(self._whole(field)), message, fix)

    def _whole(self, field: Place) -> Place:
        known = self.group.source.document.positions
        of_group = (*self.group.place, *field)
        is_of_group = field[:1] == ("labels",) and (*self.place, *field) not in known
        return of_group if is_of_group and of_group in known else (*self.place, *field)
