"""One call of a tool, as it is measured; and which of several calls is a retry."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from opentelemetry import context, metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from exporters.tools import otel
from exporters.tools.ending import TOOL_ERROR, Outcomes, check_outcome, error_type_of, outcome_of

MCP_CALL_METHOD = "tools/call"

_R = TypeVar("_R")
_tried: ContextVar[Counter[str] | None] = ContextVar("shardwatch_tools_tried", default=None)


@dataclass(frozen=True)
class Instruments:
    """What calls are told with."""

    tracer: trace.Tracer
    durations: metrics.Histogram
    mcp_durations: metrics.Histogram
    attempts: metrics.Counter
    outcomes: Outcomes
    """Of exceptions of libraries that we do not know."""


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


class ToolCall:
    """One call, under way within ``with`` or ``async with``."""

    def __init__(
        self,
        of: Instruments,
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

    def begin(self) -> ToolCall:
        """Begin to measure the call, and return it."""
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
        self._start = time.monotonic()
        return self

    @contextmanager
    def current(self) -> Iterator[None]:
        """Let spans that are made within it be the call's."""
        token = context.attach(trace.set_span_in_context(self._span))
        try:
            yield
        finally:
            context.detach(token)

    def finish(self, error: BaseException | None) -> None:
        """End measuring; ``error`` is what ended the call, if anything did."""
        seconds = time.monotonic() - self._start
        if self._error_type is None and error is not None:
            self._error_type = error_type_of(error, outcome_of(error, self._of.outcomes))
        labels = dict(self._labels)
        if self._error_type:
            labels[otel.ERROR_TYPE] = self._error_type
            self._span.set_attribute(otel.ERROR_TYPE, self._error_type)
            self._span.set_status(Status(StatusCode.ERROR))
        # Measured while the span is current, so that exemplars can name it.
        with self.current():
            self._of.durations.record(seconds, labels)
            if self._is_mcp:
                self._of.mcp_durations.record(seconds, {**labels, otel.MCP_METHOD: MCP_CALL_METHOD})
        self._span.end()

    def __enter__(self) -> ToolCall:
        self.begin()
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        context.detach(self._token)
        self.finish(error)

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
