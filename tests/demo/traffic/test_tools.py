"""Tools that really run."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from demo.traffic import site
from demo.traffic.snippets import SNIPPETS, Snippet
from demo.traffic.tools import CACHE_SECONDS, Browser, CodeExecution, Result
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
