"""The gateway's telemetry, by OpenTelemetry's conventions and through its own exporter."""

from __future__ import annotations

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, generate_latest

from exporters.dialects import read_dialect

_DURATION = read_dialect("otel_tools").families[0]

INSTRUMENT = "gen_ai.execute_tool.duration"
TOOL_NAME, REQUEST_MODEL, ERROR_TYPE = "gen_ai.tool.name", "gen_ai.request.model", "error.type"


class Telemetry:
    """Durations of tool calls, by tool, model and how they ended."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        reader = PrometheusMetricReader(disable_target_info=True, registry=self._registry)
        self._provider = MeterProvider([reader], resource=Resource({"service.name": "gateway"}))
        self._durations = self._provider.get_meter("shardwatch.demo").create_histogram(
            INSTRUMENT,
            unit="s",
            description=_DURATION.help,
            explicit_bucket_boundaries_advisory=list(_DURATION.bounds),
        )

    def note_call(self, tool: str, model: str, error_type: str, seconds: float) -> None:
        """Count a call that ended; ``error_type`` is empty if it ended well.

        The empty one is written too, so that all series of the family have the same labels.
        """
        self._durations.record(
            seconds, {TOOL_NAME: tool, REQUEST_MODEL: model, ERROR_TYPE: error_type}
        )

    def page(self) -> bytes:
        """Return the metrics in the text format."""
        return generate_latest(self._registry)

    def close(self) -> None:
        """Let go of OpenTelemetry's parts."""
        self._provider.shutdown()
