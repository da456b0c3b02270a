"""What a panel's queries give: asked of the one Prometheus, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, isfinite

import numpy as np

from dashboards.interpolation import Standing, interpolate
from dashboards.preview.lines import Line, Values, name_lines, put_on_grid
from dashboards.preview.loose import Json, at, mapping, mappings, number, text
from dashboards.preview.model import Panel
from dashboards.preview.outages import Watched
from dashboards.preview.times import (
    Range,
    aligned,
    built_in,
    parse_seconds,
    step_seconds,
    written_seconds,
)
from slo.prometheus import PrometheusTooLargeError

ANSWER_WITHIN_SECONDS = 15.0
"""A query that takes longer is given up, and its panel says so."""
LARGEST_ANSWER_BYTES = 32 * 1024 * 1024
MOST_TARGETS = 26
MOST_SERIES = 1000
"""Of one query. More cannot be drawn; they are counted."""

_NARROW = 0.02
"""Of a graph's width: lines within less of it are not seen."""
_UNSEEN = "No sample at steps of {}, though there is one at the end: choose a shorter time range"
_OF_THE_END = ("stat", "gauge", "bargauge", "table", "singlestat")


@dataclass(frozen=True)
class Told:
    """What the panel's queries gave."""

    lines: Sequence[Line]
    times: Values
    step: float
    range: Range
    notes: Sequence[str]
    unseen: str = ""
    """Why there is nothing, where it is for the step alone."""


class Asker:
    """Asks Prometheus for panels."""

    def __init__(self, prometheus: Watched, scrape_seconds: float) -> None:
        self._prometheus = prometheus
        self._scrape_seconds = scrape_seconds

    async def ask(
        self, panel: Panel, range_: Range, points: int, standing: Mapping[str, Standing]
    ) -> Told:
        """Return the lines of a panel, on one grid.

        Args:
            panel: whose queries are asked.
            range_: of the board; the panel may have one of its own.
            points: that there is room for.
            standing: what stands for the board's variables.

        Raises:
            PrometheusError: if one of the queries cannot be answered.
        """
        content = panel.content
        range_ = _own_range(content, range_)
        targets = [each for each in mappings(content.get("targets")) if _is_asked(each)]
        targets = targets[:MOST_TARGETS]
        wanted = [parse_seconds(interpolate(text(each.get("interval")), standing))
                  for each in (content, *targets)]  # fmt: skip
        room = int(number(content.get("maxDataPoints")) or points)
        step = step_seconds(range_.seconds, min(room, points),
                            max(self._scrape_seconds, *wanted))  # fmt: skip
        # A single number is that of the end, not of up to a step before it; a graph that moved with
        # each refresh would flicker.
        grid = range_ if panel.kind in _OF_THE_END else aligned(range_, step)
        count = int(grid.seconds / step) + 1
        times = (grid.end - step * np.arange(count - 1, -1, -1)).astype(np.float64)
        known = {**standing, **built_in(range_, step, self._scrape_seconds)}
        instant_only = bool(targets) and all(_is_instant(each, panel) for each in targets)
        if instant_only:
            times = np.array([range_.end])
        nothing = Told((), times, step, range_, ())
        found = await asyncio.gather(
            *(self._target(each, panel, known, nothing) for each in targets)
        )
        lines = [line for some, _ in found for line in some]
        notes = [note for _, more in found for note in more]
        told = replace(nothing, lines=lines, notes=notes)
        if instant_only or panel.kind in _OF_THE_END:
            return told
        began = _begin(lines, times)
        if began is not None:
            return replace(told, notes=[*notes, *_of_the_last(range_.end - began, told)])
        if step > self._scrape_seconds and await self._is_at_end(targets, known, range_):
            return replace(told, unseen=_UNSEEN.format(written_seconds(step)))
        return told

    async def _is_at_end(
        self, targets: Sequence[Json], standing: Mapping[str, Standing], range_: Range
    ) -> bool:
        """Tell whether there is anything at the end of a range: grids end up to a step before."""
        exprs = [interpolate(text(each.get("expr")), standing) for each in targets]
        found = await asyncio.gather(*(self._prometheus.query(each, range_.end) for each in exprs))
        return any(isfinite(sample.value) for samples in found for sample in samples)

    async def _target(
        self, target: Json, panel: Panel, standing: Mapping[str, Standing], on: Told
    ) -> tuple[list[Line], list[str]]:
        ref = text(target.get("refId"), "A")
        expr = interpolate(text(target.get("expr")), standing)
        legend = interpolate(text(target.get("legendFormat")), standing, where="text")
        form = text(target.get("format"), "time_series")
        times = on.times
        try:
            if _is_instant(target, panel):
                samples = await self._prometheus.query(expr, on.range.end)
                labels = [dict(each.labels) for each in samples]
                rows = [np.where(times == times[-1], each.value, np.nan) for each in samples]
            else:
                series = await self._prometheus.query_range(
                    expr, float(times[0]), float(times[-1]), on.step
                )
                labels = [dict(each.labels) for each in series]
                rows = [put_on_grid(each, times) for each in series[:MOST_SERIES]]
        except PrometheusTooLargeError:
            mebibytes = LARGEST_ANSWER_BYTES >> 20
            fix = "choose fewer, or a shorter time range"
            said = f"The answer to query {ref} is larger than {mebibytes} MiB: {fix}."
            raise PrometheusTooLargeError(said) from None
        left_out = max(0, len(labels) - MOST_SERIES)
        labels = labels[:MOST_SERIES]
        names = name_lines(legend, labels)
        lines = [
            Line(name, ref, own, values, form)
            for name, own, values in zip(names, labels, rows, strict=False)
        ]
        return lines, [f"Query {ref}: {left_out} more series are left out."] if left_out else []


def _begin(lines: Sequence[Line], times: Values) -> float | None:
    """Return the first time at which one of the lines has a value."""
    firsts = [
        known[0] for line in lines if (known := np.flatnonzero(np.isfinite(line.values))).size
    ]
    return float(times[min(firsts)]) if firsts else None


def _of_the_last(seconds: float, told: Told) -> list[str]:
    if seconds > _NARROW * told.range.seconds:
        return []
    shown = written_seconds(max(1, ceil(seconds / told.step)) * told.step)
    return [f"Samples of the last {shown} alone: a shorter time range shows more of them."]


def foreign_source(panel: Panel) -> str | None:
    """Return the type of the data source that a panel reads from, if it is no Prometheus."""
    sources = [panel.content.get("datasource")]
    sources += [each.get("datasource") for each in mappings(panel.content.get("targets"))]
    for source in sources:
        kind = text(at(source, "type"))
        if kind and kind not in ("prometheus", "datasource", "mixed") and "prometheus" not in kind:
            return kind
    return None


def _own_range(content: Json, range_: Range) -> Range:
    length = parse_seconds(text(content.get("timeFrom")))
    shift = parse_seconds(text(content.get("timeShift")))
    start = range_.end - length if length else range_.start
    return Range(start - shift, range_.end - shift)


def _is_asked(target: Json) -> bool:
    return target.get("hide") is not True and bool(text(target.get("expr")).strip())


def _is_instant(target: Json, panel: Panel) -> bool:
    """Tell whether a query is asked for one moment; old tables are, though they say nothing."""
    if isinstance(target.get("instant"), bool):
        return target["instant"] is True and target.get("range") is not True
    return panel.kind == "table" and mapping(target).get("format") == "table"
