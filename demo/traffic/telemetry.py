"""The gateway's telemetry, by OpenTelemetry's conventions and through its own exporter."""

from __future__ import annotations

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, generate_latest

from exporters.catalog import ATTEMPTS, CACHE_RESULTS
from exporters.dialects import read_dialect
from exporters.tools import otel

_DURATION = read_dialect("otel_tools").families[0]


class Telemetry:
    """Tool calls by tool, model and how they ended; attempts; what the page cache was asked."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        reader = PrometheusMetricReader(disable_target_info=True, registry=self._registry)
        self._provider = MeterProvider([reader], resource=Resource({"service.name": "gateway"}))
        meter = self._provider.get_meter("shardwatch.demo")
        self._durations = meter.create_histogram(
            otel.EXECUTE_TOOL_DURATION,
            unit="s",
            description=_DURATION.help,
            explicit_bucket_boundaries_advisory=list(_DURATION.bounds),
        )
        self._attempts = meter.create_counter(
            otel.TOOL_ATTEMPTS,
            unit="{attempt}",
            description="Attempts of tool calls: first ones, and those made again.",
        )
        self._pages = meter.create_counter(
            otel.PAGE_CACHE_REQUESTS,
            unit="{request}",
            description="Pages that the page cache was asked for.",
        )

    def note_attempt(self, tool: str, model: str, attempt: int) -> None:
        """Count a call that begins; ``attempt`` is 1 for the first of its task."""
        made = ATTEMPTS[min(attempt, len(ATTEMPTS)) - 1]
        for each in ATTEMPTS:
            labels = {otel.TOOL_NAME: tool, otel.REQUEST_MODEL: model, otel.ATTEMPT: each}
            self._attempts.add(each == made, labels)

    def note_page(self, *, is_kept: bool) -> None:
        """Count a page that the cache was asked for."""
        for each in CACHE_RESULTS:
            self._pages.add((each == "hit") == is_kept, {otel.CACHE_RESULT: each})

    def note_call(self, tool: str, model: str, error_type: str, seconds: float) -> None:
        """Count a call that ended; ``error_type`` is empty if it ended well.

        The empty one is written too, so that all series of the family have the same labels.
        """
        self._durations.record(
            seconds, {otel.TOOL_NAME: tool, otel.REQUEST_MODEL: model, otel.ERROR_TYPE: error_type}
        )

    def page(self) -> bytes:
        """Return the metrics in the text format."""
        return generate_latest(self._registry)

    def close(self) -> None:
        """Let go of OpenTelemetry's parts."""
        self._provider.shutdown()
