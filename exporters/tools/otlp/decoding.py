"""OTLP's protobuf as plain data: data points and spans of tools, everything else counted as such.

Pure, and safe for any bytes: protobuf itself refuses nesting beyond 100 levels; bytes and items
are limited here. What is well-formed protobuf but makes no sense is dropped item by item, with a
reason; what is not protobuf is refused as a whole.

Format: https://opentelemetry.io/docs/specs/otlp/ and opentelemetry-proto 1.x.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from math import isfinite

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from exporters.tools import otel
from exporters.tools.otlp.buckets import at_our_bounds, explicit_buckets, exponential_buckets
from exporters.tools.otlp.items import Batch, Client, ItemError, OtlpError, Point, ToolSpan
from exporters.tools.otlp.limits import LONGEST_ATTRIBUTE, MOST_ATTRIBUTES, MOST_ITEMS

SERVICE_INSTANCE = "service.instance.id"
CLOUD_REGION = "cloud.region"

_HISTOGRAMS = frozenset([otel.EXECUTE_TOOL_DURATION, otel.MCP_CLIENT_DURATION])
_SUMS = frozenset([otel.TOOL_ATTEMPTS, otel.PAGE_CACHE_REQUESTS])
_WANTED_ATTRIBUTES = frozenset(
    [otel.TOOL_NAME, otel.REQUEST_MODEL, otel.ERROR_TYPE, otel.MCP_METHOD, otel.ATTEMPT,
     otel.CACHE_RESULT, otel.OPERATION_NAME]
)  # fmt: skip
_SECONDS_OF_UNIT: Mapping[str, float] = {"s": 1.0, "": 1.0, "ms": 1e-3, "us": 1e-6}
_LARGEST_COUNT = 2.0**53
_NO_RECORDED_VALUE = 1
_SPAN_PREFIX = "execute_tool "


def decode_metrics(body: bytes) -> list[Batch]:
    """Return the data points of tools in an ``ExportMetricsServiceRequest``, by client.

    Raises:
        OtlpError: if it is none, or holds too much.
    """
    request = ExportMetricsServiceRequest()
    _parse(request, body)
    batches, left = [], MOST_ITEMS
    for resource_metrics in request.resource_metrics:
        batch = _batch(resource_metrics.resource)
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                left -= _points_of(metric)
                if left < 0:
                    raise OtlpError(f"found more than {MOST_ITEMS} data points")
                if metric.name in _HISTOGRAMS or metric.name in _SUMS:
                    _add_points(batch, metric, scope_metrics.scope.name)
        if batch.points or batch.dropped:
            batches.append(batch)
    return batches


def decode_traces(body: bytes) -> list[Batch]:
    """Return the spans of tools in an ``ExportTraceServiceRequest``, by client.

    Raises:
        OtlpError: if it is none, or holds too much.
    """
    request = ExportTraceServiceRequest()
    _parse(request, body)
    batches, left = [], MOST_ITEMS
    for resource_spans in request.resource_spans:
        batch = _batch(resource_spans.resource)
        for scope_spans in resource_spans.scope_spans:
            left -= len(scope_spans.spans)
            if left < 0:
                raise OtlpError(f"found more than {MOST_ITEMS} spans")
            for span in scope_spans.spans:
                try:
                    made = _span(span)
                except ItemError as error:
                    batch.dropped[str(error)] += 1
                else:
                    if made:
                        batch.spans.append(made)
        if batch.spans or batch.dropped:
            batches.append(batch)
    return batches


def _parse(request: ExportMetricsServiceRequest | ExportTraceServiceRequest, body: bytes) -> None:
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise OtlpError(f"found no {type(request).__name__}: {error}") from None


def _batch(resource: Resource) -> Batch:
    attributes = dict(_texts(resource.attributes))
    instance = attributes.get(SERVICE_INSTANCE)
    known = [(SERVICE_INSTANCE, instance)] if instance else sorted(attributes.items())
    return Batch(Client(_digest(known), attributes.get(CLOUD_REGION, "")))


def _points_of(metric: Metric) -> int:
    kind = metric.WhichOneof("data")
    return len(getattr(metric, kind).data_points) if kind else 0


def _add_points(batch: Batch, metric: Metric, scope: str) -> None:
    kind = metric.WhichOneof("data")
    wanted = ("histogram", "exponential_histogram") if metric.name in _HISTOGRAMS else ("sum",)
    if kind not in wanted:
        batch.dropped["kind"] += max(_points_of(metric), 1)
        return
    data = getattr(metric, str(kind))
    scale = _SECONDS_OF_UNIT.get(metric.unit)
    temporality = data.aggregation_temporality
    reason = ""
    if kind != "sum" and scale is None:
        reason = "unit"
    elif kind == "sum" and not data.is_monotonic:
        reason = "kind"
    elif temporality not in (
        AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA,
        AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE,
    ):
        reason = "temporality"
    if reason:
        batch.dropped[reason] += len(data.data_points)
        return
    is_delta = temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    for each in data.data_points:
        try:
            batch.points.append(_point(metric.name, scope, each, scale or 1.0, is_delta=is_delta))
        except ItemError as error:
            batch.dropped[str(error)] += 1


def _point(
    name: str,
    scope: str,
    point: HistogramDataPoint | ExponentialHistogramDataPoint | NumberDataPoint,
    scale: float,
    *,
    is_delta: bool,
) -> Point:
    if point.flags & _NO_RECORDED_VALUE:
        raise ItemError("no_value")
    attributes = _checked_texts(point.attributes)
    counts: tuple[float, ...] = ()
    is_coarse, total = False, 0.0
    if isinstance(point, NumberDataPoint):
        kind = point.WhichOneof("value")
        count = float(getattr(point, kind)) if kind else -1.0
    else:
        buckets = (
            explicit_buckets(point, scale)
            if isinstance(point, HistogramDataPoint)
            else exponential_buckets(point, scale)
        )
        counts, is_coarse = at_our_bounds(buckets)
        count = float(point.count)
        total = point.sum * scale if point.HasField("sum") else 0.0
    if not 0 <= count <= _LARGEST_COUNT or not (isfinite(total) and total >= 0):
        raise ItemError("value")
    return Point(
        name,
        _digest([("", name), ("", scope), *sorted(attributes.items())]),
        _wanted(attributes),
        is_delta,
        point.start_time_unix_nano,
        point.time_unix_nano,
        counts,
        count,
        total,
        is_coarse,
    )


def _span(span: Span) -> ToolSpan | None:
    is_tool = span.name.startswith(_SPAN_PREFIX)
    is_client = span.kind == Span.SpanKind.SPAN_KIND_CLIENT
    if not is_tool and not is_client:
        return None
    attributes = _wanted(_checked_texts(span.attributes))
    if not is_tool and otel.MCP_METHOD not in attributes:
        return None
    if is_tool:
        attributes.setdefault(otel.TOOL_NAME, span.name.removeprefix(_SPAN_PREFIX))
    if span.status.code == Status.StatusCode.STATUS_CODE_ERROR:
        attributes.setdefault(otel.ERROR_TYPE, "_OTHER")
    if len(span.trace_id) != 16 or len(span.span_id) != 8:
        raise ItemError("id")
    if not 0 < span.start_time_unix_nano <= span.end_time_unix_nano:
        raise ItemError("time")
    seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
    return ToolSpan(span.trace_id + span.span_id, not is_tool, attributes, seconds)


def _checked_texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    texts = dict(_texts(attributes))
    if len(texts) > MOST_ATTRIBUTES:
        raise ItemError("attributes")
    return texts


def _texts(attributes: Iterable[KeyValue]) -> Iterator[tuple[str, str]]:
    """Yield attributes as text, cut to a length; lists and maps by what kind they are."""
    for number, each in enumerate(attributes):
        if number > MOST_ATTRIBUTES:
            return
        yield each.key[:LONGEST_ATTRIBUTE], _text(each.value)[:LONGEST_ATTRIBUTE]


def _text(value: AnyValue) -> str:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind in ("int_value", "double_value", "bool_value"):
        return str(getattr(value, kind))
    return str(kind)


def _wanted(attributes: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in attributes.items() if key in _WANTED_ATTRIBUTES}


def _digest(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return what tells one sequence of pairs from any other."""
    texts = [text.encode("utf-8", "surrogatepass") for pair in pairs for text in pair]
    lengths = b",".join(b"%d" % len(text) for text in texts)
    return blake2b(b"\0".join([lengths, *texts]), digest_size=16).digest()
