"""The control interface of the demo on real vLLM, as the rest of the demo speaks to it."""

from collections.abc import Mapping

import aiohttp
import pytest

from demo.traffic.control import FaultError, application
from demo.vllm.testing import served

TRUTH = {"time": 1.0, "classes": []}


class OneFault:
    """Knows one fault."""

    def __init__(self) -> None:
        self.on: set[str] = set()

    async def start(self, name: str, place: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Start it."""
        if name != "frozen-worker":
            raise FaultError(f"found fault {name!r}")
        self.on.add("7")
        return "7", {**place, "pid": "123"}

    def repair(self, fault: str) -> bool:
        """End it."""
        is_on = fault in self.on
        self.on.discard(fault)
        return is_on


async def test_a_fault_is_started_and_repaired():
    """201 with the place really hit, 204, then 404."""
    app = application(OneFault(), lambda: TRUTH, lambda: True)
    async with served(app) as url, aiohttp.ClientSession() as session:
        wanted = {"name": "frozen-worker", "place": {"group": "g"}}
        async with session.post(f"{url}/control/faults", json=wanted) as answer:
            place = {"group": "g", "pid": "123"}
            assert 201 == answer.status
            assert {"id": "7", "name": "frozen-worker", "place": place} == await answer.json()
        async with session.delete(f"{url}/control/faults/7") as answer:
            assert 204 == answer.status
        async with session.delete(f"{url}/control/faults/7") as answer:
            assert 404 == answer.status


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "lost-gpu", "place": {"group": "g"}}',
        '{"name": "frozen-worker"}',
        '{"name": "frozen-worker", "place": {"rank": 1}}',
        '{"name": 3, "place": {}}',
        "[]",
        "{",
    ],
)
async def test_what_is_no_fault_is_refused_with_a_reason(body: str):
    """422, and nothing is broken."""
    faults = OneFault()
    app = application(faults, lambda: TRUTH, lambda: True)
    async with served(app) as url, aiohttp.ClientSession() as session:
        headers = {"Content-Type": "application/json"}
        async with session.post(f"{url}/control/faults", data=body, headers=headers) as answer:
            assert 422 == answer.status
            assert (await answer.json())["error"]

    assert set() == faults.on


async def test_the_truth_is_told_as_it_is():
    """Whatever the tally says."""
    app = application(OneFault(), lambda: TRUTH, lambda: True)
    async with (
        served(app) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/control/truth") as answer,
    ):
        assert TRUTH == await answer.json()


@pytest.mark.parametrize(("answers", "status"), [(0, 503), (1, 200)])
async def test_it_is_healthy_once_users_get_answers(answers: int, status: int):
    """The supervisor waits for it."""
    app = application(OneFault(), lambda: TRUTH, lambda: answers > 0)
    async with (
        served(app) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/healthz") as answer,
    ):
        assert status == answer.status
