"""OTLP's protobuf as plain data."""

import hypothesis
import pytest
from hypothesis import strategies
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Metric,
    NumberDataPoint,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from exporters.catalog import OTLP_DROP_REASONS, TOOL_DURATION_BOUNDS
from exporters.tools import otel
from exporters.tools.otlp import decoding
from exporters.tools.otlp.decoding import decode_metrics, decode_traces
from exporters.tools.otlp.items import OtlpError
from exporters.tools.otlp.testing import (
    CUMULATIVE,
    DELTA,
    counter,
    durations,
    histogram,
    metrics_request,
    tool_span,
    traces_request,
)


def point_of(metric):
    """The only point of a request with one metric."""
    (batch,) = decode_metrics(metrics_request(metric))
    (point,) = batch.points
    return point


def dropped(metric):
    """Why the points of a metric were dropped."""
    (batch,) = decode_metrics(metrics_request(metric))
    assert batch.points == []
    assert batch.dropped.keys() <= set(OTLP_DROP_REASONS)
    return dict(batch.dropped)


def test_a_histogram_point_has_its_counts_at_our_bounds():
    """Cumulative, as Prometheus has them."""
    point = point_of(histogram(durations([0.3, 0.5, 700.0], start=1, time=2)))
    at = dict(zip(TOOL_DURATION_BOUNDS, point.counts, strict=True))
    assert (at[0.2], at[0.5], at[600.0], at[1800.0]) == (0.0, 2.0, 2.0, 3.0)
    assert (point.count, point.sum, point.is_coarse) == (3.0, 700.8, False)
    assert (point.start, point.time, point.is_delta) == (10**9, 2 * 10**9, False)
    assert point.attributes == {"gen_ai.tool.name": "browse", "gen_ai.request.model": "agent"}


def test_other_bounds_never_make_a_call_faster_than_it_was():
    """0.3 s is at or below 0.25 or above it: the client knows only that it is below 2.5."""
    point = point_of(histogram(durations([0.3, 9.0, 99.0], bounds=[0.25, 2.5, 10.0])))
    at = dict(zip(TOOL_DURATION_BOUNDS, point.counts, strict=True))
    assert (at[2.0], at[5.0], at[10.0], at[3600.0]) == (0.0, 1.0, 2.0, 2.0)
    assert (point.count, point.is_coarse) == (3.0, True)


def test_milliseconds_become_seconds():
    """Some runtimes measure in them."""
    bounds = [10.0, 20.0, 50.0]
    point = point_of(histogram(durations([15.0], bounds=bounds), unit="ms"))
    assert point.counts[:3] == (0.0, 1.0, 1.0)
    assert (point.sum, point.is_coarse) == (0.015, False)


def exponential(scale, positive, count, zeros=0):
    """An exponential histogram of one point."""
    buckets = ExponentialHistogramDataPoint.Buckets(bucket_counts=positive)
    point = ExponentialHistogramDataPoint(
        positive=buckets, scale=scale, count=count, zero_count=zeros, sum=1.0
    )
    data = ExponentialHistogram(data_points=[point], aggregation_temporality=CUMULATIVE)
    return Metric(name=otel.EXECUTE_TOOL_DURATION, unit="s", exponential_histogram=data)


def test_an_exponential_histogram_is_cut_to_our_bounds():
    """Scale 0: bucket 0 is (1, 2], bucket 1 is (2, 4]; zeros are at or below everything."""
    point = point_of(exponential(scale=0, positive=[3, 5], zeros=2, count=10))
    at = dict(zip(TOOL_DURATION_BOUNDS, point.counts, strict=True))
    assert (at[0.01], at[1.0], at[2.0], at[5.0]) == (2.0, 2.0, 5.0, 10.0)


