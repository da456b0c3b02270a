"""Sources that do everything wrong that a server can: each costs its own series, and nothing else.

Over real HTTP on both sides: a hostile server, the groups exporter, and whoever scrapes it. How
long such scrapes take is a figure, ``exposition.hostile_scrape_seconds``.
"""

import asyncio
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from exporters.addresses import Address
from exporters.collecting import Collector
from exporters.exposition import LARGEST_PAGE_BYTES, PageReader
from exporters.fetching import MOST_HELD_BYTES, SMALL_BYTES, HttpFetcher, Response
from exporters.groups.core import GroupsCore
from exporters.hostile import WELL, HostileServer, hostile_engines
from exporters.server import application, bind
from exporters.topology import Topology

PAGE = (Path(__file__).parents[1] / "fixtures/vllm/vllm-0.32.0-cpu-tp1.metrics.txt").read_bytes()
HOSTILE = sorted(hostile_engines(PAGE))
MOST_BUFFERED_BYTES = 16 * 2**20
"""That the system takes from a sender before anybody reads it, with some to spare."""


@pytest.fixture(scope="module")
def hostile():
    """The hostile server."""
    with HostileServer(PAGE) as served:
        yield served


class CountingFetch:
    """Fetches in haste what takes its time, else however long it takes; counts what is held."""

    def __init__(self, hostile, hasty, patient) -> None:
        self._hostile = hostile
        self._hasty = hasty
        self._patient = patient
        self.held = Counter()
        self.most_held_bytes = 0
        self.largest_bytes = 0

    async def __call__(self, url) -> Response:
        """Fetch, and count the body until it has been read."""
        engine = self._hostile.engines.get(urlsplit(url).path.split("/")[1])
        fetch = self._hasty if engine and engine.takes_its_time else self._patient
        response = await fetch(url)
        self.largest_bytes = max(self.largest_bytes, len(response.body))
        self.held[url] += len(response.body)
        self.most_held_bytes = max(self.most_held_bytes, self.held.total())
        release = response.done

        def done():
            self.held[url] -= len(response.body)
            release()

        return Response(response.status, response.body, done)


@pytest.fixture
async def fetch(hostile):
    """Fetches from the hostile server."""
    async with HttpFetcher(0.3) as hasty, HttpFetcher(60.0) as patient:
        yield CountingFetch(hostile, hasty, patient)


@pytest.fixture
async def start_exporter(hostile, fetch):
    """Starts a groups exporter of the named and the well; returns what scrapes it."""
    collectors, runners = [], []

    async def start(*names: str):
        topology = Topology.model_validate(hostile.topology(*names))
        collectors.append(Collector(GroupsCore(topology), fetch))
        runners.append(web.AppRunner(application(collectors[-1])))
        await runners[-1].setup()
        listening, address = bind(Address("127.0.0.1", 0))
        await web.SockSite(runners[-1], listening).start()

        async def scrape():
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://{address}/metrics") as response,
            ):
                assert response.status == 200
                body = await response.read()
            return {
                (s.name, s.labels.get("source") or s.labels.get("group"), s.labels.get("reason")): v
                for s, v in PageReader().read(body).items()
            }

        return scrape

    yield start
    for runner, collector in zip(runners, collectors, strict=True):
        await runner.cleanup()
        await collector.close()


def sources_up(samples) -> list[str]:
    """Return the sources that are up."""
    return [source for (n, source, _), v in samples.items() if n == "shardwatch_source_up" and v]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_source_is_down_with_the_reason_and_the_others_are_served(
    name, hostile, start_exporter
):
    """And without a value of its own."""
    scrape = await start_exporter(name)
    samples = await scrape()
    reasons = [r for (n, s, r) in samples if (n, s) == ("shardwatch_source_reason", name)]
    assert reasons in [[each] for each in hostile.engines[name].reasons]
    assert samples["shardwatch_source_up", name, None] == 0
    assert ("shardwatch_group_steps_total", name, None) not in samples
    for well in WELL:
        assert samples["shardwatch_source_up", well, None] == 1
        assert samples["shardwatch_group_steps_total", well, None] > 0


async def test_a_redirect_is_not_followed(hostile, start_exporter):
    """Targets come from the topology only."""
    before = len(hostile.requests)
    await (await start_exporter("redirect"))()
    asked = hostile.requests[before:]
    assert asked.count("/well-0/metrics") == 1


async def test_all_of_them_at_once_do_not_hide_those_that_are_well(start_exporter):
    """Neither at first nor when it is known that they are down."""
    scrape = await start_exporter(*HOSTILE)
    for _ in range(4):
        assert sources_up(await scrape()) == list(WELL)


async def test_of_all_of_them_at_once_a_bounded_number_of_bytes_is_held(start_exporter, fetch):
    """Each body until it has been read: none is larger than a page, nor all than the limit."""
    scrape = await start_exporter(*HOSTILE)
    for _ in range(2):
        await scrape()
    assert 0 < fetch.largest_bytes <= LARGEST_PAGE_BYTES
    assert fetch.most_held_bytes <= MOST_HELD_BYTES + len(HOSTILE) * SMALL_BYTES
    async with asyncio.timeout(60):
        while fetch.held.total():  # a large one may be being read still, given up or not
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", ["endless", "endless-line", "one-gigabyte"])
async def test_a_source_without_an_end_is_read_no_farther_than_a_page(
    name, hostile, start_exporter
):
    """Then its connection is closed, whatever is still to come."""
    before = hostile.sent.total()
    await (await start_exporter(name))()
    requests = 2  # of its page and of its health
    sent = hostile.sent.total() - before
    assert LARGEST_PAGE_BYTES < sent <= requests * (LARGEST_PAGE_BYTES + MOST_BUFFERED_BYTES)
