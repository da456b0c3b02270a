"""OTLP requests for tests, as an SDK would make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from exporters.catalog import TOOL_DURATION_BOUNDS
from exporters.tools import otel

CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
SECOND = 10**9


def attributes_of(texts: Mapping[str, str]) -> list[KeyValue]:
    """Return attributes of strings."""
    return [KeyValue(key=key, value=AnyValue(string_value=text)) for key, text in texts.items()]


def resource_of(instance: str, region: str = "") -> Resource:
    """Return the resource of a process; without identity where ``instance`` is empty."""
    texts = {"service.name": "agent"}
    if instance:
        texts["service.instance.id"] = instance
    if region:
        texts["cloud.region"] = region
    return Resource(attributes=attributes_of(texts))


def durations(
    seconds: Sequence[float],
    *,
    tool: str = "browse",
    model: str = "agent",
    error: str = "",
    start: float = 0.0,
    time: float = 0.0,
    bounds: Sequence[float] = TOOL_DURATION_BOUNDS,
    more: Mapping[str, str] | None = None,
) -> HistogramDataPoint:
    """Return a point of a histogram that observed some durations; times in seconds since 1970."""
    texts = {otel.TOOL_NAME: tool, otel.REQUEST_MODEL: model, **(more or {})}
    if error:
        texts[otel.ERROR_TYPE] = error
    edges = [*bounds, float("inf")]
    counts = [0] * len(edges)
    for each in seconds:
        counts[next(index for index, edge in enumerate(edges) if each <= edge)] += 1
    return HistogramDataPoint(
        attributes=attributes_of(texts),
        start_time_unix_nano=int(start * SECOND),
        time_unix_nano=int(time * SECOND),
        count=len(seconds),
        sum=sum(seconds),
        bucket_counts=counts,
        explicit_bounds=bounds,
    )


def histogram(
    *points: HistogramDataPoint,
    name: str = otel.EXECUTE_TOOL_DURATION,
    unit: str = "s",
    temporality: AggregationTemporality.ValueType = CUMULATIVE,
) -> Metric:
    """Return a histogram of some points."""
    return Metric(
        name=name,
        unit=unit,
        histogram=Histogram(data_points=points, aggregation_temporality=temporality),
    )


def counter(
    name: str,
    value: int,
    texts: Mapping[str, str],
    *,
    start: float = 0.0,
    time: float = 0.0,
) -> Metric:
    """Return a cumulative counter of one point."""
    point = NumberDataPoint(
        attributes=attributes_of(texts),
        start_time_unix_nano=int(start * SECOND),
        time_unix_nano=int(time * SECOND),
        as_int=value,
    )
    data = Sum(data_points=[point], aggregation_temporality=CUMULATIVE, is_monotonic=True)
    return Metric(name=name, sum=data)


def metrics_request(*metrics: Metric, instance: str = "a", region: str = "") -> bytes:
    """Return a request with the metrics of one process."""
    scope = ScopeMetrics(metrics=metrics)
    resource = ResourceMetrics(resource=resource_of(instance, region), scope_metrics=[scope])
    return bytes(ExportMetricsServiceRequest(resource_metrics=[resource]).SerializeToString())


def tool_span(
    seconds: float,
    *,
    number: int = 1,
    name: str = "execute_tool browse",
    kind: Span.SpanKind.ValueType = Span.SpanKind.SPAN_KIND_INTERNAL,
    texts: Mapping[str, str] | None = None,
) -> Span:
    """Return the span of a call; ``number`` is its identity."""
    start = 1_000 * SECOND
    return Span(
        trace_id=number.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        name=name,
        kind=kind,
        start_time_unix_nano=start,
        end_time_unix_nano=start + int(seconds * SECOND),
        attributes=attributes_of({otel.REQUEST_MODEL: "agent", **(texts or {})}),
    )


def traces_request(*spans: Span, instance: str = "a", region: str = "") -> bytes:
    """Return a request with the spans of one process."""
    resource = ResourceSpans(
        resource=resource_of(instance, region), scope_spans=[ScopeSpans(spans=spans)]
    )
    return bytes(ExportTraceServiceRequest(resource_spans=[resource]).SerializeToString())