def test_buckets_beyond_all_numbers_are_above_all_bounds():
    """Scale -10 has bounds like 2 ** 1024."""
    point = point_of(exponential(scale=-10, positive=[1], count=1))
    assert (point.counts[-1], point.count) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (histogram(durations([1.0]), unit="By"), "unit"),
        (histogram(durations([1.0]), temporality=0), "temporality"),
        (histogram(durations([1.0], bounds=[2.0, 1.0])), "buckets"),
        (histogram(durations([1.0], bounds=[float("nan")])), "buckets"),
        (histogram(durations([], more={f"x{n}": "" for n in range(70)})), "attributes"),
        (counter(otel.EXECUTE_TOOL_DURATION, 1, {}), "kind"),
        (Metric(name=otel.EXECUTE_TOOL_DURATION), "kind"),
        (Metric(name=otel.TOOL_ATTEMPTS, gauge=Gauge(data_points=[NumberDataPoint()])), "kind"),
        (counter(otel.TOOL_ATTEMPTS, -1, {}), "value"),
        (exponential(scale=0, positive=[1], count=2), "buckets"),
        (exponential(scale=99, positive=[1], count=1), "buckets"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_dropped_with_a_reason(metric, reason):
    """Item by item: the rest of a request counts."""
    assert dropped(metric) == {reason: 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"count": 7}, "buckets"), ({"sum": float("nan")}, "value"), ({"sum": -1.0}, "value"),
     ({"sum": float("inf")}, "value"), ({"flags": 1}, "no_value")],
)  # fmt: skip
def test_a_point_whose_numbers_cannot_be_is_dropped(change, reason):
    """Neither NaN nor a count that its buckets do not add up to."""
    point = durations([1.0])
    for name, value in change.items():
        setattr(point, name, value)
    assert dropped(histogram(point)) == {reason: 1}


def test_a_histogram_without_buckets_or_sum_still_counts_calls():
    """Both are optional in OTLP."""
    point = durations([1.0, 2.0], bounds=[])
    del point.bucket_counts[:]
    point.ClearField("sum")
    made = point_of(histogram(point))
    assert (made.count, made.sum, made.counts[-1]) == (2.0, 0.0, 0.0)


def test_instruments_of_others_are_passed_over():
    """A runtime measures more than its tools."""
    assert decode_metrics(metrics_request(counter("http.requests", 1, {}))) == []


def test_streams_differ_by_every_attribute_and_clients_by_their_instance():
    """Also by those that no label of ours shows."""
    first, second = (point_of(histogram(durations([], more={"agent": x}))) for x in "ab")
    assert first.stream != second.stream
    assert first.stream == point_of(histogram(durations([], more={"agent": "a"}))).stream

    def client(instance, region=""):
        (batch,) = decode_metrics(
            metrics_request(histogram(durations([])), instance=instance, region=region)
        )
        return batch.client

    assert client("a").key != client("b").key
    assert client("").key == client("").key
    assert client("a", region="eu").region == "eu"


def test_attributes_of_any_kind_become_text():
    """An HTTP status as error type is a number."""
    point = durations([1.0])
    for value in (AnyValue(int_value=429), AnyValue(bool_value=True), AnyValue(),
                  AnyValue(array_value=ArrayValue())):  # fmt: skip
        point.attributes.append(KeyValue(key=otel.ERROR_TYPE, value=value))
        made = point_of(histogram(point))
        assert isinstance(made.attributes[otel.ERROR_TYPE], str)
    point.attributes.append(KeyValue(key=otel.ERROR_TYPE, value=AnyValue(int_value=429)))
    assert point_of(histogram(point)).attributes[otel.ERROR_TYPE] == "429"


def batch_of(spans):
    """What a request of spans holds."""
    (batch,) = decode_traces(traces_request(*spans))
    return batch


def test_a_span_of_a_tool_has_its_name_and_how_long_it_took():
    """The attribute's name comes before that of the span."""
    batch = batch_of([tool_span(1.5), tool_span(1, texts={otel.TOOL_NAME: "search"})])
    assert [span.attributes[otel.TOOL_NAME] for span in batch.spans] == ["browse", "search"]
    assert batch.spans[0].seconds == 1.5


