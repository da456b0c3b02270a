"""What every drawing is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from dashboards.interpolation import WORDS, Standing, interpolate
from dashboards.preview.fields import Field, field_of, with_defaults
from dashboards.preview.lines import Line, Values
from dashboards.preview.links import Carried, value_links
from dashboards.preview.loose import Json, mapping, mappings
from dashboards.preview.model import Panel
from dashboards.preview.times import Range

Drawing: TypeAlias = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Given:
    """A panel with what its queries gave."""

    panel: Panel
    lines: Sequence[Line]
    times: Values
    """The grid that all lines stand on, UNIX seconds, shape [T]."""
    step: float
    """Seconds between two times."""
    range: Range
    carried: Carried

    @property
    def options(self) -> Json:
        """Return the panel's own options."""
        return mapping(self.panel.content.get("options"))

    @property
    def config(self) -> Json:
        """Return how its fields are shown."""
        return with_defaults(mapping(self.panel.content.get("fieldConfig")), self.panel.kind)

    @property
    def defaults(self) -> Field:
        """Return how a field is shown that no override is for."""
        return field_of({"defaults": mapping(self.config.get("defaults"))}, "")

    @cached_property
    def _extent(self) -> tuple[float, float]:
        """Return the lowest and the highest value of all lines; 0 and 0 where there are none."""
        known = [each.values[np.isfinite(each.values)] for each in self.lines]
        values = np.concatenate(known) if known else np.empty(0)
        return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)

    def fields(self) -> Iterator[tuple[int, Line, Field, str]]:
        """Give each line with its index, its settings and the name that it is shown by."""
        for index, line in enumerate(self.lines):
            field = replace(field_of(self.config, line.name, line.ref), extent=self._extent)
            yield index, line, field, self.name_of(line, field)

    def name_of(self, line: Line, field: Field) -> str:
        """Return the name that a line is shown by."""
        if not field.display_name:
            return line.name
        return interpolate(field.display_name, self._standing(line, ""), where=WORDS)

    def links(self, line: Line, field: Field, value: str = "") -> list[Json]:
        """Return what a click on a line offers."""
        links = [*field.links, *mappings(self.panel.content.get("links"))]
        own = {name: each.values[0] for name, each in self._own(line, value).items()}
        return value_links(links, self.carried, own) if links else []

    def _standing(self, line: Line, value: str) -> dict[str, Standing]:
        return {**self.carried.standing, **self._own(line, value)}

    def _own(self, line: Line, value: str) -> dict[str, Standing]:
        own = {
            "__field.name": line.name,
            "__field.displayName": line.name,
            "__series.name": line.name,
            "__value.raw": value,
            "__value.numeric": value,
            "__value.text": value,
            **{f"__field.labels.{key}": each for key, each in line.labels.items()},
            **{f"__data.fields.{key}": each for key, each in line.labels.items()},
        }
        return {name: Standing((each,)) for name, each in own.items()}


Draw: TypeAlias = Callable[[Given], Drawing]
