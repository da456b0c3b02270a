"""The gateway: calls over HTTP, and telemetry as the exporter reads it."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from demo.setup.programs import find_program
from demo.traffic import site
from demo.traffic.gateway import application
from demo.traffic.sessions import ToolCall
from demo.traffic.snippets import SNIPPETS, Snippet
from demo.traffic.users import call_tool
from demo.vllm.testing import served
from exporters.dialects import read_dialect
from exporters.exposition import PageReader
from exporters.tools import otel

FAMILY = read_dialect("otel_tools").families[0]


@asynccontextmanager
async def gateway(port: int) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Run a gateway with its site on ``port``."""
    async with served(application(port)) as url, aiohttp.ClientSession() as session:
        yield session, url


async def page_of(session: aiohttp.ClientSession, url: str) -> bytes:
    """Return the gateway's metrics."""
    async with session.get(f"{url}/metrics") as answer:
        return await answer.read()


async def test_calls_run_and_are_counted_by_tool_model_and_end(free_port: int):
    """Page 99 does not exist, so that call fails."""
    async with gateway(free_port) as (session, url):
        outcomes = [
            (await call_tool(session, url, "chat", call))[0]
            for call in (
                ToolCall("code_execution", {"snippet": "squares"}),
                ToolCall("browser", {"page": "2"}),
                ToolCall("browser", {"page": "99"}),
            )
        ]
        samples = PageReader().read(await page_of(session, url))
    labels = ("gen_ai_tool_name", "gen_ai_request_model", "error_type")
    counted = {
        tuple(series.labels[label] for label in labels): value
        for series, value in samples.items()
        if series.name == f"{FAMILY.name}_count"
    }

    assert ["ok", "ok", "error"] == outcomes
    assert {
        ("code_execution", "chat", ""): 1,
        ("browser", "chat", ""): 1,
        ("browser", "chat", "tool_error"): 1,
    } == counted


async def test_attempts_and_pages_are_counted_as_the_exporter_reads_them(free_port: int):
    """Two calls of one task and one of another, all for one page: asked once, then kept."""
    call = ToolCall("browser", {"page": "2"})
    async with gateway(free_port) as (session, url):
        for attempt in (1, 2, 1):
            await call_tool(session, url, "chat", call, attempt=attempt)
        samples = PageReader().read(await page_of(session, url))
    attempts, pages = (
        {series.labels[label]: value for series, value in samples.items() if series.name == name}
        for name, label in ((otel.ATTEMPTS, otel.ATTEMPT), (otel.PAGES, otel.CACHE_RESULT))
    )

    assert {"first": 2, "retry": 1} == attempts
    assert {"miss": 1, "hit": 2} == pages


async def test_a_page_cache_that_never_failed_has_both_series(free_port: int):
    """A ratio of what is not there yet would be no data, not 0."""
    async with gateway(free_port) as (session, url):
        await call_tool(session, url, "chat", ToolCall("browser", {"page": "2"}))
        samples = PageReader().read(await page_of(session, url))

    for label, of in ((otel.CACHE_RESULT, "hit"), (otel.ATTEMPT, "retry")):
        assert [0.0] == [n for series, n in samples.items() if series.labels.get(label) == of]


async def test_the_page_is_what_the_dialect_says(free_port: int):
    """Name, type, help, bounds; and promtool finds nothing wrong."""
    async with gateway(free_port) as (session, url):
        await call_tool(session, url, "chat", ToolCall("browser", {"page": "1"}))
        page = await page_of(session, url)
    bounds = [
        series.labels["le"]
        for series in PageReader().read(page)
        if series.name == f"{FAMILY.name}_bucket"
    ]
    done = subprocess.run(
        [str(find_program("promtool")), "check", "metrics"], input=page, check=False
    )

    assert f"# TYPE {FAMILY.name} histogram\n".encode() in page
    assert f"# HELP {FAMILY.name} {FAMILY.help}\n".encode() in page
    assert [*FAMILY.bounds, float("inf")] == [float(bound) for bound in bounds]
    assert 0 == done.returncode


async def test_a_caller_who_leaves_is_counted_as_cancelled(
    free_port: int, monkeypatch: pytest.MonkeyPatch
):
    """And the program that ran for it ends."""
    monkeypatch.setitem(SNIPPETS, "forever", Snippet("import time; time.sleep(60)", 0.0))
    async with gateway(free_port) as (session, url):
        call = ToolCall("code_execution", {"snippet": "forever"})
        asking = asyncio.create_task(call_tool(session, url, "chat", call))
        await asyncio.sleep(0.3)
        asking.cancel()
        while b'error_type="cancelled"' not in (page := await page_of(session, url)):
            await asyncio.sleep(0.02)

    assert b'error_type="timeout"' not in page


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/tools/mail", '{"model": "chat", "arguments": {}}', 404),
        ("/tools/browser", "no JSON", 422),
        ("/tools/browser", '{"arguments": {}}', 422),
        ("/tools/browser", '{"model": "chat", "arguments": []}', 422),
        ("/tools/browser", '{"model": "chat", "attempt": 0, "arguments": {}}', 422),
    ],
)
async def test_what_is_no_call_is_refused_and_not_counted(
    free_port: int, path: str, body: str, status: int
):
    """The tool did nothing, well or badly."""
    async with gateway(free_port) as (session, url):
        async with session.post(url + path, data=body) as answer:
            assert status == answer.status
        page = await page_of(session, url)
        assert b"gen_ai" not in page
        assert b"tool_call" not in page


async def test_a_tool_is_made_worse_and_its_calls_fail(free_port: int):
    """By order, one tool and not the other; a slow site is slow where its cache has nothing."""
    async with gateway(free_port) as (session, url):
        pages = [ToolCall("browser", {"page": str(number)}) for number in (1, 2)]
        address = f"{url}/condition/browser"
        async with session.put(address, json={"outage_ratio": 1.0}) as answer:
            assert {"outage_ratio": 1.0, "slowdown": 1.0} == await answer.json()
        assert "error" == (await call_tool(session, url, "chat", pages[0]))[0]
        snippet = ToolCall("code_execution", {"snippet": "squares"})
        assert "ok" == (await call_tool(session, url, "chat", snippet))[0]
        async with session.put(address, json={"outage_ratio": 0.0, "slowdown": 20}) as answer:
            assert 200 == answer.status
        began = time.perf_counter()
        assert "ok" == (await call_tool(session, url, "chat", pages[1]))[0]
        assert time.perf_counter() - began > 20 * site.RENDER_SECONDS


@pytest.mark.parametrize(
    ("tool", "change", "status"),
    [
        ("search", {"slowdown": 2}, 404),
        ("browser", {"slowdown": 0.5}, 422),
        ("browser", {"outage_ratio": 1.5}, 422),
        ("browser", {"mood": 1}, 422),
    ],
)
async def test_a_condition_that_makes_no_sense_is_refused(
    free_port: int, tool: str, change: dict[str, float], status: int
):
    """Nothing is changed."""
    async with (
        gateway(free_port) as (session, url),
        session.put(f"{url}/condition/{tool}", json=change) as answer,
    ):
        assert status == answer.status
