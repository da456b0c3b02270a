"""Sources that do everything wrong that a server can: each costs its own series, and nothing else.

Over real HTTP on both sides: a hostile server, the groups exporter, and whoever scrapes it.
"""

import asyncio
import gzip
import threading
import time
import tracemalloc
import zlib
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from exporters.addresses import Address
from exporters.collecting import Collector
from exporters.exposition import PageReader
from exporters.fetching import HttpFetcher
from exporters.groups.core import GroupsCore
from exporters.server import application, bind
from exporters.topology import Topology

PAGE = (Path(__file__).parents[1] / "fixtures/vllm/vllm-0.32.0-cpu-tp1.metrics.txt").read_bytes()
LONGEST_SECONDS = 10.0
"""Prometheus's own time-out of a scrape."""
GIGABYTE = 2**30
BLOCK = b'vllm:prompt_tokens_total{engine="0",n="%032d"} 1.0\n' * 1000
MOST_BYTES = 192 * 2**20
"""What all of it may take: 64 MiB of answers, and the one that is being read."""


def page(**changes: bytes) -> bytes:
    """The page of a real engine with lines put before it."""
    return b"".join(changes.values()) + PAGE


def answer(body: bytes, status: int = 200, **headers: str):
    """A handler that answers something."""

    async def handle(request):
        return web.Response(body=body, status=status, headers=headers)

    return handle


def raw(*parts: bytes | float):
    """A handler that writes bytes to the connection, pauses, and then breaks it off."""

    async def handle(request):
        for part in parts:
            if isinstance(part, bytes):
                request.transport.write(part)
            else:
                await asyncio.sleep(part)
        request.transport.abort()
        return web.Response()

    return handle


def streamed(blocks, *, pause_seconds=0.0, length=None):
    """A handler that sends blocks until the reader leaves, chunked unless it has a length."""

    async def handle(request):
        response = web.StreamResponse()
        response.content_length = length
        await response.prepare(request)
        for block in blocks():
            await response.write(block)
            await asyncio.sleep(pause_seconds)
        return response

    return handle


def forever(block):
    """The same block for ever."""

    def blocks():
        while True:
            yield block

    return blocks


