"""What talks HTTP has a session within ``async with``, and none before and after."""

import gzip

import pytest

from exporters.sessions import HttpClient, session_to_targets
from exporters.testing import PageServer, Reply


class Client(HttpClient):
    """The least one."""

    def _make_session(self):
        return session_to_targets({"X-Tier": "probe"})

    async def get(self, url):
        """Return the answer's body as it came."""
        async with self._session.get(url) as response:
            return await response.read()


async def test_a_session_is_closed_whatever_ends_its_use():
    """Nothing stays open."""
    client = Client()
    sessions = []

    async def fail():
        async with client:
            sessions.append(client._session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert [session.closed for session in sessions] == [True]


async def test_a_client_works_within_async_with_only():
    """A mistake of ours, told as such: before, and after."""
    client = Client()
    with pytest.raises(RuntimeError, match="a Client works within 'async with'"):
        await client.get("http://127.0.0.1:9/")
    async with client:
        pass
    with pytest.raises(RuntimeError, match="a Client works within 'async with'"):
        await client.get("http://127.0.0.1:9/")


async def test_a_client_can_be_opened_again():
    """With a session of its own each time."""
    client = Client()
    with PageServer() as pages:
        url = pages.serve("/", "page")
        for _ in range(2):
            async with client:
                assert await client.get(url) == b"page"


async def test_targets_are_told_who_asks_and_get_no_cookie_back():
    """What a target wants to be remembered is not."""
    with PageServer() as pages:
        url = pages.serve("/", Reply(b"", headers={"Set-Cookie": "a=b"}))
        url = url.replace("127.0.0.1", "localhost")  # of an address, no jar takes cookies
        async with Client() as client:
            for _ in range(2):
                async with client._session.post(url) as response:
                    assert response.status == 200
        headers = [headers for _, headers, _ in pages.posted]
    assert len(headers) == 2
    for each in headers:
        assert each["User-Agent"].startswith("shardwatch/")
        assert each["Accept-Encoding"] == "identity"
        assert each["X-Tier"] == "probe"
        assert "Cookie" not in each


async def test_what_is_compressed_unasked_is_handed_on_as_it_came():
    """Whoever reads it inflates it with a limit, or not at all."""
    bomb = gzip.compress(b"a" * 100_000)
    with PageServer() as pages:
        url = pages.serve("/", Reply(bomb, headers={"Content-Encoding": "gzip"}))
        async with Client() as client:
            assert await client.get(url) == bomb
