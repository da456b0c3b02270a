"""Traces: of requests, batches, upkeep and statements; nothing, where no endpoint is set."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx2 as httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, SpanKind, StatusCode
from sqlalchemy import Engine, text

from exporters.problems import InputError
from slo.review.app import review_application
from slo.review.database import writing
from slo.review.keeping import Keeper
from slo.review.metrics import ReviewMetrics
from slo.review.tracing import ENDPOINTS, Told, Tracing, tracing_as_asked
from tests.slo.review.messages import NOW, alert, webhook
from tests.slo.review.test_keeping import Prometheus

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def spans(sqlite_record: Engine) -> Iterator[tuple[Tracing, InMemorySpanExporter]]:
    """What traces a record, and the spans that came."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider)
    tracing.statements(sqlite_record)
    yield tracing, exporter
    tracing.end()


async def ask(record: Engine, tracing: Tracing, *requests: tuple[Any, ...]) -> list[int]:
    """Return the statuses of what a traced service answers."""
    app = review_application(record, "127.0.0.1", clock=lambda: NOW, tracing=tracing)
    inner = app.application._application
    lifespan = inner.router.lifespan_context(inner)
    transport = httpx.ASGITransport(app)
    async with (
        lifespan,
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        return [(await client.request(*one, **more)).status_code for *one, more in requests]


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    """Return the one span of a name."""
    (found,) = [each for each in exporter.get_finished_spans() if each.name == name]
    return found


def children(exporter: InMemorySpanExporter, parent: ReadableSpan) -> list[str]:
    """Return the names of a span's children, in their order."""
    own = parent.get_span_context().span_id
    return [each.name for each in exporter.get_finished_spans()
            if each.parent and each.parent.span_id == own]  # fmt: skip


async def test_a_webhook_is_a_request_and_part_of_a_batch(sqlite_record: Engine, spans):
    """The request goes on with its sender's trace; health is not traced."""
    tracing, exporter = spans
    sender = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    statuses = await ask(
        sqlite_record,
        tracing,
        ("POST", "/webhook", {"content": webhook(alert()), "headers": sender}),
        ("GET", "/healthz", {}),
        ("GET", "/metrics", {}),
    )

    assert [204, 200, 200] == statuses
    request, batch = named(exporter, "POST /webhook"), named(exporter, "commit webhooks")
    assert (TRACE, SpanKind.SERVER) == (f"{request.context.trace_id:032x}", request.kind)
    assert 204 == request.attributes["http.response.status_code"]
    assert (1, 1) == (
        batch.attributes["shardwatch.webhooks"],
        batch.attributes["shardwatch.alerts"],
    )
    assert ["BEGIN", "INSERT", "INSERT"] == children(exporter, batch)
    assert [request.context] == [each.context for each in batch.links]
    assert [batch.context] == [each.context for each in request.links]
    assert {"POST /webhook", "commit webhooks", "BEGIN", "INSERT"} == {
        each.name for each in exporter.get_finished_spans()
    }


def test_a_batch_links_to_all_of_its_requests(spans):
    """And each of them to it; what is not traced is left out."""
    tracing, exporter = spans
    with tracing.span("first") as first:
        told = [Told(())]
        with tracing.span("second") as second:
            told += [Told(()), Told((), INVALID_SPAN)]
            tracing.batches(lambda _: None)(told)

    batch = named(exporter, "commit webhooks")
    assert 3 == batch.attributes["shardwatch.webhooks"]
    requests = [first.get_span_context(), second.get_span_context()]
    assert requests == [each.context for each in batch.links]
    for name in ("first", "second"):
        assert [batch.context] == [each.context for each in named(exporter, name).links]


async def test_what_is_read_has_its_statements_without_their_values(sqlite_record: Engine, spans):
    """Under the route, not the path: paths are as many as there are incidents."""
    tracing, exporter = spans
    await ask(sqlite_record, tracing, ("GET", "/api/v1/audit?actor=secret", {}))

    request = named(exporter, "GET /api/v1/audit")
    assert ["BEGIN", "SELECT"] == children(exporter, request)
    statement = named(exporter, "SELECT").attributes
    assert ("sqlite", "SELECT") == (statement["db.system.name"], statement["db.operation.name"])
    assert "FROM audit" in statement["db.query.text"]
    assert "secret" not in str(dict(request.attributes) | dict(statement))


async def test_a_database_that_fails_is_an_error_in_the_trace(sqlite_record: Engine, spans):
    """Of the statement, and of the request that it was for."""
    tracing, exporter = spans
    with writing(sqlite_record) as connection:
        connection.execute(text("DROP TABLE audit"))

    assert [503] == await ask(sqlite_record, tracing, ("GET", "/api/v1/audit", {}))

    failed = named(exporter, "GET /api/v1/audit"), named(exporter, "SELECT")
    assert [StatusCode.ERROR] * 2 == [each.status.status_code for each in failed]
    assert ["503", "OperationalError"] == [each.attributes["error.type"] for each in failed]


async def test_upkeep_is_traced_by_task(sqlite_record: Engine, spans):
    """With its statements."""
    tracing, exporter = spans
    prometheus: Any = Prometheus()
    keeper = Keeper(sqlite_record, prometheus, ReviewMetrics(), 3600, clock=lambda: NOW)
    keeper.traced = tracing.span
    await keeper.keep()

    for name in ("alerts", "incidents", "spending", "snapshots"):
        assert "SELECT" in children(exporter, named(exporter, f"keep {name}"))


def test_nothing_is_traced_where_no_endpoint_is_set(
    sqlite_record: Engine, monkeypatch: pytest.MonkeyPatch
):
    """And no statement passes through us."""
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)

    with tracing_as_asked() as tracing:
        assert tracing is None
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with tracing_as_asked() as tracing:
        assert tracing is None
    assert not sqlite_record.dispatch.before_cursor_execute


def test_spans_go_to_the_endpoint(monkeypatch: pytest.MonkeyPatch):
    """By OTLP over HTTP, under the service's name."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        serving = threading.Thread(target=collector.serve_forever, args=(0.05,))
        serving.start()
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        with tracing_as_asked() as tracing:
            assert tracing is not None
            with tracing.span("keep alerts"):
                pass
        collector.shutdown()
        serving.join()

    (resource,) = ExportTraceServiceRequest.FromString(bodies[0]).resource_spans
    attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert "shardwatch-reviews" == attributes["service.name"]
    assert ["keep alerts"] == [each.name for each in resource.scope_spans[0].spans]


def test_an_endpoint_without_what_sends_to_it_is_told(monkeypatch: pytest.MonkeyPatch):
    """And what to install."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(InputError) as told, tracing_as_asked():
        pass

    assert "install shardwatch[otlp], or unset it" == told.value.problems[0].fix
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in str(told.value.problems[0])