def test_a_span_with_an_error_and_no_type_is_an_error():
    """As the conventions call one whose type is not known."""
    span = tool_span(1)
    span.status.code = Status.StatusCode.STATUS_CODE_ERROR
    assert batch_of([span]).spans[0].attributes[otel.ERROR_TYPE] == "_OTHER"


def test_other_spans_are_passed_over():
    """Also a server's of MCP: its client has one too."""
    texts = {otel.MCP_METHOD: "tools/call"}
    server = tool_span(1, name="tools/call x", kind=Span.SpanKind.SPAN_KIND_SERVER, texts=texts)
    assert decode_traces(traces_request(tool_span(1, name="chat"), server)) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"end_time_unix_nano": 1}, "time"), ({"start_time_unix_nano": 0}, "time"),
     ({"span_id": b"x"}, "id"), ({"trace_id": b""}, "id")],
)  # fmt: skip
def test_a_span_that_cannot_be_is_dropped(change, reason):
    """The others of its request count."""
    span = tool_span(1)
    for name, value in change.items():
        setattr(span, name, value)
    batch = batch_of([span, tool_span(1, number=2)])
    assert dict(batch.dropped) == {reason: 1}
    assert len(batch.spans) == 1


def test_bytes_that_are_no_otlp_are_refused_with_the_reason():
    """Whole: nobody knows where the next item would be."""
    for decode in (decode_metrics, decode_traces):
        with pytest.raises(OtlpError, match=r"found no Export\w+ServiceRequest"):
            decode(b"\x0a\xff\xff")


def test_nesting_beyond_a_hundred_levels_is_refused():
    """An attribute may hold lists of lists; 30 are read, and mean nothing to us."""

    def message(number, content):
        size = len(content)
        length = [size & 127 | 128, size >> 7] if size > 127 else [size]
        return bytes([number << 3 | 2, *length]) + content

    def request(lists):
        value = b""
        for _ in range(lists):
            value = message(5, message(1, value))  # AnyValue.array_value, ArrayValue.values
        return message(1, message(1, message(1, message(2, value))))

    assert decode_metrics(request(30)) == []
    with pytest.raises(OtlpError, match="MaxDepth"):
        decode_metrics(request(60))


def test_more_items_than_the_limit_are_refused(monkeypatch):
    """Also those of instruments that we do not look at."""
    monkeypatch.setattr(decoding, "MOST_ITEMS", 2)
    decode_metrics(metrics_request(*[counter("x", 1, {})] * 2))
    with pytest.raises(OtlpError, match="found more than 2 data points"):
        decode_metrics(metrics_request(*[counter("x", 1, {})] * 3))
    with pytest.raises(OtlpError, match="found more than 2 spans"):
        decode_traces(traces_request(*[tool_span(1)] * 3))


VALID = metrics_request(histogram(durations([0.1, 2.0]), temporality=DELTA))
VALID_TRACES = traces_request(tool_span(1.0))


@hypothesis.given(strategies.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(body):
    """Never another exception."""
    for decode in (decode_metrics, decode_traces):
        try:
            decode(body)
        except OtlpError:
            continue


@hypothesis.given(strategies.data())
@hypothesis.settings(max_examples=300)
def test_any_damage_to_a_good_request_is_decoded_or_refused(data):
    """Bytes changed, left out or put in; whatever is read is in form."""
    for decode, whole in ((decode_metrics, VALID), (decode_traces, VALID_TRACES)):
        body = bytearray(whole)
        for _ in range(data.draw(strategies.integers(1, 4))):
            at = data.draw(strategies.integers(0, len(body)))
            upto = at + data.draw(strategies.integers(0, 3))
            body[at:upto] = data.draw(strategies.binary(max_size=3))
        try:
            batches = decode(bytes(body))
        except OtlpError:
            continue
        for batch in batches:
            assert batch.dropped.keys() <= set(OTLP_DROP_REASONS)
            for point in batch.points:
                assert list(point.counts) == sorted(point.counts)
                assert all(0 <= count <= point.count for count in point.counts)
                assert 0 <= point.sum < float("inf")
            assert all(span.seconds >= 0 for span in batch.spans)
