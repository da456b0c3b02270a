"""Instrumentation of an agent runtime's tool calls, on OpenTelemetry's API.

::

    tools = ToolInstrumentation()            # of the global providers

    @tools.tool("browse", model="agent")     # of a function, a coroutine or a generator
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
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from opentelemetry import metrics, trace

from exporters.catalog import TOOL_DURATION_BOUNDS
from exporters.tools import otel
from exporters.tools.calls import Instruments, ToolCall, one_task
from exporters.tools.ending import Outcomes, check_outcome
from exporters.tools.streaming import follow, follow_async
from exporters.version import VERSION

__all__ = ["ToolCall", "ToolInstrumentation", "one_task"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


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
        meter = metrics.get_meter("shardwatch.tools", VERSION, meter_provider)
        self._instruments = Instruments(
            trace.get_tracer("shardwatch.tools", VERSION, tracer_provider),
            meter.create_histogram(
                otel.EXECUTE_TOOL_DURATION,
                unit="s",
                description="Duration of tool executions.",
                explicit_bucket_boundaries_advisory=TOOL_DURATION_BOUNDS,
            ),
            meter.create_histogram(
                otel.MCP_CLIENT_DURATION,
                unit="s",
                description="Duration of MCP requests, as their sender saw it.",
                explicit_bucket_boundaries_advisory=TOOL_DURATION_BOUNDS,
            ),
            meter.create_counter(
                otel.TOOL_ATTEMPTS,
                unit="{attempt}",
                description="Attempts of tool calls: first ones, and those made again.",
            ),
            {kind: check_outcome(each) for kind, each in (outcomes or {}).items()},
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
        return ToolCall(self._instruments, name, model, kind, attempt, is_mcp=mcp)

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
        is looked at for MCP's ``isError``. A generator, asynchronous or not, is one call from its
        first step to its last.
        """

        def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
            named = name or function.__name__

            def begin() -> ToolCall:
                return self.call(named, model=model, kind=kind, mcp=mcp)

            if inspect.isasyncgenfunction(function):
                return follow_async(function, begin)  # type: ignore[return-value]
            if inspect.isgeneratorfunction(function):
                return follow(function, begin)  # type: ignore[return-value]
            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def wait(*args: _P.args, **kwargs: _P.kwargs) -> Any:
                    async with begin() as call:
                        return call.look_at(await function(*args, **kwargs))

                return wait  # type: ignore[return-value]

            @functools.wraps(function)
            def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
                with begin() as call:
                    return call.look_at(function(*args, **kwargs))

            return run

        return decorate
