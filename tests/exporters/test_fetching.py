"""Fetching one page, from servers that misbehave."""

import asyncio
import gzip
import socket
import threading
import tracemalloc

import pytest

from exporters import fetching, turns
from exporters.fetching import FetchError, HttpFetcher, Response
from exporters.testing import PageServer, Reply

GZIP = {"Content-Encoding": "gzip"}


async def fetch(url: str, deadline_seconds: float = 5.0) -> Response:
    """Fetch once."""
    async with HttpFetcher(deadline_seconds) as fetcher:
        return await fetcher(url)


async def reason_of(url: str, deadline_seconds: float = 5.0) -> tuple[str, str]:
    """Fetch once, in vain."""
    with pytest.raises(FetchError) as caught:
        await fetch(url, deadline_seconds)
    return caught.value.reason, caught.value.detail


async def test_a_page_comes_as_it_is(pages):
    """Byte for byte."""
    assert await fetch(pages.serve("/metrics", "a 1\n")) == Response(200, b"a 1\n")


async def test_an_error_by_http_is_an_answer_without_a_body(pages):
    """Its status tells; its text is not trusted."""
    url = pages.serve("/metrics", Reply(b"a 1\n", status=500))
    assert await fetch(url) == Response(500, b"")


async def test_a_redirect_is_not_followed(pages):
    """Targets come from the topology only."""
    pages.serve("/elsewhere", "a 1\n")
    location = {"Location": pages.url("/elsewhere")}
    url = pages.serve("/metrics", Reply(status=302, headers=location))
    assert await fetch(url) == Response(302, b"")
    assert pages.requests("/elsewhere") == 0


async def test_an_address_where_nobody_listens_refuses(free_port):
    """Told apart from one that hangs."""
    reason, _ = await reason_of(f"http://127.0.0.1:{free_port}/metrics")
    assert reason == "refused"


async def test_a_source_that_never_answers_times_out(pages):
    """At its own deadline."""
    assert await reason_of(pages.hang("/metrics"), 0.1) == (
        "timeout",
        "no whole answer within 0.1 s",
    )


async def test_a_source_that_drips_bytes_times_out(pages):
    """The deadline is for the whole answer."""
    url = pages.serve("/metrics", Reply(b"a 1\n" * 100, byte_seconds=0.02))
    reason, _ = await reason_of(url, 0.2)
    assert reason == "timeout"


async def test_a_page_that_is_cut_is_malformed(pages):
    """Half a page would look like vanished series."""
    url = pages.serve("/metrics", Reply(b"a 1\nb 2\n", cut_after=4))
    assert await reason_of(url) == ("malformed", "the answer was cut")


async def test_a_page_without_end_is_too_large(pages, monkeypatch):
    """Reading stops at the limit."""
    monkeypatch.setattr(fetching, "LARGEST_PAGE_BYTES", 100_000)
    url = pages.serve("/metrics", Reply(b"a 1\n" * 1000, is_endless=True))
    assert await reason_of(url) == ("too_large", "more than 100000 bytes")


async def test_a_page_that_nobody_asked_to_compress_is_inflated(pages):
    """Some proxies do so."""
    url = pages.serve("/metrics", Reply(gzip.compress(b"a 1\n"), headers=GZIP))
    assert await fetch(url) == Response(200, b"a 1\n")


async def test_a_gzip_bomb_is_too_large(pages, monkeypatch):
    """It is inflated up to the limit and no further."""
    monkeypatch.setattr(fetching, "LARGEST_PAGE_BYTES", 100_000)
    bomb = gzip.compress(b"a 1\n" * 10_000_000, 1)
    url = pages.serve("/metrics", Reply(bomb[:90_000], headers=GZIP))
    assert await reason_of(url) == ("too_large", "inflates to more than 100000 bytes")


def test_a_gzip_bomb_is_not_inflated_beyond_the_limit(monkeypatch):
    """Memory stays bounded, whatever a kilobyte claims to be."""
    monkeypatch.setattr(fetching, "LARGEST_PAGE_BYTES", 100_000)
    bomb = gzip.compress(b"a 1\n" * 10_000_000, 1)
    tracemalloc.start()
    with pytest.raises(FetchError, match="too_large"):
        fetching._inflate(bomb, "gzip")
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 1_000_000


@pytest.mark.parametrize(
    ("body", "encoding", "detail"),
    [
        (b"a 1\n", "gzip", "not gzip"),
        (gzip.compress(b"a 1\n" * 1000)[:-12], "gzip", "the answer was cut"),
        (b"a 1\n", "br", "compressed as 'br'"),
    ],
    ids=["no gzip", "cut gzip", "brotli"],  # gzip holds the time, and ids must be the same to all
)
async def test_what_cannot_be_inflated_is_malformed(pages, body, encoding, detail):
    """Broken, cut, or of an unknown kind."""
    url = pages.serve("/metrics", Reply(body, headers={"Content-Encoding": encoding}))
    assert await reason_of(url) == ("malformed", detail)


