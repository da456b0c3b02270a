"""Fixtures of the tests of tools."""

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exporters.tools import otel
from exporters.tools.instrument import ToolInstrumentation


class Sdk:
    """The providers of a process, and what came out of them."""

    def __init__(self, outcomes=None) -> None:
        self._reader = InMemoryMetricReader()
        self._spans = InMemorySpanExporter()
        self._meters = MeterProvider([self._reader])
        self._tracers = TracerProvider()
        self._tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.tools = ToolInstrumentation(self._meters, self._tracers, outcomes)

    def points(self, name):
        """The points of an instrument: attributes and point."""
        data = self._reader.get_metrics_data()
        return [
            (dict(point.attributes), point)
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def error_types(self):
        """Calls by ``error.type``."""
        return {
            labels.get(otel.ERROR_TYPE, ""): point.count
            for labels, point in self.points(otel.EXECUTE_TOOL_DURATION)
        }

    def attempts(self):
        """Attempts by first and retry."""
        return {
            labels["attempt"]: point.value for labels, point in self.points("tool_call.attempts")
        }

    @property
    def spans(self):
        """What ended."""
        return self._spans.get_finished_spans()

    def close(self) -> None:
        """Let go."""
        self._meters.shutdown()
        self._tracers.shutdown()


@pytest.fixture
def make_sdk():
    """Makes SDKs, which are closed in the end."""
    made = []

    def make(outcomes=None) -> Sdk:
        made.append(Sdk(outcomes))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def sdk(make_sdk):
    """One."""
    return make_sdk()
