"""Asking one source."""

import asyncio
import threading

import pytest

from exporters import sources
from exporters.exposition import PageError
from exporters.fetching import FetchError, Response
from exporters.sources import LARGE_PAGE_BYTES, Answer, Source, Target


class FakeFetch:
    """Answers what it is told, when it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Response | FetchError = Response(200, b"page")
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, url: str) -> Response:
        """Wait at the gate, then answer."""
        self.asked += 1
        await self.gate.wait()
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer


@pytest.fixture
def fetch():
    """What answers."""
    return FakeFetch()


def source(fetch, clock, read=bytes.decode) -> Source[str]:
    """A source that reads its page as text."""
    return Source(Target("eu-chat-0", "eu", "http://h/metrics", read), fetch, clock)


async def test_an_answer_holds_what_was_read_and_how_long_it_took(fetch, clock):
    """With the number of the request."""
    fetch.gate.clear()
    asking = asyncio.create_task(source(fetch, clock).ask())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.now += 0.25
    fetch.gate.set()
    assert await asking == Answer("none", "page", 200, seconds=0.25, number=1)


@pytest.mark.parametrize("reason", ["refused", "timeout", "too_large", "malformed"])
async def test_a_failure_is_an_answer_with_its_reason_and_no_content(fetch, clock, reason):
    """Nobody who asks needs to catch anything."""
    fetch.answer = FetchError(reason, "why")
    answer = await source(fetch, clock).ask()
    assert (answer.reason, answer.content, answer.is_up) == (reason, None, False)


async def test_an_error_by_http_has_its_status(fetch, clock):
    """A health page tells by it."""
    fetch.answer = Response(503, b"")
    answer = await source(fetch, clock).ask()
    assert (answer.reason, answer.status, answer.content) == ("http_status", 503, None)


async def test_a_page_that_cannot_be_read_is_malformed(fetch, clock):
    """With the line in the detail."""

    def read(_: bytes) -> str:
        raise PageError(3, "found nonsense")

    answer = await source(fetch, clock, read).ask()
    assert (answer.reason, answer.detail) == ("malformed", "line 3: found nonsense")


async def test_a_mistake_of_ours_in_reading_costs_that_source_only(fetch, clock, caplog):
    """And is logged in full."""

    def read(_: bytes) -> str:
        raise ZeroDivisionError

    answer = await source(fetch, clock, read).ask()
    assert (answer.reason, answer.content) == ("malformed", None)
    assert "http://h/metrics: cannot be read" in caplog.text


async def test_a_large_page_is_read_all_the_same(fetch, clock):
    """In a thread."""
    fetch.answer = Response(200, b"x" * (LARGE_PAGE_BYTES + 1))
    answer = await source(fetch, clock).ask()
    assert answer.content == "x" * (LARGE_PAGE_BYTES + 1)


async def test_those_who_ask_at_once_share_one_request(fetch, clock):
    """One flight for each source."""
    fetch.gate.clear()
    one = source(fetch, clock)
    asking = [asyncio.create_task(one.ask()) for _ in range(3)]
    await asyncio.sleep(0.01)
    fetch.gate.set()
    answers = await asyncio.gather(*asking)
    assert (fetch.asked, {answer.number for answer in answers}) == (1, {1})


async def test_an_answer_older_than_the_last_is_dropped(fetch, clock):
    """It does not even count as a failure."""
    one = source(fetch, clock)
    newer = Answer("none", "newer", 200, number=2)
    assert one.apply(newer) == newer
    assert one.apply(Answer("timeout", number=1)) == newer
    assert one.circuit.failures == 0


async def test_an_answer_older_than_a_repetition_is_dropped(fetch, clock):
    """What was asked before it came later: what was repeated is the newest."""
    one = source(fetch, clock)
    up = one.read_at_once(Response(200, b"page"))
    fetch.gate.clear()
    fetch.answer = FetchError("timeout", "why")
    asking = asyncio.create_task(one.ask())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert one.repeat() is up
    fetch.gate.set()
    assert await asking is up
    assert "other" == one.read_at_once(Response(200, b"other")).content


async def test_a_source_that_failed_three_times_is_not_asked_until_its_pause_is_over(fetch, clock):
    """The circuit is open."""
    fetch.answer = FetchError("timeout", "why")
    one = source(fetch, clock)
    answers = [await one.ask() for _ in range(5)]
    assert [(answer.reason, answer.behind) for answer in answers] == [
        *[("timeout", "")] * 3,
        *[("circuit_open", "timeout")] * 2,
    ]
    assert fetch.asked == 3


async def test_nobody_waits_for_a_probe_and_its_success_counts_from_the_next_collection(
    fetch, clock
):
    """A probe that hangs costs no scrape anything."""
    fetch.answer = FetchError("timeout", "why")
    one = source(fetch, clock)
    for _ in range(3):
        await one.ask()
    fetch.answer = Response(200, b"back")
    fetch.gate.clear()
    clock.now += 1.0
    assert (await one.ask()).reason == "circuit_open"
    assert (await one.ask()).reason == "circuit_open"
    await asyncio.sleep(0.01)
    assert fetch.asked == 4
    fetch.gate.set()
    await asyncio.sleep(0.01)
    answer = await one.ask()
    assert (answer.reason, answer.content, fetch.asked) == ("none", "back", 5)


async def test_errors_by_http_open_no_circuit_for_they_are_quick(fetch, clock):
    """And what a health page says must stay known."""
    fetch.answer = Response(503, b"")
    one = source(fetch, clock)
    assert {(await one.ask()).status for _ in range(9)} == {503}


async def test_changes_are_logged_once(fetch, clock, caplog):
    """Not each failure."""
    caplog.set_level("INFO")
    one = source(fetch, clock)
    for answer in (Response(200, b""), Response(500, b""), Response(500, b""), Response(200, b"")):
        fetch.answer = answer
        await one.ask()
    assert [record.getMessage() for record in caplog.records] == [
        "eu-chat-0 at http://h/metrics: http_status: HTTP 500",
        "eu-chat-0 at http://h/metrics answers again",
    ]


async def test_closing_gives_up_what_is_under_way(fetch, clock):
    """So that an exporter ends at once."""
    fetch.gate.clear()
    one = source(fetch, clock)
    asking = asyncio.create_task(one.ask())
    await asyncio.sleep(0.01)
    await one.close()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_large_page_that_takes_long_to_read_is_given_up_and_released_later(
    fetch, clock, monkeypatch
):
    """Whoever waits is not kept; the memory counts until the reader has let go of it."""
    monkeypatch.setattr(sources, "READING_SECONDS", 0.05)
    let_go, released = threading.Event(), asyncio.Event()

    def read(body: bytes) -> str:
        let_go.wait(30)
        return "read"

    fetch.answer = Response(200, b"a" * (LARGE_PAGE_BYTES + 1), released.set)
    answer = await source(fetch, clock, read).ask()
    assert (answer.reason, answer.content) == ("too_large", None)
    assert answer.detail == "262145 bytes could not be read within 0.05 s"
    assert not released.is_set()
    let_go.set()
    async with asyncio.timeout(30):
        await released.wait()


async def test_waiting_for_others_to_be_read_is_no_failing_of_the_source(clock, monkeypatch):
    """However long it takes: what was known of it still holds, and no circuit opens."""
    monkeypatch.setattr(sources, "LONGEST_ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(sources, "READING_SECONDS", 30.0)
    let_go = threading.Event()

    def read_slowly(body: bytes) -> str:
        let_go.wait(30)
        return "read"

    async def fetch(url: str) -> Response:
        return Response(200, b"a" * (LARGE_PAGE_BYTES + 1))

    slow, other = source(fetch, clock, read_slowly), source(fetch, clock)
    asking = asyncio.create_task(slow.ask())
    await asyncio.sleep(0.01)
    answers = [await other.ask() for _ in range(4)]
    let_go.set()
    assert {answer.reason for answer in answers} == {"no_turn"}
    assert {answer.is_ours for answer in answers} == {True}
    assert (await asking).is_up
    assert (await other.ask()).is_up


async def test_the_event_loop_goes_round_between_two_pages(clock):
    """A thousand that come at once make nobody's deadline pass that waits for another."""
    lane, rounds, at = asyncio.Lock(), [0], []

    async def go_round() -> None:
        while True:
            await asyncio.sleep(0)
            rounds[0] += 1

    async def fetch(url: str) -> Response:
        return Response(200, b"page")

    def read(body: bytes) -> str:
        at.append(rounds[0])
        return "read"

    going = asyncio.create_task(go_round())
    target = Target("eu-chat-0", "eu", "http://h/metrics", read)
    asked = [Source(target, fetch, clock, lane=lane).ask() for _ in range(20)]
    await asyncio.gather(*asked)
    going.cancel()
    assert len(set(at)) == 20


@pytest.mark.parametrize("size", [10, LARGE_PAGE_BYTES + 1])
async def test_an_answer_is_released_when_it_was_read_or_could_not_be(fetch, clock, size):
    """In the way of small pages and of large ones."""
    released = asyncio.Event()

    def read(body: bytes) -> str:
        raise PageError(1, "nonsense")

    fetch.answer = Response(200, b"a" * size, released.set)
    assert (await source(fetch, clock, read).ask()).reason == "malformed"
    async with asyncio.timeout(30):
        await released.wait()