async def test_what_is_no_http_is_malformed():
    """Something else listens there."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]

        def answer():
            accepted, _ = listening.accept()
            accepted.recv(1000)
            accepted.sendall(b"hello, I am no web server\r\n\r\n")
            accepted.close()

        thread = threading.Thread(target=answer)
        thread.start()
        reason, _ = await reason_of(f"http://127.0.0.1:{port}/metrics")
        thread.join()
    assert reason == "malformed"


async def test_connections_are_used_again(pages):
    """A connection a scrape would cost more than the page."""
    url = pages.serve("/metrics", "a 1\n")
    async with HttpFetcher() as fetcher:
        for _ in range(3):
            await fetcher(url)
    assert pages.connections == 1


async def test_a_server_of_many_pages_is_asked_for_some_at_once(pages, monkeypatch):
    """Else the last of them would time out while it works through the others."""
    monkeypatch.setattr(turns, "MOST_AT_ONCE", 2)
    urls = [pages.serve(f"/{number}", Reply(b"a 1\n", delay_seconds=0.05)) for number in range(6)]
    async with HttpFetcher(5.0) as fetcher:
        responses = await asyncio.gather(*(fetcher(url) for url in urls))
    assert {response.body for response in responses} == {b"a 1\n"}
    assert pages.most_at_once == 2


async def test_waiting_for_a_turn_has_an_end_too(pages, monkeypatch):
    """Two deadlines are the longest that a hung server of many pages takes."""
    monkeypatch.setattr(turns, "MOST_AT_ONCE", 1)
    urls = [pages.hang(f"/{number}") for number in range(4)]
    async with HttpFetcher(0.1) as fetcher:
        failures = await asyncio.gather(*(fetcher(url) for url in urls), return_exceptions=True)
    reasons = [failure.reason for failure in failures]
    # As the first one ends, so does the patience of the others: one of them may still have begun.
    assert reasons[0] == "timeout"
    assert reasons.count("no_turn") >= 2
    assert pages.connections == reasons.count("timeout")


async def test_pages_that_hang_keep_no_others_of_their_server_from_being_asked(pages, monkeypatch):
    """But for the first times, when nobody knows of them; and that is no failing of the others."""
    monkeypatch.setattr(turns, "MOST_AT_ONCE", 2)
    hung = [pages.hang(f"/hung/{number}") for number in range(4)]
    well = [pages.serve(f"/well/{number}", "a 1\n") for number in range(4)]
    rounds = []
    async with HttpFetcher(0.5) as fetcher:
        for _ in range(4):
            asked = (fetcher(url) for url in (*hung, *well))
            answers = await asyncio.gather(*asked, return_exceptions=True)
            rounds.append([getattr(answer, "reason", "none") for answer in answers[4:]])
    assert "no_turn" in rounds[0]
    assert {reason for each in rounds for reason in each} <= {"no_turn", "none"}
    assert rounds[-1] == ["none"] * 4


async def test_a_hung_server_takes_no_turns_of_another(pages, monkeypatch):
    """Turns are counted by server."""
    monkeypatch.setattr(turns, "MOST_AT_ONCE", 1)
    with PageServer() as other:
        hung = asyncio.create_task(fetch_all(pages.hang("/hung"), other.serve("/well", "a 1\n")))
        failure, response = await hung
    assert (failure.reason, response.body) == ("timeout", b"a 1\n")


async def fetch_all(*urls: str) -> list:
    """Fetch at once, with one fetcher; failures are among the results."""
    async with HttpFetcher(0.3) as fetcher:
        return await asyncio.gather(*(fetcher(url) for url in urls), return_exceptions=True)


async def test_large_answers_are_refused_when_all_together_are_too_many_and_small_ones_are_not(
    pages, monkeypatch
):
    """Until those that were there have been read."""
    monkeypatch.setattr(fetching, "MOST_HELD_BYTES", 5000)
    monkeypatch.setattr(fetching, "SMALL_BYTES", 1000)
    large, small = pages.serve("/large", b"a" * 3000), pages.serve("/small", b"a" * 500)
    async with HttpFetcher(60.0) as fetcher:
        first = await fetcher(large)
        with pytest.raises(FetchError, match="more than 5000 bytes with all others"):
            await fetcher(large)
        for _ in range(20):
            assert len((await fetcher(small)).body) == 500
            first.done()
        assert len((await fetcher(small)).body) == 500


async def test_there_is_room_again_when_answers_were_read_or_came_to_nothing(pages, monkeypatch):
    """Else an exporter would be deaf in the end."""
    monkeypatch.setattr(fetching, "MOST_HELD_BYTES", 5000)
    monkeypatch.setattr(fetching, "SMALL_BYTES", 1000)
    large = pages.serve("/large", b"a" * 3000)
    cut = pages.serve("/cut", Reply(b"a" * 4000, cut_after=3000))
    async with HttpFetcher(60.0) as fetcher:
        for _ in range(5):
            (await fetcher(large)).done()
            with pytest.raises(FetchError, match="the answer was cut"):
                await fetcher(cut)
