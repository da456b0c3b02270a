"""The instrumentation of tool calls, on the real SDK."""

import asyncio

import pytest
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from exporters import catalog
from exporters.tools import otel
from exporters.tools.ending import BlockedError, CaptchaError, RateLimitedError, ToolError
from exporters.tools.instrument import ToolInstrumentation, one_task


class Response(Exception):  # noqa: N818 - as HTTP clients have them
    """What an HTTP client raises."""

    def __init__(self, status) -> None:
        self.status = status


class ReadTimeout(Exception):  # noqa: N818 - httpx's, which is no TimeoutError
    """What httpx raises."""


def test_a_call_that_returns_is_a_duration_without_an_error_type(sdk):
    """As the conventions have it: absent on success."""
    with sdk.tools.call("browse", model="agent"):
        pass
    ((labels, point),) = sdk.points(otel.EXECUTE_TOOL_DURATION)
    assert labels == {"gen_ai.tool.name": "browse", "gen_ai.request.model": "agent"}
    assert point.count == 1
    assert tuple(point.explicit_bounds) == catalog.TOOL_DURATION_BOUNDS


def test_the_bounds_are_those_of_mcp_and_three_more():
    """4 % of real calls last longer than a minute."""
    assert catalog.TOOL_DURATION_BOUNDS == (
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600,
    )  # fmt: skip


def test_the_span_is_named_and_labelled_by_the_conventions(sdk):
    """And is the current one, so that what the tool asks for becomes its child."""
    with sdk.tools.call("browse", kind="extension"):
        inside = get_current_span().get_span_context().span_id
    (span,) = sdk.spans
    assert (span.name, span.kind) == ("execute_tool browse", SpanKind.INTERNAL)
    assert span.context.span_id == inside
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "browse",
        "gen_ai.tool.type": "extension",
        "attempt": "first",
    }
    assert not get_current_span().get_span_context().is_valid


@pytest.mark.parametrize(
    ("error", "error_type"),
    [
        (ValueError("x"), "ValueError"), (ToolError(), "ToolError"), (TimeoutError(), "timeout"),
        (asyncio.CancelledError(), "cancelled"),
        (KeyboardInterrupt(), "cancelled"), (CaptchaError(), "captcha"),
        (RateLimitedError(), "rate_limited"), (BlockedError(), "blocked"),
        (Response(429), "rate_limited"), (Response(403), "blocked"), (Response(504), "timeout"),
        (Response(500), "Response"), (ReadTimeout(), "timeout"),
    ],
)  # fmt: skip
def test_what_is_raised_says_how_a_call_ended(sdk, error, error_type):
    """And goes on to the caller."""
    with pytest.raises(type(error)), sdk.tools.call("browse"):
        raise error
    assert sdk.error_types() == {error_type: 1}
    (span,) = sdk.spans
    assert span.attributes["error.type"] == error_type
    assert span.status.status_code is StatusCode.ERROR


@pytest.mark.parametrize("outcome", catalog.TOOL_OUTCOMES)
def test_a_call_can_say_how_it_ended_and_the_exporter_reads_it_back(sdk, outcome):
    """Every outcome of ours survives the way through OpenTelemetry's attribute."""
    with sdk.tools.call("browse") as call:
        call.end_as(outcome)
    (error_type,) = sdk.error_types()
    assert otel.OUTCOME_OF_ERROR.get(error_type, "error") == outcome


def test_what_a_call_said_holds_against_what_is_raised_afterwards(sdk):
    """It knows better."""

    def browse() -> None:
        with sdk.tools.call("browse") as call:
            call.end_as("captcha")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        browse()
    assert sdk.error_types() == {"captcha": 1}


def test_an_outcome_that_is_none_is_refused(sdk, make_sdk):
    """At once, not when somebody reads the metrics."""
    with (
        pytest.raises(ValueError, match=r"found 'broken', expected one of ok, error, timeout"),
        sdk.tools.call("browse") as call,
    ):
        call.end_as("broken")
    with pytest.raises(ValueError, match="found 'broken'"):
        make_sdk(outcomes={KeyError: "broken"})


def test_exceptions_of_other_libraries_can_be_given_an_outcome(make_sdk):
    """The nearest class in the order of inheritance wins."""
    sdk = make_sdk(outcomes={LookupError: "blocked", KeyError: "rate_limited"})
    for error in (KeyError(), IndexError()):
        with pytest.raises(type(error)), sdk.tools.call("browse"):
            raise error
    assert sdk.error_types() == {"rate_limited": 1, "blocked": 1}


