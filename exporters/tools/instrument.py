"""Instrumentation of an agent runtime's tool calls, on OpenTelemetry's API.

::

    tools = ToolInstrumentation()            # of the global providers

    @tools.tool("browse", model="agent")     # of a function or a coroutine
    async def browse(url: str) -> Page: ...

    with tools.call("search") as call:       # or: async with
        if answer.asks_for_captcha:
            call.end_as("captcha")

Each call is a span ``execute_tool {name}`` and an observation of ``gen_ai.execute_tool.duration``;
a call through MCP is one of ``mcp.client.operation.duration`` as well (semantic conventions for
GenAI and MCP, 1.42). How it ended is in ``error.type``: absent for success, else ``timeout``,
``captcha``, ``rate_limited``, ``blocked``, ``cancelled``, or the name of the error.

The conventions do not tell attempts from tasks. ``tool_call.attempts`` counts each call as
``first`` or ``retry``: pass ``attempt``, or wrap what is tried again in :func:`one_task`.

Nothing here raises for the sake of telemetry, keeps arguments or results, or knows of an exporter:
whoever runs the process sets the providers up. Bounds are advice to the SDK, so histograms have
them without a view.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from opentelemetry import context, metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from exporters.catalog import TOOL_DURATION_BOUNDS
from exporters.tools import otel
from exporters.tools.ending import TOOL_ERROR, Outcomes, check_outcome, error_type_of, outcome_of
from exporters.version import VERSION

MCP_CALL_METHOD = "tools/call"

_P = ParamSpec("_P")
_R = TypeVar("_R")
_tried: ContextVar[Counter[str] | None] = ContextVar("shardwatch_tools_tried", default=None)


@contextmanager
def one_task() -> Iterator[None]:
    """Within it, the first call of each tool is a first attempt, and every further one a retry.

    For code under a library of retries, which calls the same function again::

        with one_task():
            await stamina.retry_caller(on=ToolError)(browse, url)
    """
    token = _tried.set(Counter())
    try:
        yield
    finally:
        _tried.reset(token)


class ToolInstrumentation:
    """Makes spans and measurements of tool calls.

    Args:
        meter_provider: OpenTelemetry's global one if None.
        tracer_provider: likewise.
        outcomes: how calls ended that raised exceptions of libraries that we do not know.

    Raises:
        ValueError: if an outcome is none of ``catalog.TOOL_OUTCOMES``.
    """

    def __init__(
        self,
        meter_provider: metrics.MeterProvider | None = None,
        tracer_provider: trace.TracerProvider | None = None,
        outcomes: Outcomes | None = None,
    ) -> None:
        self.outcomes = {kind: check_outcome(each) for kind, each in (outcomes or {}).items()}
        self.tracer = trace.get_tracer("shardwatch.tools", VERSION, tracer_provider)
        meter = metrics.get_meter("shardwatch.tools", VERSION, meter_provider)
        self.durations = meter.create_histogram(
            otel.EXECUTE_TOOL_DURATION,
            unit="s",
            description="Duration of tool executions.",
            explicit_bucket_boundaries_advisory=TOOL_DURATION_BOUNDS,
        )
        self.mcp_durations = meter.create_histogram(
            otel.MCP_CLIENT_DURATION,
            unit="s",
            description="Duration of MCP requests, as their sender saw it.",
            explicit_bucket_boundaries_advisory=TOOL_DURATION_BOUNDS,
        )
        self.attempts = meter.create_counter(
            otel.TOOL_ATTEMPTS,
            unit="{attempt}",
            description="Attempts of tool calls: first ones, and those made again.",
        )

    def call(
        self,
        name: str,
        *,
        model: str = "",
        kind: str = "function",
        attempt: int | None = None,
        mcp: bool = False,
    ) -> ToolCall:
        """Return a context manager, for ``with`` and ``async with``, of one call of a tool.

        Args:
            name: of the tool: one of few, never with arguments in it.
            model: that asked for the call (``gen_ai.request.model``).
            kind: ``function``, ``extension`` or ``datastore`` (``gen_ai.tool.type``).
            attempt: from 1 on; above it is a retry. As :func:`one_task` says if None, else first.
            mcp: the call goes through an MCP client.

        Raises:
            ValueError: if ``attempt`` is below 1.
        """
        if attempt is not None and attempt < 1:
            raise ValueError(f"found attempt {attempt}, expected 1 or more")
        return ToolCall(self, name, model, kind, attempt, is_mcp=mcp)

    def tool(
        self,
        name: str | None = None,
        *,
        model: str = "",
        kind: str = "function",
        mcp: bool = False,
    ) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
        """Return a decorator that makes each call of a function or coroutine function one call.

        Arguments as for :meth:`call`; the function's own name if ``name`` is None. What it returns
        is looked at for MCP's ``isError``.
        """

        def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
            named = name or function.__name__

            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def wait(*args: _P.args, **kwargs: _P.kwargs) -> Any:
                    async with self.call(named, model=model, kind=kind, mcp=mcp) as call:
                        return call.look_at(await function(*args, **kwargs))

                return wait  # type: ignore[return-value]

            @functools.wraps(function)
            def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
                with self.call(named, model=model, kind=kind, mcp=mcp) as call:
                    return call.look_at(function(*args, **kwargs))

            return run

        return decorate


class ToolCall:
    """One call, under way within ``with`` or ``async with``."""

    def __init__(
        self,
        of: ToolInstrumentation,
        name: str,
        model: str,
        kind: str,
        attempt: int | None,
        *,
        is_mcp: bool,
    ) -> None:
        self._of = of
        self._name = name
        self._kind = kind
        self._attempt = attempt
        self._is_mcp = is_mcp
        self._labels = {otel.TOOL_NAME: name}
        if model:
            self._labels[otel.REQUEST_MODEL] = model
        self._error_type: str | None = None
        """None until said; empty for success."""

    def end_as(self, outcome: str) -> None:
        """Say how the call ended, where no exception says it: one of ``catalog.TOOL_OUTCOMES``.

        It holds against what is raised afterwards.

        Raises:
            ValueError: if it is no outcome.
        """
        check_outcome(outcome)
        self._error_type = {"ok": "", "error": TOOL_ERROR}.get(outcome, outcome)

    def look_at(self, result: _R) -> _R:
        """Return a result, having looked whether it is MCP's and says that the tool failed."""
        is_error = getattr(result, "isError", None) or getattr(result, "is_error", None)
        if is_error is True and self._error_type is None:
            self._error_type = TOOL_ERROR
        return result

    def __enter__(self) -> ToolCall:
        which = "first" if self._number_attempt() == 1 else "retry"
        self._of.attempts.add(1, {**self._labels, otel.ATTEMPT: which})
        attributes = {
            **self._labels,
            otel.OPERATION_NAME: "execute_tool",
            otel.TOOL_TYPE: self._kind,
            otel.ATTEMPT: which,
        }
        if self._is_mcp:
            attributes[otel.MCP_METHOD] = MCP_CALL_METHOD
        self._span = self._of.tracer.start_span(
            f"execute_tool {self._name}",
            kind=SpanKind.CLIENT if self._is_mcp else SpanKind.INTERNAL,
            attributes=attributes,
        )
        self._token = context.attach(trace.set_span_in_context(self._span))
        self._start = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        seconds = time.monotonic() - self._start
        if self._error_type is None and error is not None:
            self._error_type = error_type_of(error, outcome_of(error, self._of.outcomes))
        labels = dict(self._labels)
        if self._error_type:
            labels[otel.ERROR_TYPE] = self._error_type
            self._span.set_attribute(otel.ERROR_TYPE, self._error_type)
            self._span.set_status(Status(StatusCode.ERROR))
        # Measured while the span is current, so that exemplars can name it.
        self._of.durations.record(seconds, labels)
        if self._is_mcp:
            self._of.mcp_durations.record(seconds, {**labels, otel.MCP_METHOD: MCP_CALL_METHOD})
        context.detach(self._token)
        self._span.end()

    async def __aenter__(self) -> ToolCall:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _number_attempt(self) -> int:
        tried = _tried.get()
        if self._attempt is not None:
            return self._attempt
        if tried is None:
            return 1
        tried[self._name] += 1
        return tried[self._name]
