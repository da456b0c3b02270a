"""The HTTP side of an exporter."""

import asyncio
import gzip
import re
import socket

import aiohttp
import pytest
from aiohttp import web

from exporters import catalog, server
from exporters.addresses import Address
from exporters.collecting import Collection
from exporters.page import Page
from exporters.problems import InputError
from exporters.server import application, bind
from exporters.web.negotiation import TEXT


class FakeCollector:
    """Collects a new page each time, once the gate is open."""

    def __init__(self) -> None:
        self.collections = 0
        self.waiting = 0
        self.is_ready = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def collect(self) -> Collection:
        """Return a page with the number of the collection."""
        self.waiting += 1
        await self.gate.wait()
        self.collections += 1
        self.is_ready = True
        page = Page()
        page.of(catalog.EXPORTER_COLLECTION_DURATION)["gpu",] = float(self.collections)
        return Collection(page, 0.0)


@pytest.fixture
async def collector():
    """What the server serves."""
    return FakeCollector()


@pytest.fixture
async def client(collector):
    """A client of a served application."""
    runner = web.AppRunner(application(collector))
    await runner.setup()
    listening, address = bind(Address("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    async with aiohttp.ClientSession(f"http://{address}", auto_decompress=False) as session:
        yield session
    await runner.cleanup()


async def get(client, path, **headers: str) -> tuple[int, bytes, dict]:
    """Status, body and headers of one request."""
    async with client.get(path, headers=headers) as response:
        return response.status, await response.read(), dict(response.headers)


def collected(number: int) -> bytes:
    """The page of one collection."""
    name = "shardwatch_exporter_collection_duration_seconds"
    return (
        f"# HELP {name} Seconds that the last collection of all sources took.\n"
        f"# TYPE {name} gauge\n"
        f'{name}{{exporter="gpu"}} {number}.0\n'
    ).encode()


async def test_each_scrape_gets_the_page_of_a_new_collection(client):
    """Old values are not served as new."""
    for number in (1, 2):
        status, body, headers = await get(client, "/metrics", **{"Accept-Encoding": "identity"})
        assert (status, body, headers["Content-Type"]) == (
            200,
            collected(number),
            TEXT.content_type,
        )


async def test_the_page_is_compressed_for_those_who_ask(client):
    """As Prometheus does."""
    _, body, headers = await get(client, "/metrics", **{"Accept-Encoding": "gzip, deflate"})
    assert (gzip.decompress(body), headers["Content-Encoding"]) == (collected(1), "gzip")


async def test_it_is_healthy_at_once_and_ready_after_a_collection(client):
    """Alive is not the same as of use."""
    assert (await get(client, "/healthz"))[:2] == (200, b"ok\n")
    assert (await get(client, "/readyz"))[:2] == (503, b"no collection yet\n")
    await get(client, "/metrics")
    assert (await get(client, "/readyz"))[:2] == (200, b"ok\n")


async def test_too_many_waiting_scrapes_are_refused_and_the_others_served(
    client, collector, monkeypatch
):
    """A pile of scrapes must not become a pile of memory."""
    monkeypatch.setattr(server, "MOST_WAITING", 2)
    collector.gate.clear()
    waiting = [asyncio.create_task(get(client, "/metrics")) for _ in range(2)]
    while collector.waiting < 2:
        await asyncio.sleep(0.01)
    assert (await get(client, "/metrics"))[:2] == (503, b"2 scrapes are waiting already\n")
    collector.gate.set()
    assert [status for status, _, _ in await asyncio.gather(*waiting)] == [200, 200]


async def test_the_landing_page_leads_to_the_others(client):
    """For people who come with a browser."""
    status, body, headers = await get(client, "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for path in re.findall(rb'href="([^"]+)"', body):
        assert (await get(client, path.decode()))[0] in (200, 503)
    assert b'href="/metrics"' in body


def test_a_taken_port_is_a_problem():
    """At the next one Prometheus would take it for another exporter."""
    taken, address = bind(Address("127.0.0.1", 0))
    with taken, pytest.raises(InputError) as caught:
        bind(address)
    assert str(caught.value) == (
        f"{address}: the port is taken; end what listens there, or give another address"
    )


def test_an_address_of_another_machine_is_a_problem():
    """TEST-NET-1 is nobody's."""
    with pytest.raises(InputError) as caught:
        bind(Address("192.0.2.1", 19801))
    assert str(caught.value) == (
        "192.0.2.1:19801: cannot listen there: Cannot assign requested address"
    )


def test_a_port_that_was_just_left_can_be_taken_again():
    """A restarted exporter keeps its address."""
    first, address = bind(Address("127.0.0.1", 0))
    with socket.create_connection((address.host, address.port)):
        first.close()
    second, again = bind(address)
    second.close()
    assert again == address
