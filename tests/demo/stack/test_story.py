"""A scenario played: faults at their strength and on time, repaired after their length."""

import itertools
from io import StringIO
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from demo.scenario import Fault, Scenario
from demo.stack.layout import Layout
from demo.stack.observe import Observer
from demo.stack.story import Story
from demo.stack.terminal import Terminal
from exporters.problems import InputError

SCENARIO = Scenario.model_validate(
    {
        "name": "s",
        "engine": "sim",
        "story": "A GPU is slow.",
        "faults": [
            {"fault": "straggler", "at": "10s", "length": "20s", "place": {"group": "g"}},
            {"fault": "killed-engine", "at": "15s", "place": {"group": "h"}},
        ],
        "watch": "40s",
    }
)


class _Parts:
    """Stands in for the parts of a demo: nothing fires, faults are noted with their time."""

    def __init__(self) -> None:
        self.clock = itertools.count(1000).__next__
        self.now = 0
        self.seen: list[tuple[Any, ...]] = []
        self.pids: dict[str, int] = {}

    def tick(self) -> float:
        self.now = self.clock()
        return float(self.now)

    def check(self) -> None:
        """All live."""

    async def firing_alerts(self) -> list[dict[str, str]]:
        return []

    async def new_pages(self, fault_at: float) -> list[Any]:
        return []

    async def inject(
        self, fault: str, place: dict[str, str], strength: float | None
    ) -> tuple[str, dict[str, str]]:
        self.seen.append((fault, strength))
        return fault, {**place, "uuid": "GPU-1"}

    async def repair(self, fault_id: str) -> None:
        self.seen.append(("repair", fault_id))

    async def restart(self, name: str) -> None:
        self.seen.append(("restart", name))

    async def take_away(self, name: str) -> None:
        self.seen.append(("take away", name))

    async def bring_back(self, name: str) -> None:
        self.seen.append(("bring back", name))


async def test_faults_strike_at_their_strength_and_are_repaired(monkeypatch: pytest.MonkeyPatch):
    """Events are not; what was really hit is kept and told."""
    monkeypatch.setattr("demo.stack.story.POLL_SECONDS", 0)
    parts, out = _Parts(), StringIO()
    scenario = SCENARIO.at_strength(0.7)
    story = Story(scenario, parts, parts, Terminal(out), parts.tick)  # type: ignore[arg-type]

    told = await story.play()

    assert [("straggler", 0.7), ("killed-engine", None), ("repair", "straggler")] == parts.seen
    assert {"group": "g", "uuid": "GPU-1"} == told.place
    assert "(group g, uuid GPU-1; strength 0.7)" in out.getvalue()


async def test_the_stack_strikes_and_repairs_what_is_its_own(monkeypatch: pytest.MonkeyPatch):
    """No engine is asked."""
    monkeypatch.setattr("demo.stack.story.POLL_SECONDS", 0)
    faults = [
        Fault(fault="exporter-away", at=5.0, length=9.0, place={"exporter": "router"}),
        Fault(fault="exporter-restart", at=7.0, place={"exporter": "gpu"}),
    ]
    parts = _Parts()
    scenario = SCENARIO.model_copy(update={"faults": faults})
    story = Story(scenario, parts, parts, Terminal(StringIO()), parts.tick)  # type: ignore[arg-type]

    told = await story.play()

    assert [("take away", "exporter-router"), ("restart", "exporter-gpu"),
            ("bring back", "exporter-router")] == parts.seen  # fmt: skip
    assert {"exporter": "router"} == told.place
    assert told.recovered_at is not None


@pytest.mark.parametrize(
    ("strength", "asked"),
    [
        (0.5, {"name": "thermal", "place": {"host": "h"}, "strength": 0.5}),
        (None, {"name": "thermal", "place": {"host": "h"}}),
    ],
)
async def test_the_engine_is_asked_for_a_strength_where_one_is_given(
    tmp_path, strength: float | None, asked: dict[str, Any]
):
    """Else it takes the usual one."""
    found: list[dict[str, Any]] = []

    async def strike(request: web.Request) -> web.Response:
        found.append(await request.json())
        if len(found) > 1:
            return web.json_response({"error": "too strong"}, status=422)
        return web.json_response({"id": "7", "place": {"host": "h", "pid": 3}}, status=201)

    app = web.Application()
    app.add_routes([web.post("/control/faults", strike)])
    async with TestClient(TestServer(app)) as client:
        observer = Observer(Layout(tmp_path, {}), str(client.make_url("")).rstrip("/"),
                            client.session)  # fmt: skip
        hit = await observer.inject("thermal", {"host": "h"}, strength)
        assert ([asked], ("7", {"host": "h", "pid": "3"})) == (found, hit)
        with pytest.raises(InputError, match="thermal: the engine refused it: too strong"):
            await observer.inject("thermal", {"host": "h"}, strength)


async def test_who_took_an_incident_is_told_and_is_no_page(tmp_path):
    """One that is over cannot be taken any more; what opened and ended incidents is seen alone."""
    asked: list[dict[str, Any]] = []

    async def acknowledge(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.json_response({}, status=201 if len(asked) == 1 else 404)

    async def events(_: web.Request) -> web.Response:
        actions = ("trigger", "acknowledge", "resolve")
        told = [{"received_at": 9.0, "event": {"event_action": each}} for each in actions]
        return web.json_response({"events": told})

    app = web.Application()
    app.add_routes([web.post("/control/acknowledge", acknowledge), web.get("/events", events)])
    async with TestClient(TestServer(app)) as client:
        layout = Layout(tmp_path, {"pagerduty": client.port or 0})
        observer = Observer(layout, "", client.session)
        taken = [await observer.acknowledge("k", "Ada") for _ in range(2)]
        pages = await observer.new_pages(4.0)

    assert ([True, False], {"dedup_key": "k", "by": "Ada"}) == (taken, asked[0])
    assert ["trigger", "resolve"] == [each.action for each in pages]
