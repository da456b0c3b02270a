"""The core of the OTLP mode: batches of clients in, bounded families out. Pure, and stateful.

Calls of tools are counted from ``gen_ai.execute_tool.duration``. A client that sends no such
metric but spans is counted from its spans. Which of the two it is, nobody says; so the spans of a
client wait for two intervals of metrics before they count, and are dropped if metrics come.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from exporters import catalog
from exporters.catalog import TOOL_DURATION_BOUNDS, Family
from exporters.folding import Folder
from exporters.page import Labels, Page
from exporters.sources import Answers, Target
from exporters.tools import otel
from exporters.tools.otlp.clients import Clients, Heard
from exporters.tools.otlp.items import Batch, Client, Point, ToolSpan
from exporters.tools.otlp.labels import Labeller
from exporters.tools.otlp.limits import MOST_SPANS_REMEMBERED
from exporters.tools.otlp.streams import Increment, Streams
from exporters.tools.otlp.totals import Totals
from exporters.topology import Topology

GATEWAY = "otlp"
"""What stands in ``tools_up`` for the receiver: while it serves pages, calls can be counted."""
HOLD_SECONDS = 120.0
"""How long the spans of a client wait; SDKs send metrics every 60 s."""
SWEEP_SECONDS = 60.0
_NO_FAULT = frozenset(["in_metrics", "no_value", "repeated"])
"""Reasons for which no client needs to be told."""


@dataclass(frozen=True)
class _Ends:
    """What counts calls by how they ended."""

    counter: Family
    duration: Family


_CALLS = _Ends(catalog.TOOL_CALLS, catalog.TOOL_DURATION)
_MCP = _Ends(catalog.MCP_REQUESTS, catalog.MCP_DURATION)


@dataclass(frozen=True)
class _Event:
    """What counts events by one attribute of them."""

    counter: Family
    label: str
    attribute: str
    values: tuple[str, ...]


_ATTEMPTS = _Event(catalog.TOOL_ATTEMPTS, catalog.ATTEMPT, otel.ATTEMPT, catalog.ATTEMPTS)
_PAGES = _Event(
    catalog.PAGE_CACHE_REQUESTS, catalog.RESULT, otel.CACHE_RESULT, catalog.CACHE_RESULTS
)


class OtlpCore:
    """Counts what clients send.

    Args:
        topology: bounds regions and models.
        tools: bounds the names of tools; where it is empty, the first hundred of each region do.
        started_at: in nanoseconds since 1970.
        zero_seconds: for which a new series is 0 (:class:`exporters.tools.otlp.totals.Totals`).
    """

    name = "tools"
    samples_itself = False

    def __init__(
        self, topology: Topology, tools: Sequence[str], started_at: int, zero_seconds: float
    ) -> None:
        self.cluster = topology.cluster
        self.targets: Sequence[Target[Any]] = ()
        self._folder = Folder(
            self.name,
            (catalog.REGION, catalog.MODEL, catalog.TOOL, catalog.METHOD, catalog.ATTEMPT,
             catalog.RESULT),
        )  # fmt: skip
        self._labeller = Labeller(topology, tools, self._folder)
        self._streams = Streams(started_at)
        self._totals = Totals(zero_seconds)
        self._clients = Clients(self._labeller.region)
        self._span_ids: OrderedDict[bytes, None] = OrderedDict()
        self._items: Counter[str] = Counter(dict.fromkeys(catalog.SIGNALS, 0))
        self._requests: Counter[tuple[str, str]] = Counter()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._coarse = 0
        self._swept_at: float | None = None

    def note_request(self, signal: str, status: int) -> None:
        """Count a request that was answered."""
        self._requests[signal, str(status)] += 1

    def follow(self, topology: Topology) -> OtlpCore:
        """Go by another topology from now on; what was counted stays. Return the core itself."""
        self.cluster = topology.cluster
        self._labeller.follow(topology)
        self._clients.place_anew()
        return self

    def take_metrics(self, batches: Iterable[Batch], now: float, address: str = "") -> int:
        """Count data points; return how many make no sense or were too many.

        Args:
            batches: of one request.
            now: in seconds of a monotonic clock.
            address: where it came from.
        """
        before = self._refused()
        for batch in batches:
            heard = self._hear(batch, "metrics", now, address)
            if heard is None:
                self._dropped["metrics", "too_many_clients"] += len(batch.points)
                continue
            for point in batch.points:
                self._take_point(batch.client, heard, point, now)
        return self._refused() - before

    def take_traces(self, batches: Iterable[Batch], now: float, address: str = "") -> int:
        """Count spans; return how many make no sense or were too many. Arguments likewise."""
        before = self._refused()
        for batch in batches:
            heard = self._hear(batch, "traces", now, address)
            if heard is None:
                self._dropped["traces", "too_many_clients"] += len(batch.spans)
                continue
            for span in batch.spans:
                self._take_span(heard, span, now)
        return self._refused() - before

    def observe(self, answers: Answers, now: float) -> Page:  # noqa: ARG002 - nothing is asked
        """Return the page: everything counted since the receiver started."""
        self._sweep(now)
        page = Page()
        for region in self._labeller.regions:
            page.of(catalog.TOOLS_UP)[self.cluster, region, GATEWAY] = 1.0
        self._totals.add_to(page, now)
        self._add_own(page, now)
        self._folder.add_to(page, now)
        return page

    def _refused(self) -> int:
        return sum(n for (_, reason), n in self._dropped.items() if reason not in _NO_FAULT)

    # --- what is counted ------------------------------------------------------------------------

    def _take_point(self, client: Client, heard: Heard, point: Point, now: float) -> None:
        increment = self._streams.increment(client, point, now)
        if isinstance(increment, str):
            self._dropped["metrics", increment] += 1
            return
        self._items["metrics"] += 1
        self._coarse += point.is_coarse
        error = point.attributes.get(otel.ERROR_TYPE, "")
        if point.instrument == otel.PAGE_CACHE_REQUESTS:
            place = (self.cluster, heard.region)
            self._count_event(_PAGES, place, point, increment.count, now)
            return
        if point.instrument == otel.MCP_CLIENT_DURATION:
            labels = self._labeller.of_mcp(heard.region, point.attributes)
            self._count(_MCP, labels, error, increment, now)
            return
        labels = self._labeller.of_tool(heard.region, point.attributes)
        if point.instrument == otel.TOOL_ATTEMPTS:
            self._count_event(_ATTEMPTS, labels, point, increment.count, now)
            return
        if not heard.sends_durations:
            heard.sends_durations = True
            for each in heard.held.values():
                self._dropped["traces", "in_metrics"] += int(each.count)
            heard.held.clear()
        self._count(_CALLS, labels, error, increment, now)

    def _take_span(self, heard: Heard, span: ToolSpan, now: float) -> None:
        if span.id in self._span_ids:
            self._dropped["traces", "repeated"] += 1
            return
        self._span_ids[span.id] = None
        if len(self._span_ids) > MOST_SPANS_REMEMBERED:
            self._span_ids.popitem(last=False)
        self._items["traces"] += 1
        if span.is_mcp:
            # A client's span of MCP stands within that of the tool, if there is one: its request
            # is counted from metrics only.
            return
        labels = self._labeller.of_tool(heard.region, span.attributes)
        if heard.sends_durations:
            self._dropped["traces", "in_metrics"] += 1
            return
        heard.spans_since = now if heard.spans_since is None else heard.spans_since
        error = span.attributes.get(otel.ERROR_TYPE, "")
        key = (labels, error if error in otel.OUTCOME_OF_ERROR else "_OTHER")
        heard.held[key] = _sum(heard.held.get(key), _one_call(span.seconds))
        self._release(heard, now)

    def _release(self, heard: Heard, now: float) -> None:
        """Count the spans of a client that had time to send metrics and did not."""
        if heard.spans_since is None or now - heard.spans_since < HOLD_SECONDS:
            return
        for (labels, error), increment in heard.held.items():
            self._count(_CALLS, labels, error, increment, now)
        heard.held.clear()

    def _count(
        self, ends: _Ends, labels: Labels, error: str, increment: Increment, now: float
    ) -> None:
        outcome = otel.OUTCOME_OF_ERROR.get(error, "error")
        self._totals.ensure(ends.counter, labels, catalog.TOOL_OUTCOMES, now)
        self._totals.add(ends.counter, (*labels, outcome), increment.count, now)
        self._totals.observe(ends.duration, labels, increment, now)

    def _count_event(
        self, event: _Event, labels: Labels, point: Point, count: float, now: float
    ) -> None:
        given = point.attributes.get(event.attribute, "")
        value = self._folder.fold(event.label, given, event.values)
        self._totals.ensure(event.counter, labels, event.values, now)
        self._totals.add(event.counter, (*labels, value), count, now)

    def _hear(self, batch: Batch, signal: str, now: float, address: str) -> Heard | None:
        for reason, count in batch.dropped.items():
            self._dropped[signal, reason] += count
        return self._clients.hear(batch.client, signal, address, now)

    def _sweep(self, now: float) -> None:
        if self._swept_at is not None and now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        for heard in self._clients:
            self._release(heard, now)
        silent = set(self._streams.forget_idle(now))

        def is_over(key: bytes, heard: Heard) -> bool:
            is_quiet = now - max(heard.last_heard.values()) > HOLD_SECONDS
            return key in silent or (is_quiet and not heard.sends_durations and not heard.held)

        self._clients.forget(is_over)

    def _add_own(self, page: Page, now: float) -> None:
        active = self._clients.active(now)
        clients = page.of(catalog.OTLP_CLIENTS)
        for region in {*self._labeller.regions, *(region for region, _ in active)}:
            for signal in catalog.SIGNALS:
                clients[self.cluster, region, signal] = float(active[region, signal])
        requests = page.of(catalog.OTLP_REQUESTS)
        for signal in catalog.SIGNALS:
            requests[self.cluster, signal, "200"] = 0.0
            page.of(catalog.OTLP_ITEMS)[self.cluster, signal] = float(self._items[signal])
            for reason in catalog.OTLP_DROP_REASONS:
                dropped = float(self._dropped[signal, reason])
                page.of(catalog.OTLP_DROPPED)[self.cluster, signal, reason] = dropped
        for (signal, status), count in self._requests.items():
            requests[self.cluster, signal, status] = float(count)
        page.of(catalog.OTLP_COARSE)[(self.cluster,)] = float(self._coarse)


def _one_call(seconds: float) -> Increment:
    first = bisect_left(TOOL_DURATION_BOUNDS, seconds)
    counts = tuple(float(index >= first) for index in range(len(TOOL_DURATION_BOUNDS)))
    return Increment(counts, 1.0, seconds)


def _sum(old: Increment | None, more: Increment) -> Increment:
    if old is None:
        return more
    counts = tuple(map(float.__add__, old.counts, more.counts))
    return Increment(counts, old.count + more.count, old.sum + more.sum)
