"""What the preview knows of a dashboard, whoever made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dashboards.preview.loose import Json


@dataclass(frozen=True)
class Place:
    """Of a panel within its section: in 24 columns, and units of 38 pixels downwards."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Panel:
    """One panel."""

    key: str
    """Of its own on the board, also where ids are missing or repeated."""
    kind: str
    """Grafana's type: ``timeseries``."""
    title: str
    description: str
    place: Place
    content: Json
    """The panel as it was read."""
    is_transparent: bool = False


@dataclass(frozen=True)
class Section:
    """A row with the panels below it; the first of a board may have no title."""

    title: str
    panels: Sequence[Panel]
    is_collapsed: bool = False


@dataclass(frozen=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    description: str
    tags: Sequence[str]
    sections: Sequence[Section]
    variables: Sequence[Json]
    links: Sequence[Json]
    annotations: Sequence[Json]
    time_from: str
    time_to: str
    refresh: str
    """``30s``; empty for never."""
    file: str
    notes: Sequence[str] = field(default=())
    """What of it cannot be shown, in sentences."""

    @cached_property
    def panels(self) -> Mapping[str, Panel]:
        """Return every panel by its key."""
        return {each.key: each for each in self._every()}

    def _every(self) -> Iterator[Panel]:
        for section in self.sections:
            yield from section.panels
