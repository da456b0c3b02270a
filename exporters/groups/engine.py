"""Reading a vLLM engine's page: the values that are kept, and what its state depends on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite

from exporters import catalog
from exporters.exposition import PageReader, Samples, Series, require_counts
from exporters.groups.layout import Key, Layout, find_layout, is_wanted
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
        gpus: that its group has, by the topology.
    """

    def __init__(self, engine: str, gpus: int = 0) -> None:
        self._engine = engine
        self._gpus = gpus
        self._reader = PageReader(is_wanted)
        self._series: list[Series] = []
        self._layout: Layout | None = None

    def read(self, page: bytes) -> EngineReading:
        """Return the reading of a page.

        Raises:
            PageError: if the page is malformed, is no page of this engine, or has numbers that
                no counter, gauge or histogram of vLLM has.
        """
        samples = self._reader.read(page)
        series, values = list(samples), list(samples.values())
        if self._layout is None or series != self._series:
            require_counts(samples)
            self._layout = find_layout(series, page, self._engine, self._gpus)
            self._series = series
        else:
            _require_counts(samples, values)
        return _read(self._layout, values)


def _require_counts(samples: Samples, values: list[float]) -> None:
    """As ``require_counts``, of series whose bounds were looked at before."""
    # A sum is finite only if all are, and costs less than a look at each.
    if not isfinite(sum(values)) or min(values) < 0:
        require_counts(samples)


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
            0.0 if each.sum is None else values[each.sum],
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