def test_a_decorated_function_is_a_call_each_time(sdk):
    """Under its own name, unless another is given; it stays what it was."""

    @sdk.tools.tool()
    def search(query: str) -> str:
        """Find."""
        return query.upper()

    assert search("a") == "A"
    assert search.__doc__ == "Find."
    assert [span.name for span in sdk.spans] == ["execute_tool search"]
    assert sdk.error_types() == {"": 1}


async def test_a_decorated_coroutine_is_measured_until_it_ends(sdk):
    """Not until it was made."""

    @sdk.tools.tool("browse")
    async def fetch() -> None:
        await asyncio.sleep(0.02)

    await fetch()
    ((_, point),) = sdk.points(otel.EXECUTE_TOOL_DURATION)
    assert point.sum >= 0.02


async def test_a_cancelled_coroutine_is_cancelled_and_one_out_of_time_is_a_timeout(sdk):
    """The tool sees a cancellation in both cases; whoever set the deadline sees the difference."""

    @sdk.tools.tool("browse")
    async def hang() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await hang()

    @sdk.tools.tool("browse")
    async def wait() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sdk.error_types() == {"timeout": 1, "cancelled": 1}


async def test_calls_at_the_same_time_do_not_become_parents_of_each_other(sdk):
    """Each task has a context of its own."""
    async with sdk.tools.call("outer"):

        async def inner() -> None:
            async with sdk.tools.call("inner"):
                await asyncio.sleep(0.001)

        await asyncio.gather(inner(), inner())
    outer = next(span for span in sdk.spans if span.name == "execute_tool outer")
    parents = {span.parent.span_id for span in sdk.spans if span.name == "execute_tool inner"}
    assert parents == {outer.context.span_id}


def test_attempts_are_first_ones_unless_told(sdk):
    """Above 1 is a retry."""
    for attempt in (None, 1, 2, 3):
        with sdk.tools.call("browse", attempt=attempt):
            pass
    assert sdk.attempts() == {"first": 2, "retry": 2}
    with pytest.raises(ValueError, match="found attempt 0"):
        sdk.tools.call("browse", attempt=0)


def test_within_one_task_the_same_tool_again_is_a_retry(sdk):
    """Another tool is not; neither is the next task."""

    @sdk.tools.tool()
    def browse() -> None:
        raise CaptchaError

    for _ in range(2):
        with one_task():
            for _ in range(3):
                with pytest.raises(CaptchaError):
                    browse()
            with sdk.tools.call("search"):
                pass
    by_tool = {
        (labels["gen_ai.tool.name"], labels["attempt"]): point.value
        for labels, point in sdk.points("tool_call.attempts")
    }
    assert by_tool == {("browse", "first"): 2, ("browse", "retry"): 4, ("search", "first"): 2}


class ToolResult:
    """What MCP's client returns."""

    def __init__(self, *, is_error) -> None:
        self.isError = is_error


class McpError(Exception):
    """What MCP's client raises for an error of JSON-RPC."""

    def __init__(self, code) -> None:
        self.error = type("ErrorData", (), {"code": code})


def test_a_call_through_mcp_is_measured_by_both_conventions(sdk):
    """The span is a client's."""
    with sdk.tools.call("browse", mcp=True):
        pass
    ((labels, point),) = sdk.points(otel.MCP_CLIENT_DURATION)
    assert labels == {"gen_ai.tool.name": "browse", "mcp.method.name": "tools/call"}
    assert tuple(point.explicit_bounds) == catalog.TOOL_DURATION_BOUNDS
    assert sdk.error_types() == {"": 1}
    assert sdk.spans[0].kind is SpanKind.CLIENT


@pytest.mark.parametrize(
    ("result", "error_type"), [(ToolResult(is_error=True), "tool_error"),
                               (ToolResult(is_error=False), ""), ("text", "")],
)  # fmt: skip
def test_a_result_of_mcp_may_say_that_the_tool_failed(sdk, result, error_type):
    """It is no exception."""
    assert sdk.tools.tool("browse", mcp=True)(lambda: result)() is result
    assert sdk.error_types() == {error_type: 1}


def test_an_error_of_json_rpc_has_its_code_as_type(sdk):
    """As the conventions for MCP want it."""
    with pytest.raises(McpError), sdk.tools.call("browse", mcp=True):
        raise McpError(-32602)
    assert sdk.error_types() == {"-32602": 1}


def test_without_an_sdk_calls_run_and_nothing_is_measured():
    """A library must not need one."""
    assert ToolInstrumentation().tool("browse")(lambda: 5)() == 5
