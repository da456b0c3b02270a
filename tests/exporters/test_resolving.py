"""Names of hosts to addresses, by name servers that hang, fail and change their minds."""

import asyncio
import socket
import threading

import pytest
from aiohttp.abc import ResolveResult

from exporters import resolving
from exporters.fetching import FetchError, HttpFetcher
from exporters.resolving import FAILED_SECONDS, GOOD_SECONDS, Resolver

NO_SUCH_NAME = socket.gaierror(socket.EAI_NONAME, "no such name")
TRY_AGAIN = socket.gaierror(socket.EAI_AGAIN, "try again")


def found(address: str) -> list[ResolveResult]:
    """What a name server answers."""
    return [ResolveResult(hostname="h", host=address, port=0, family=socket.AF_INET, proto=6,
                          flags=0)]  # fmt: skip


class NameServer:
    """Answers what it is told, at once or when it is let go."""

    def __init__(self) -> None:
        self.answers: dict[str, str | OSError] = {}
        self.hanging: set[str] = set()
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def look(self, host, family):
        """Block, or answer."""
        self.asked.append(host)
        if host in self.hanging:
            self.let_go.wait(30)
        answer = self.answers.get(host, "10.0.0.1")
        if isinstance(answer, OSError):
            raise answer
        return found(answer)


@pytest.fixture
def server():
    """One that lets go of everybody in the end."""
    with_names = NameServer()
    yield with_names
    with_names.let_go.set()


@pytest.fixture
def resolver(server, clock):
    """Asks it."""
    return Resolver(server.look, clock)


async def address_of(resolver, host, port=80):
    """The address and port of a name."""
    (result,) = await resolver.resolve(host, port)
    return result["host"], result["port"]


async def settle():
    """Let threads and tasks end that have nothing to wait for."""
    await asyncio.sleep(0.05)


async def test_an_address_is_asked_for_once_a_minute(server, resolver, clock):
    """Whatever the port."""
    assert await address_of(resolver, "h", 80) == ("10.0.0.1", 80)
    assert await address_of(resolver, "h", 8000) == ("10.0.0.1", 8000)
    server.answers["h"] = "10.0.0.2"
    clock.now += GOOD_SECONDS
    await address_of(resolver, "h")
    await settle()
    assert await address_of(resolver, "h") == ("10.0.0.2", 80)
    assert server.asked == ["h", "h"]


async def test_those_who_ask_at_once_share_one_question(server, resolver):
    """A fleet's connections are opened together."""
    await asyncio.gather(*(address_of(resolver, "h", port) for port in range(1, 50)))
    assert server.asked == ["h"]


async def test_names_that_hang_keep_no_other_from_its_address(server, resolver):
    """The system's resolver blocks for half a minute; it has a thread for each."""
    hanging = [f"slow-{number}" for number in range(resolving.MOST_AT_ONCE // 2)]
    server.hanging.update(hanging)
    waiting = [asyncio.create_task(address_of(resolver, host)) for host in hanging]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        assert await address_of(resolver, "h") == ("10.0.0.1", 80)
    assert not any(task.done() for task in waiting)
    server.let_go.set()
    await asyncio.gather(*waiting)


async def test_names_that_failed_leave_room_for_those_that_did_not(
    server, resolver, clock, monkeypatch
):
    """However many there are."""
    hosts = [f"slow-{number}" for number in range(2 * resolving.MOST_AT_ONCE)]
    server.answers.update(dict.fromkeys(hosts, TRY_AGAIN))
    await asyncio.gather(*(resolver.resolve(host) for host in hosts), return_exceptions=True)
    server.hanging.update(hosts)
    clock.now += FAILED_SECONDS
    waiting = [asyncio.create_task(resolver.resolve(host)) for host in hosts]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        assert await address_of(resolver, "h") == ("10.0.0.1", 80)
    server.let_go.set()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_an_address_is_used_while_its_name_server_hangs_or_fails(server, resolver, clock):
    """It was good, and nobody says that it is not."""
    await address_of(resolver, "h")
    server.hanging.add("h")
    clock.now += GOOD_SECONDS
    async with asyncio.timeout(5):
        assert await address_of(resolver, "h") == ("10.0.0.1", 80)
    server.answers["h"] = TRY_AGAIN
    server.let_go.set()
    await settle()
    assert await address_of(resolver, "h") == ("10.0.0.1", 80)
    assert server.asked == ["h", "h"]


async def test_an_address_is_let_go_when_there_is_no_such_name_any_more(server, resolver, clock):
    """By now it may be another's."""
    await address_of(resolver, "h")
    server.answers["h"] = NO_SUCH_NAME
    clock.now += GOOD_SECONDS
    await address_of(resolver, "h")
    await settle()
    with pytest.raises(socket.gaierror):
        await resolver.resolve("h")


async def test_a_name_that_failed_is_not_asked_for_again_at_once(server, resolver, clock):
    """But soon."""
    server.answers["h"] = NO_SUCH_NAME
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            await resolver.resolve("h")
    assert server.asked == ["h"]
    server.answers["h"] = "10.0.0.3"
    clock.now += FAILED_SECONDS
    assert await address_of(resolver, "h") == ("10.0.0.3", 80)


async def test_a_name_that_is_none_does_not_resolve(clock):
    """A label of 64 characters is too long for the system to ask."""
    with pytest.raises(OSError, match="label"):
        await Resolver(clock=clock).resolve(f"{'a' * 64}.example")


async def test_a_page_is_fetched_by_the_name_of_its_host(pages):
    """The system knows this one."""
    url = pages.serve("/metrics", "a 1\n").replace("127.0.0.1", "localhost")
    async with HttpFetcher(5.0) as fetch:
        assert (await fetch(url)).body == b"a 1\n"


async def test_a_name_that_does_not_resolve_refuses():
    """As an address where nobody listens."""
    async with HttpFetcher(5.0) as fetch:
        with pytest.raises(FetchError) as caught:
            await fetch(f"http://{'a' * 64}.example/metrics")
    assert caught.value.reason == "refused"
