"""The core of the tools exporter: tool gateways' pages in, calls by outcome and durations out."""

from __future__ import annotations

from dataclasses import dataclass

from exporters import catalog
from exporters.exposition import PageReader, Samples, Series, require_counts
from exporters.folding import LONGEST_LABEL_VALUE, Folder
from exporters.histograms import Accumulator, suffixed
from exporters.page import Labels, Page
from exporters.sources import Answers, Target
from exporters.tools import otel
from exporters.topology import Tools, Topology

MOST_TOOLS = 100
"""Names of tools of one gateway; those seen later are ``other``."""

_SAMPLES = suffixed([otel.DURATION])
_WANTED = frozenset([*_SAMPLES, otel.ATTEMPTS, otel.PAGES])


@dataclass(frozen=True)
class _Kind:
    """What tells events of one family apart."""

    label: str
    """Of ours."""
    attribute: str
    """The label on the gateway's page."""
    values: tuple[str, ...]


_ATTEMPT = _Kind(catalog.ATTEMPT, otel.ATTEMPT, catalog.ATTEMPTS)
_RESULT = _Kind(catalog.RESULT, otel.CACHE_RESULT, catalog.CACHE_RESULTS)


@dataclass(frozen=True)
class _Watched:
    """A gateway, the models of its region, and the tools seen so far."""

    gateway: Tools
    target: Target[Samples]
    models: frozenset[str]
    tools: set[str]
    labels: dict[Series, Labels]
    """Model and tool of series, which pages repeat; of those that need no ``other``."""


class ToolsCore:
    """Watches the tool gateways of a topology: one a region, for no series carries their name."""

    name = "tools"
    samples_itself = False

    def __init__(self, topology: Topology) -> None:
        self.cluster = topology.cluster
        self._gateways = [
            _Watched(
                gateway,
                _target(gateway),
                frozenset(
                    group.model for group in topology.groups if group.region == gateway.region
                ),
                set(),
                {},
            )
            for gateway in topology.tools
        ]
        self._folder = Folder(
            self.name, (catalog.MODEL, catalog.TOOL, catalog.ATTEMPT, catalog.RESULT)
        )
        self.targets = [each.target for each in self._gateways]

    def take_over(self, earlier: ToolsCore) -> None:
        """Go on from the tools that the same gateways were seen with, and what was folded."""
        self._folder.take_over(earlier._folder)
        seen = {each.gateway.name: each.tools for each in earlier._gateways}
        for watched in self._gateways:
            watched.tools.update(seen.get(watched.gateway.name, ()))

    def observe(self, answers: Answers, now: float) -> Page:
        """Return the page for one collection. The series of a gateway that is down are absent."""
        page = Page()
        for watched in self._gateways:
            answer = answers[watched.target]
            gateway = watched.gateway
            up = (self.cluster, gateway.region, gateway.name)
            page.of(catalog.TOOLS_UP)[up] = float(answer.is_up)
            if answer.content is not None:
                self._add(page, watched, answer.content)
        self._folder.add_to(page, now)
        return page

    def _add(self, page: Page, watched: _Watched, samples: Samples) -> None:
        calls = page.of(catalog.TOOL_CALLS)
        accumulators: dict[Labels, Accumulator] = {}
        place = (self.cluster, watched.gateway.region)
        if len(watched.labels) > 2 * len(samples):
            watched.labels.clear()
        for series, value in samples.items():
            name, given = series
            if name == otel.PAGES:
                requests = page.of(catalog.PAGE_CACHE_REQUESTS)
                self._add_event(requests, place, _RESULT, series, value)
                continue
            labels = (*place, *(watched.labels.get(series) or self._labels(watched, series)))
            if name == otel.ATTEMPTS:
                self._add_event(page.of(catalog.TOOL_ATTEMPTS), labels, _ATTEMPT, series, value)
                continue
            accumulator = accumulators.get(labels)
            if accumulator is None:
                accumulator = accumulators[labels] = Accumulator(catalog.TOOL_DURATION)
                for outcome in catalog.TOOL_OUTCOMES:
                    calls[*labels, outcome] = 0.0
            suffix = _SAMPLES[name][1]
            accumulator.add(suffix, series, value)
            if suffix == "_count":
                error = given.get(otel.ERROR_LABEL, "")
                calls[*labels, otel.OUTCOME_OF_ERROR.get(error, "error")] += value
        durations = page.distributions_of(catalog.TOOL_DURATION)
        for labels, accumulator in accumulators.items():
            if distribution := accumulator.distribution():
                durations[labels] = distribution

    def _add_event(
        self, counts: dict[Labels, float], labels: Labels, kind: _Kind, series: Series, value: float
    ) -> None:
        """Count events of a kind; those of its values that did not happen exist as 0."""
        for each in kind.values:
            counts.setdefault((*labels, each), 0.0)
        given = series.labels.get(kind.attribute, "")
        key = (*labels, self._folder.fold(kind.label, given, kind.values))
        counts[key] = counts.get(key, 0.0) + value

    def _labels(self, watched: _Watched, series: Series) -> Labels:
        """Return model and tool."""
        tool = series.labels.get(otel.TOOL_LABEL, "")
        fits = 0 < len(tool) <= LONGEST_LABEL_VALUE and len(watched.tools) < MOST_TOOLS
        if fits:
            watched.tools.add(tool)
        tool = self._folder.fold(catalog.TOOL, tool, watched.tools)
        model = series.labels.get(otel.MODEL_LABEL, "")
        if not model:
            # No value to count: the conventions do not ask for one.
            return (catalog.OTHER, tool)
        labels = (self._folder.fold(catalog.MODEL, model, watched.models), tool)
        if catalog.OTHER not in labels:
            watched.labels[series] = labels
        return labels


def _target(gateway: Tools) -> Target[Samples]:
    reader = PageReader(_WANTED.__contains__)

    return Target(
        gateway.name,
        gateway.region,
        gateway.metrics,
        lambda page: require_counts(reader.read(page)),
        kind="tools",
    )
