"""OpenTelemetry traces of the service, where an endpoint for them is set; else nothing of it runs.

``OTEL_EXPORTER_OTLP_ENDPOINT`` (or ``..._TRACES_ENDPOINT``) says where spans go, over HTTP; their
headers, sampling and the service's name are set by OpenTelemetry's other variables. Names and
attributes are those of its semantic conventions for HTTP and databases.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer
from sqlalchemy import Engine, event

from exporters.problems import InputError, problem
from exporters.version import VERSION
from slo.review.facts import AlertFact
from slo.web.guard import Application, Message, Receive, Send

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_UNTRACED = ("/healthz", "/metrics")
"""Asked for several times a minute, of no interest to anybody."""
_PLAIN = ("/webhook", "/pagerduty")
"""Paths of routes that do not tell which they are."""
_LONGEST_STATEMENT = 2000
"""Characters. Values are not in it."""
_SYSTEMS = {"sqlite": "sqlite", "postgresql": "postgresql"}

Traced = Callable[[str], AbstractContextManager[object]]
"""Makes a span of what is done within it."""


def untraced(_: str) -> AbstractContextManager[object]:
    """Make no span."""
    return nullcontext()


@dataclass(frozen=True)
class Told:
    """What a webhook told, and the span of the request that it came by; none is one, too."""

    facts: Sequence[AlertFact]
    request: Span = field(default_factory=trace.get_current_span)


class Tracing:
    """Spans of requests, of webhooks committed together, of upkeep, and of their statements."""

    def __init__(self, provider: TracerProvider) -> None:
        """Send spans to a provider, which is ended by :meth:`end`."""
        self._provider = provider
        self._tracer = provider.get_tracer("shardwatch.reviews", VERSION)

    def end(self) -> None:
        """Send what waits."""
        self._provider.shutdown()

    def span(self, name: str) -> AbstractContextManager[Span]:
        """Make a span of what is done within it."""
        return self._tracer.start_as_current_span(name)

    def batches(self, commit: Callable[[Sequence[Told]], None]) -> Callable[[Sequence[Told]], None]:
        """Return a function that commits webhooks, with a span of each batch.

        It has links to the requests that the webhooks came by, and each of these has one to it: a
        batch is part of many traces, and links of one span are limited.
        """

        def traced(batch: Sequence[Told]) -> None:
            requests = [each.request for each in batch if each.request.is_recording()]
            links = [Link(each.get_span_context()) for each in requests]
            with self._tracer.start_as_current_span("commit webhooks", links=links) as span:
                for each in requests:
                    each.add_link(span.get_span_context())
                span.set_attribute("shardwatch.webhooks", len(batch))
                span.set_attribute("shardwatch.alerts", sum(len(each.facts) for each in batch))
                commit(batch)

        return traced

    def requests(self, application: Application) -> Application:
        """Return an application with a span of each request, within its sender's trace."""
        return TracedRequests(application, self._tracer)

    def statements(self, engine: Engine) -> None:
        """Have an engine make a span of each statement that runs within another span."""
        system = _SYSTEMS[engine.dialect.name]

        def begin(*told: Any) -> None:
            _, _, statement, _, context, is_many = told
            if not trace.get_current_span().is_recording():
                return
            operation = statement.split(None, 1)[0].upper()
            attributes: dict[str, Any] = {
                "db.system.name": system,
                "db.operation.name": operation,
                "db.query.text": statement[:_LONGEST_STATEMENT],
            }
            if is_many:
                attributes["db.operation.batch.size"] = len(context.parameters)
            context.shardwatch_span = self._tracer.start_span(
                operation, kind=SpanKind.CLIENT, attributes=attributes
            )

        def end(*told: Any) -> None:
            span = getattr(told[4], "shardwatch_span", None)
            if span is not None:
                span.end()

        def fail(told: Any) -> None:
            span = getattr(told.execution_context, "shardwatch_span", None)
            if span is not None:
                span.set_attribute("error.type", type(told.original_exception).__qualname__)
                span.set_status(Status(StatusCode.ERROR))
                span.end()

        event.listen(engine, "before_cursor_execute", begin)
        event.listen(engine, "after_cursor_execute", end)
        event.listen(engine, "handle_error", fail)


class TracedRequests:
    """Makes a span of each request of an application (ASGI)."""

    def __init__(self, application: Application, tracer: Tracer) -> None:
        """Trace an application."""
        self.application = application
        self._tracer = tracer

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request within a span."""
        if scope["type"] != "http" or scope["path"] in _UNTRACED:
            await self.application(scope, receive, send)
            return
        headers = {name.decode("latin-1"): text.decode("latin-1")
                   for name, text in scope["headers"]}  # fmt: skip
        with self._tracer.start_as_current_span(
            scope["method"],
            context=propagate.extract(headers),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": scope["method"],
                "url.path": scope["path"],
                "url.scheme": scope.get("scheme", "http"),
            },
        ) as span:

            async def send_traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _tell_answer(span, scope, message["status"])
                await send(message)

            await self.application(scope, receive, send_traced)


def _tell_answer(span: Span, scope: Message, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    plain = scope["path"] if scope["path"] in _PLAIN else None
    route = getattr(scope.get("route"), "path", plain)
    if route:
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
    if status >= 500:
        span.set_attribute("error.type", str(status))
        span.set_status(Status(StatusCode.ERROR))


@contextmanager
def tracing_as_asked() -> Iterator[Tracing | None]:
    """Give what traces as the environment says, and end it; None where no endpoint is set.

    Raises:
        InputError: if an endpoint is set, and what sends to it is not installed.
    """
    endpoint = next((name for name in ENDPOINTS if os.environ.get(name)), None)
    if endpoint is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        yield None
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - with it
    except ModuleNotFoundError:
        found = "is set, and OpenTelemetry's OTLP exporter is not installed"
        fix = "install shardwatch[otlp], or unset it"
        raise InputError([problem(endpoint, found, fix=fix)]) from None
    own = {SERVICE_VERSION: VERSION}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        own[SERVICE_NAME] = "shardwatch-reviews"
    provider = TracerProvider(resource=Resource.create(own))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracing = Tracing(provider)
    try:
        yield tracing
    finally:
        tracing.end()
