"""Reading a vLLM engine's page: the values that are kept, and what its state depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporters import catalog
from exporters.exposition import PageError, PageReader, Series, require_counts
from exporters.groups import mapping
from exporters.histograms import Accumulator, suffixed
from exporters.page import Distribution, Labels

_HISTOGRAM_SAMPLES = suffixed(mapping.DISTRIBUTIONS)
_WANTED = frozenset(
    [*mapping.VALUES, *_HISTOGRAM_SAMPLES, mapping.SLEEP_STATE, mapping.PROCESS_START]
)

Key = tuple[str, Labels]
"""Name of a family of ours, and the values of its labels after the group's."""


@dataclass(frozen=True)
class EngineReading:
    """What one page says of one engine. Counters are the engine's own cumulative values."""

    values: Mapping[Key, float]
    distributions: Mapping[str, Distribution]
    """By name of a family of ours."""
    is_awake: bool
    started_at: float | None
    """Unix time at which the process started, if the page says."""
    folded: frozenset[str]
    """Finish reasons outside the bounded set."""

    @property
    def steps(self) -> float:
        """Steps since the engine started."""
        return self.values[catalog.GROUP_STEPS.name, ()]

    @property
    def is_busy(self) -> bool:
        """Whether requests are running or waiting, by the engine's gauges."""
        running = self.values[catalog.GROUP_RUNNING.name, ()]
        return running > 0 or self.values[catalog.GROUP_WAITING.name, ()] > 0


class EngineReader:
    """Reads the pages of one engine.

    Args:
        engine: its data-parallel rank; series of other ranks on the page are left alone.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._reader = PageReader(_WANTED.__contains__)

    def read(self, page: bytes) -> EngineReading:
        """Return the reading of a page.

        Raises:
            PageError: if the page is malformed, is no page of this engine, or has numbers that
                no counter, gauge or histogram of vLLM has.
        """
        reading = _Reading(self._engine)
        for series, value in require_counts(self._reader.read(page)).items():
            reading.add(series, value)
        return reading.finished()


class _Reading:
    """A reading in the making."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._values: dict[Key, float] = {}
        self._seen: set[Key] = set()
        self._distributions: dict[str, Accumulator] = {}
        self._folded: set[str] = set()
        self._is_awake = True
        self._started_at: float | None = None

    def add(self, series: Series, value: float) -> None:
        if series.labels.get(mapping.ENGINE_LABEL, self._engine) != self._engine:
            return
        kept = mapping.VALUES.get(series.name)
        if kept:
            self._add_value(kept, series, value)
        elif series.name == mapping.PROCESS_START:
            self._started_at = value
        elif series.name == mapping.SLEEP_STATE:
            if series.labels.get(mapping.SLEEP_STATE_LABEL) == mapping.AWAKE:
                self._is_awake = value > 0
        else:
            name, suffix = _HISTOGRAM_SAMPLES[series.name]
            family = mapping.DISTRIBUTIONS[name]
            accumulator = self._distributions.get(family.name)
            if accumulator is None:
                accumulator = self._distributions[family.name] = Accumulator(family)
            accumulator.add(suffix, series, value)

    def finished(self) -> EngineReading:
        missing = [each.name for each in mapping.REQUIRED if (each.name, ()) not in self._values]
        if missing:
            raise PageError(0, f"found no vLLM engine {self._engine!r}: nothing for {missing[0]}")
        distributions = {}
        for name, accumulator in self._distributions.items():
            if accumulator.series > 1:
                raise PageError(0, f"found two engines {self._engine!r}: {name} twice")
            if distribution := accumulator.distribution():
                distributions[name] = distribution
        return EngineReading(
            self._values, distributions, self._is_awake, self._started_at, frozenset(self._folded)
        )

    def _add_value(self, kept: mapping.Kept, series: Series, value: float) -> None:
        labels, given = kept.labels, ""
        if kept.label_from:
            given = series.labels.get(kept.label_from, "")
            labels = (given if given in kept.allowed else catalog.OTHER,)
            for allowed in kept.allowed:
                self._values.setdefault((kept.family.name, (allowed,)), 0.0)
        key = (kept.family.name, labels)
        if labels == (catalog.OTHER,):
            self._folded.add(given)
            self._values[key] = self._values.get(key, 0.0) + value
        elif key in self._seen:
            raise PageError(0, f"found two engines {self._engine!r}: {series!r}")
        else:
            self._values[key] = value
            self._seen.add(key)