def bomb() -> bytes:
    """256 MB of a series, in 300 kB."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(BLOCK) for _ in range(5000)) + packer.flush()


def many_lines() -> bytes:
    """As much as may be sent, of series that are all wanted and all different."""
    return b"".join(b'vllm:prompt_tokens_total{n="%d"} 1\n' % n for n in range(99_000))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(PAGE)
HALF = PAGE[: len(PAGE) // 2]
GZIP = {"Content-Encoding": "gzip"}
HOSTILE = {
    "cut in half": (raw(WHOLE + HALF, 0.05), "malformed"),
    "cut in half without a length": (
        raw(HEAD + b"Connection: close\r\n\r\n" + HALF, 0.05),
        "malformed",
    ),
    "cut at a line": (
        answer(PAGE[: PAGE.index(b"\nvllm:iteration_tokens_total_count") + 1]),
        "malformed",
    ),
    "vanishes before its answer": (raw(), "refused"),
    "vanishes within its headers": (raw(HEAD), ("refused", "malformed")),
    "one gigabyte": (streamed(forever(BLOCK), length=GIGABYTE), "too_large"),
    "endless": (streamed(forever(BLOCK)), "too_large"),
    "endless line": (streamed(forever(b"a" * 65536)), "too_large"),
    "as much as may be": (answer(many_lines()), ("too_large", "malformed")),
    "gzip bomb": (answer(bomb(), **GZIP), "too_large"),
    "gzip cut in half": (answer(gzip.compress(PAGE)[:-99], **GZIP), "malformed"),
    "gzip that is none": (answer(PAGE, **GZIP), "malformed"),
    "packed as nobody knows": (answer(PAGE, **{"Content-Encoding": "lzma"}), "malformed"),
    "slow bytes": (streamed(forever(b"a"), pause_seconds=0.05), "timeout"),
    "slow headers": (raw(HEAD, *[b"X-A: b\r\n", 0.05] * 1000), "timeout"),
    "silent": (raw(3600.0), "timeout"),
    "redirect": (answer(b"", 302, Location="/well-0/metrics"), "http_status"),
    "error": (answer(PAGE, 500), "http_status"),
    "overloaded": (answer(PAGE, 503), "http_status"),
    "no HTTP": (raw(b"\0\1\2\3" * 100, 0.05), ("malformed", "refused")),
    "endless headers": (raw(HEAD, *[b"X-A: b\r\n" * 1000] * 100), ("malformed", "refused")),
    "HTML": (answer(b"<html><body>Welcome to nginx</body></html>\n"), "malformed"),
    "JSON": (answer(b'{"status": "ok"}\n'), "malformed"),
    "nothing": (answer(b""), "malformed"),
    "another's page": (answer(b"up 1\n"), "malformed"),
    "not UTF-8": (answer(page(a=b'vllm:prompt_tokens_total{n="\xff"} 1\n')), "malformed"),
    "not a number": (answer(page(a=b"vllm:prompt_tokens_total NaN\n")), "malformed"),
    "negative": (answer(page(a=b"vllm:prompt_tokens_total -1\n")), "malformed"),
    "words for numbers": (answer(page(a=b"vllm:prompt_tokens_total many\n")), "malformed"),
    "wrong type": (
        answer(PAGE.replace(b"vllm:num_requests_running{", b"vllm:num_requests_running_sum{")),
        "malformed",
    ),
    "a series twice": (answer(PAGE + PAGE), "malformed"),
    "a label of 2000 characters": (
        answer(page(a=b'vllm:prompt_tokens_total{n="' + b"n" * 2000 + b'"} 1\n')),
        "malformed",
    ),
    "a hundred labels": (
        answer(
            page(
                a=b"vllm:prompt_tokens_total{"
                + b",".join(b'l%d=""' % n for n in range(100))
                + b"} 1\n"
            )
        ),
        "malformed",
    ),
    "a line of a megabyte": (answer(page(a=b"a" + b" " * 2**20 + b"{\n")), "malformed"),
}


class HostileServer:
    """Serves the hostile, and two that are well, in a thread and a loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.requests: list[str] = []
        self.address = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)

    async def _start(self) -> str:
        app = web.Application()
        for name, (handle, _) in HOSTILE.items():
            app.router.add_get(f"/{path_of(name)}/{{page}}", self._counted(handle))
        for number in range(2):
            app.router.add_get(f"/well-{number}/metrics", self._counted(answer(PAGE)))
            app.router.add_get(f"/well-{number}/health", answer(b""))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        listening, address = bind(Address("127.0.0.1", 0), exact=True)
        await web.SockSite(self._runner, listening).start()
        return str(address)

    async def _stop(self) -> None:
        await self._runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _counted(self, handle):
        async def count(request):
            self.requests.append(request.path)
            return await handle(request)

        return count

    def close(self) -> None:
        """Let everybody go."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def path_of(name: str) -> str:
    """The path of a hostile engine."""
    return name.replace(" ", "-").replace("'", "")


@pytest.fixture(scope="module")
def hostile():
    """The hostile server."""
    served = HostileServer()
    yield served
    served.close()


def topology_of(hostile, *names: str) -> Topology:
    """Engines of the hostile server, and after them the two that are well."""
    return Topology.model_validate({
        "version": 1,
        "cluster": "demo",
        "groups": [
            {"name": path_of(name), "region": "eu", "model": "chat", "revision": "r1",
             "metrics": f"http://{hostile.address}/{path_of(name)}/metrics",
             "members": [{"host": "h"}]}
            for name in [*names, "well-0", "well-1"]
        ],
    })  # fmt: skip


@pytest.fixture
async def scrape():
    """Runs a groups exporter and scrapes it: returns the samples and the seconds it took."""
    async with HttpFetcher() as fetch:
        collectors, runners = [], []

        async def scrape_exporter(topology):
            if not collectors:
                collectors.append(Collector(GroupsCore(topology), fetch))
                runners.append(web.AppRunner(application(collectors[0])))
                await runners[0].setup()
                listening, address = bind(Address("127.0.0.1", 0), exact=True)
                await web.SockSite(runners[0], listening).start()
                collectors.append(address)
            start = time.monotonic()
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://{collectors[1]}/metrics") as response,
            ):
                assert response.status == 200
                body = await response.read()
            samples = PageReader().read(body)
            return {
                (s.name, s.labels.get("source") or s.labels.get("group"), s.labels.get("reason")): v
                for s, v in samples.items()
            }, time.monotonic() - start

        yield scrape_exporter
        await runners[0].cleanup()
        await collectors[0].close()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_source_is_down_with_the_reason_and_the_others_are_served(
    name, hostile, scrape
):
    """In time, and without a value of its own."""
    expected, source = HOSTILE[name][1], path_of(name)
    samples, seconds = await scrape(topology_of(hostile, name))
    reasons = [r for (n, s, r) in samples if (n, s) == ("shardwatch_source_reason", source)]
    assert reasons in ([[expected]] if isinstance(expected, str) else [[each] for each in expected])
    assert samples["shardwatch_source_up", source, None] == 0
    assert ("shardwatch_group_steps_total", source, None) not in samples
    for well in ("well-0", "well-1"):
        assert samples["shardwatch_source_up", well, None] == 1
        assert samples["shardwatch_group_steps_total", well, None] > 0
    assert seconds < LONGEST_SECONDS


async def test_a_redirect_is_not_followed(hostile, scrape):
    """Targets come from the topology only."""
    before = len(hostile.requests)
    await scrape(topology_of(hostile, "redirect"))
    asked = hostile.requests[before:]
    assert asked.count("/well-0/metrics") == 1


async def test_all_of_them_at_once_cost_no_more_time(hostile, scrape):
    """Neither at first nor when it is known that they are down."""
    topology = topology_of(hostile, *HOSTILE)
    for _ in range(4):
        samples, seconds = await scrape(topology)
        ups = [source for (n, source, _), v in samples.items() if n == "shardwatch_source_up" and v]
        assert ups == ["well-0", "well-1"]
        # One after the other they would take the deadlines of all, which is most of a minute.
        assert seconds < 1.5 * LONGEST_SECONDS


async def test_all_of_them_at_once_take_bounded_memory(hostile, scrape):
    """Again and again: also what is remembered of them is bounded."""
    topology = topology_of(hostile, *HOSTILE)
    tracemalloc.start()
    try:
        for _ in range(2):
            await scrape(topology)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES
