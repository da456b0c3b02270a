"""One request for all who want the same address."""

import asyncio

import pytest

from exporters.fetching import FetchError, Response
from exporters.sharing import SharedFetch


class Gate:
    """Answers when it is told; counts who asks, and whose answers were let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given_up = 0
        self.done = 0
        self.is_open = asyncio.Event()
        self.error: FetchError | None = None

    async def __call__(self, url: str) -> Response:
        """Wait, then answer."""
        self.asked.append(url)
        try:
            await self.is_open.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if self.error:
            raise self.error
        return Response(200, url.encode(), self._let_go)

    def _let_go(self) -> None:
        self.done += 1


async def ask(fetch, *urls: str):
    """Ask at once; return the tasks, under way."""
    tasks = [asyncio.create_task(fetch(url)) for url in urls]
    await asyncio.sleep(0.01)
    return tasks


async def test_those_who_ask_at_once_for_one_address_get_the_same_body():
    """Others are asked for themselves, and so is who comes later."""
    gate = Gate()
    fetch = SharedFetch(gate)
    tasks = await ask(fetch, "a", "a", "b", "a")
    gate.is_open.set()
    first, second, other, third = await asyncio.gather(*tasks)
    assert first.body is second.body is third.body
    assert (other.body, gate.asked) == (b"b", ["a", "b"])
    await fetch("a")
    assert gate.asked == ["a", "b", "a"]


async def test_an_answer_is_let_go_when_all_have_read_it():
    """Not before, and once."""
    gate = Gate()
    tasks = await ask(SharedFetch(gate), "a", "a")
    gate.is_open.set()
    counts = []
    for response in await asyncio.gather(*tasks):
        response.done()
        counts.append(gate.done)
    assert counts == [0, 1]


async def test_all_hear_of_a_failure():
    """Each as if it had asked alone."""
    gate = Gate()
    gate.error = FetchError("refused", "nobody there")
    tasks = await ask(SharedFetch(gate), "a", "a")
    gate.is_open.set()
    failures = await asyncio.gather(*tasks, return_exceptions=True)
    assert [failure.reason for failure in failures] == ["refused"] * 2


async def test_a_request_goes_on_until_the_last_one_gives_up():
    """Then it ends, and the next who asks is not told of it."""
    gate = Gate()
    fetch = SharedFetch(gate)
    first, second = await ask(fetch, "a", "a")
    first.cancel()
    await asyncio.sleep(0.01)
    assert gate.given_up == 0
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    (third,) = await ask(fetch, "a")
    assert gate.given_up == 1
    gate.is_open.set()
    assert (await third).body == b"a"
