"""Tools that really run."""

import asyncio
import time
from collections.abc import AsyncIterator
from random import Random

import aiohttp
import pytest
from aiohttp import web

from demo.traffic import site
from demo.traffic.snippets import SNIPPETS, Snippet
from demo.traffic.tools import CACHE_SECONDS, Browser, CodeExecution, Condition, Result
from demo.vllm.testing import served


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client."""
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.mark.parametrize(
    ("snippet", "printed"),
    [("squares", "332833500\n"), ("primes", "199\n"), ("words", "Counter({'a': 2, 'page': 2")],
)
async def test_a_snippet_runs_and_its_output_comes_back(snippet: str, printed: str):
    """In a process of its own."""
    result = await CodeExecution().call({"snippet": snippet})

    assert ("", True) == (result.error_type, result.output.startswith(printed))


async def test_a_program_that_fails_is_no_failure_of_the_tool():
    """Its traceback is the result."""
    result = await CodeExecution().call({"snippet": "mistake"})

    assert "" == result.error_type
    assert "ZeroDivisionError" in result.output


async def test_a_program_that_does_not_end_is_killed_at_the_limit(tmp_path):
    """And it is gone: it would have written a file."""
    late = tmp_path / "late"
    code = f"import time; time.sleep(1); open({str(late)!r}, 'w')"
    tool = CodeExecution({"late": Snippet(code, 1.0)}, time_limit_seconds=0.3)

    assert Result("timeout", "stopped after 0.3 s") == await tool.call({"snippet": "late"})
    await asyncio.sleep(1)
    assert not late.exists()


async def test_code_that_is_not_ours_is_not_run():
    """The gateway's port is open to every process of the machine."""
    result = await CodeExecution().call({"snippet": "print(1)"})

    assert "tool_error" == result.error_type
    assert ", ".join(SNIPPETS) in result.output


async def test_a_page_is_fetched_once_and_then_comes_from_the_cache(session):
    """Until it is too old."""
    now = 100.0
    fetched = 0

    @web.middleware
    async def count(request, handler):
        nonlocal fetched
        fetched += 1
        return await handler(request)

    app = site.application()
    app.middlewares.append(count)
    async with served(app) as url:
        browser = Browser(session, url, clock=lambda: now)
        first = await browser.call({"page": "3"})
        again = await browser.call({"page": "3"})
        assert 1 == fetched
        now += CACHE_SECONDS
        await browser.call({"page": "3"})

    assert 2 == fetched
    assert first == again
    assert ("", True) == (first.error_type, first.output.endswith("Line 7 of page 3: 21."))


@pytest.mark.parametrize(("status", "error"), [(403, "blocked"), (429, "rate_limited"), (500, "tool_error")])  # fmt: skip # noqa: E501
async def test_a_page_that_is_refused_says_how(session, status: int, error: str):
    """In the words of error.type; it is not kept."""
    app = web.Application()

    async def refuse(_):
        return web.Response(status=status)

    app.router.add_get("/pages/1", refuse)
    async with served(app) as url:
        assert Result(error, f"status {status}") == await Browser(session, url).call({"page": "1"})


async def test_a_site_that_hangs_is_a_timeout_and_one_that_is_gone_an_error(session):
    """Within the tool's own limit."""
    app = web.Application()

    async def hang(_):
        await asyncio.Event().wait()

    app.router.add_get("/pages/1", hang)
    async with served(app) as url:
        browser = Browser(session, url, time_limit_seconds=0.1)
        assert "timeout" == (await browser.call({"page": "1"})).error_type
    gone = await Browser(session, "http://127.0.0.1:9").call({"page": "1"})
    assert "tool_error" == gone.error_type


async def test_only_pages_are_fetched(session):
    """An argument is no address."""
    result = await Browser(session, "http://127.0.0.1:9").call({"page": "../secret"})

    assert Result("tool_error", "found page '../secret', expected a number") == result


async def test_in_an_outage_programs_are_stopped_until_the_limit():
    """A share of them; the others run."""
    condition = Condition(outage_ratio=0.5)
    tool = CodeExecution(time_limit_seconds=1.0, condition=condition, random=Random(1))
    calls = [tool.call({"snippet": "squares"}) for _ in range(16)]
    ends = [result.error_type for result in await asyncio.gather(*calls)]

    assert {"", "timeout"} == {*ends}
    assert 2 <= ends.count("timeout") <= 14  # by chance, in whatever order they began


async def test_a_program_that_is_slowed_down_takes_longer_and_ends_well():
    """It gets a part of a core: far more time passes than it computes."""
    code = (
        "import time\nwhile time.process_time() < 0.1: sum(range(1000))\nprint(time.process_time())"
    )
    condition = Condition(slowdown=20.0)
    tool = CodeExecution({"sum": Snippet(code, 1.0)}, time_limit_seconds=60, condition=condition)
    began = time.perf_counter()
    result = await tool.call({"snippet": "sum"})
    passed = time.perf_counter() - began

    assert "" == result.error_type
    assert passed > 3 * float(result.output)


async def test_a_program_that_is_far_too_slow_times_out():
    """Nothing but the limit ends it."""
    condition = Condition(slowdown=1000.0)
    tool = CodeExecution(time_limit_seconds=0.5, condition=condition)

    assert "timeout" == (await tool.call({"snippet": "squares"})).error_type


async def test_in_an_outage_the_site_refuses_even_what_was_kept(session: aiohttp.ClientSession):
    """A refusal is an error, and quick."""
    condition = Condition()
    async with served(site.application()) as url:
        tool = Browser(session, url, condition=condition)
        assert "" == (await tool.call({"page": "1"})).error_type
        condition.outage_ratio = 1.0
        result = await tool.call({"page": "1"})
        condition.outage_ratio = 0.0
        assert "" == (await tool.call({"page": "1"})).error_type

    assert Result("tool_error", "cannot be fetched: ClientConnectorError") == result
