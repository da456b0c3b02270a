"""Tools that are generators, on the real SDK."""

import asyncio
import inspect
from contextlib import aclosing

import pytest
from opentelemetry.trace import get_current_span

from exporters.tools import otel
from exporters.tools.ending import CaptchaError

SECONDS = 0.05


def current():
    """The span under which others would be made."""
    return get_current_span().get_span_context().span_id


async def test_a_stream_lasts_from_its_first_step_to_its_last(sdk):
    """To make it is nothing yet, and a failure late in it is one."""

    @sdk.tools.tool("browse")
    async def browse():
        yield 1
        await asyncio.sleep(SECONDS)
        raise CaptchaError

    stream = browse()
    assert sdk.attempts() == {}
    with pytest.raises(CaptchaError):
        assert [each async for each in stream] == []
    ((labels, point),) = sdk.points(otel.EXECUTE_TOOL_DURATION)
    assert labels[otel.ERROR_TYPE] == "captcha"
    assert point.sum >= SECONDS
    assert sdk.attempts() == {"first": 1}


async def test_a_stream_that_is_read_to_its_end_is_a_success(sdk):
    """And is what it was without the decorator."""

    @sdk.tools.tool("browse")
    async def browse(count):
        for number in range(count):
            yield number

    assert [each async for each in browse(3)] == [0, 1, 2]
    assert sdk.error_types() == {"": 1}


async def test_a_stream_whose_rest_is_not_wanted_is_cancelled(sdk):
    """It could not show how it would have ended; what it had open is closed."""
    closed = []

    @sdk.tools.tool("browse")
    async def browse():
        try:
            while True:
                yield 1
        finally:
            closed.append(current())

    async with aclosing(browse()) as stream:
        async for _ in stream:
            break
    assert sdk.error_types() == {"cancelled": 1}
    (span,) = sdk.spans
    assert closed == [span.context.span_id]


async def test_a_cancelled_reader_cancels_the_stream(sdk):
    """While it waits for the next step."""

    @sdk.tools.tool("browse")
    async def browse():
        yield 1
        await asyncio.Event().wait()

    async def read():
        async for _ in browse():
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(SECONDS)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sdk.error_types() == {"cancelled": 1}


@pytest.mark.parametrize("is_async", [True, False])
async def test_the_span_is_current_for_the_tool_and_not_for_who_reads_it(sdk, is_async):
    """Else what the reader does between two steps would be the tool's."""
    inside, outside = [], []
    if is_async:

        @sdk.tools.tool("browse")
        async def browse():
            for _ in range(2):
                inside.append(current())
                yield

        outside += [current() async for _ in browse()]
    else:

        @sdk.tools.tool("browse")
        def browse():
            for _ in range(2):
                inside.append(current())
                yield

        outside += [current() for _ in browse()]
    (span,) = sdk.spans
    assert inside == [span.context.span_id] * 2
    assert outside == [0, 0]


def test_a_generator_is_one_call_and_stays_what_it_is(sdk):
    """What is sent and thrown into it comes to it; what it returns comes out."""

    @sdk.tools.tool("browse")
    def browse():
        told = yield "first"
        try:
            yield told
        except KeyError:
            return "caught"

    def use():
        result = yield from browse()
        results.append(result)

    results = []
    using = use()
    assert next(using) == "first"
    assert using.send("told") == "told"
    with pytest.raises(StopIteration):
        using.throw(KeyError())
    assert results == ["caught"]
    assert sdk.error_types() == {"": 1}


async def test_what_is_sent_into_a_stream_comes_to_it(sdk):
    """As into any other, and frameworks see that it is one."""

    @sdk.tools.tool("browse")
    async def browse():
        told = yield "first"
        try:
            yield told
        except KeyError:
            yield "caught"

    assert inspect.isasyncgenfunction(browse)
    stream = browse()
    assert await anext(stream) == "first"
    assert await stream.asend("told") == "told"
    assert await stream.athrow(KeyError()) == "caught"
    await stream.aclose()
    assert sdk.error_types() == {"cancelled": 1}
