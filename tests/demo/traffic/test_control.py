"""The control interface of the demo on real vLLM, as the rest of the demo speaks to it."""

import aiohttp
import pytest

from demo.orders import FaultError, Order
from demo.traffic.control import application
from demo.vllm.testing import served

TRUTH = {"time": 1.0, "classes": []}


class OneFault:
    """Knows one place."""

    def __init__(self) -> None:
        self.on: dict[str, Order] = {}

    async def start(self, order: Order) -> tuple[str, dict[str, str]]:
        """Start it."""
        if order.place.get("group", "g") != "g":
            raise FaultError(f"found the group {order.place['group']!r}")
        self.on["7"] = order
        return "7", {**order.place, "pid": "123"}

    async def repair(self, fault: str) -> bool:
        """End it."""
        return self.on.pop(fault, None) is not None


async def test_a_fault_is_started_and_repaired():
    """201 with the place really hit, 204, then 404."""
    app = application(OneFault(), lambda: TRUTH, lambda: True)
    async with served(app) as url, aiohttp.ClientSession() as session:
        wanted = {"name": "frozen-worker", "place": {"group": "g"}}
        async with session.post(f"{url}/control/faults", json=wanted) as answer:
            place = {"group": "g", "pid": "123"}
            assert 201 == answer.status
            told = {"id": "7", "name": "frozen-worker", "place": place, "strength": None}
            assert told == await answer.json()
        async with session.delete(f"{url}/control/faults/7") as answer:
            assert 204 == answer.status
        async with session.delete(f"{url}/control/faults/7") as answer:
            assert 404 == answer.status


@pytest.mark.parametrize(("given", "strength"), [({}, 1.0), ({"strength": 0.25}, 0.25)])
async def test_a_strength_is_taken_or_the_usual_one(given: dict[str, float], strength: float):
    """As the fault's kind says."""
    faults = OneFault()
    app = application(faults, lambda: TRUTH, lambda: True)
    wanted = {"name": "tool-outage", "place": {"region": "eu", "tool": "browser"}, **given}
    async with (
        served(app) as url,
        aiohttp.ClientSession() as session,
        session.post(f"{url}/control/faults", json=wanted) as answer,
    ):
        assert strength == (await answer.json())["strength"] == faults.on["7"].strength


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("{", "found a body that is no JSON: "),
        ('{"name": "lost-gpu", "place": {"group": "g"}}', "found the fault 'lost-gpu', expected"),
        ('{"name": "frozen-worker", "place": {"group": "h"}}', "found the group 'h'"),
    ],
)
async def test_what_is_no_fault_is_refused_with_a_reason(body: str, error: str):
    """422 with what was found and what was expected, and nothing is broken."""
    faults = OneFault()
    app = application(faults, lambda: TRUTH, lambda: True)
    async with served(app) as url, aiohttp.ClientSession() as session:
        headers = {"Content-Type": "application/json"}
        async with session.post(f"{url}/control/faults", data=body, headers=headers) as answer:
            assert 422 == answer.status
            assert (await answer.json())["error"].startswith(error)

    assert {} == faults.on


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
