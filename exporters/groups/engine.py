"""Reading a vLLM engine's page: the values that are kept, and what its state depends on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf, nan

from exporters import catalog
from exporters.exposition import PageError, require_counts
from exporters.groups.layout import Key, Layout, find_layout
from exporters.groups.pages import EnginePage, EnginePages, SortedSeries
from exporters.page import Distribution

_STEPS = (catalog.GROUP_STEPS.name, ())
_RUNNING = (catalog.GROUP_RUNNING.name, ())
_WAITING = (catalog.GROUP_WAITING.name, ())
_TOKENS = tuple((catalog.GROUP_TOKENS.name, (phase,)) for phase in catalog.PHASES)


@dataclass(frozen=True)
class EngineReading:
    """What one page says of one engine. Counters are the engine's own cumulative values."""

    layout: Layout
    values: Mapping[Key, float]
    """NaN of a gauge for which the engine gave no number."""
    distributions: Mapping[str, Distribution]
    """By name of a family of ours."""
    is_awake: bool
    started_at: float | None
    """Unix time at which the process started, if the page says."""
    ended: float
    """Requests that the API server ended since it started, served or not."""

    @property
    def steps(self) -> float:
        """Steps since the engine started; tokens, where it does not count steps (vLLM 0.6)."""
        steps = self.values.get(_STEPS)
        return sum(self.values.get(key, 0.0) for key in _TOKENS) if steps is None else steps

    @property
    def generated_tokens(self) -> float:
        """Tokens generated since the engine started."""
        return self.values.get(_TOKENS[1], 0.0)

    @property
    def running(self) -> float:
        """Requests in the batch, by the engine's gauge."""
        return self.values[_RUNNING]

    @property
    def is_busy(self) -> bool:
        """Whether requests are running or waiting, by the engine's gauges."""
        return self.values[_RUNNING] > 0 or self.values[_WAITING] > 0

    @property
    def folded(self) -> Collection[tuple[str, str]]:
        """Labels, and their values outside the bounded sets."""
        return self.layout.folded


class EngineReader:
    """Reads the pages of one engine.

    Args:
        engine: its data-parallel rank; series of other ranks on the page are left alone.
        gpus: that its group has, as far as it is known.
        pages: of its address, where it shares that with others.
    """

    def __init__(self, engine: str, gpus: int = 0, pages: EnginePages | None = None) -> None:
        self._engine = engine
        self._gpus = gpus
        self._pages = pages or EnginePages()
        self._series: SortedSeries | None = None
        self._layout: Layout | None = None
        self._started_at: float | None = None
        self._doubted: SortedSeries | None = None

    def expect(self, gpus: int) -> None:
        """Take this for the number of the group's GPUs."""
        if gpus != self._gpus:
            self._gpus, self._series = gpus, None  # what is made of a page depends on it

    def read(self, body: bytes) -> EngineReading:
        """Return the reading of a page.

        Raises:
            PageError: if the page is malformed, is no page of this engine, has lost families since
                the look before, or has numbers that no counter and no histogram of vLLM has.
        """
        page = self._pages.read(body)
        layout, values = self._layout, page.values
        if layout is None or page.series is not self._series:
            layout = find_layout(page.series, body, self._engine, self._gpus)
        if page.is_odd:
            values = _without_odd_gauges(page, layout)
        reading = _read(layout, values)
        if layout is not self._layout:
            self._require_families(page.series, reading)
            self._layout, self._series = layout, page.series
        self._started_at = reading.started_at
        return reading

    def _require_families(self, series: SortedSeries, reading: EngineReading) -> None:
        """Doubt a page, once, that lacks what the same process served a look before.

        A process never drops a family, but a page that was cut between two lines looks well.
        """
        before = self._layout
        if before is None or reading.started_at != self._started_at or series is self._doubted:
            return
        if lost := sorted(before.families - reading.layout.families):
            self._doubted = series
            raise PageError(0, f"found no {lost[0]}, which was there before: the page was cut")


def _without_odd_gauges(page: EnginePage, layout: Layout) -> list[float]:
    """Return the values of a page, NaN for gauges of this engine that are not from 0 on.

    Raises:
        PageError: if another value of this engine is none.
    """
    values = list(page.values)
    for place in layout.places:
        if not 0 <= values[place] < inf:
            if place not in layout.gauges:
                require_counts({page.series.all[place]: values[place]})
            values[place] = nan
    return values


def _read(layout: Layout, values: list[float]) -> EngineReading:
    found = dict(layout.constants)
    for key, place in layout.values:
        found[key] = values[place]
    for key, places, factor in layout.sums:
        found[key] = factor * sum(values[place] for place in places)
    distributions = {
        each.family: Distribution(
            tuple([None if place is None else values[place] for place in each.counts]),
            values[each.count],
            values[each.sum],
        )
        for each in layout.histograms
    }
    return EngineReading(
        layout,
        found,
        distributions,
        is_awake=layout.awake is None or values[layout.awake] > 0,
        started_at=None if layout.started is None else values[layout.started],
        ended=sum([values[place] for place in layout.ended]),
    )
