"""A look at a running demo: its control interface and its Prometheus, here stood in for."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from demo.engine import EnginePlan, Habit
from demo.stack.files import write_inputs
from demo.stack.layout import DEFAULT_PORTS, Layout
from demo.stack.look import look
from demo.stack.truth import read_truth
from demo.stack.truth_file import TruthFile
from exporters.problems import InputError

CELL = {"region": "eu", "model": "chat"}
URL = "http://127.0.0.1:9"
MEMBER = {"host": "h0", "gpus": ["GPU-1"], "telemetry": f"{URL}/telemetry"}
GROUP = {"name": "g", **CELL, "revision": "r1", "metrics": f"{URL}/metrics", "members": [MEMBER]}
PLAN = EnginePlan(
    "sim", {"version": 1, "cluster": "demo", "groups": [GROUP]}, (), "",
    (Habit("chat-availability", CELL, 10.0, 0.0003),),
)  # fmt: skip


class Fakes:
    """An engine in which nothing is wrong, and a Prometheus that says so."""

    def __init__(self) -> None:
        self.group_state = "up"
        self.looks = 0
        self.faults: list[dict[str, Any]] = []
        self.alerts: list[dict[str, str]] = [{"alertname": "Watchdog"}]

    def truth(self, time: float = 1200.0) -> dict[str, Any]:
        """Ten requests a second, one of them bad."""
        bad, total = (time - 1000.0), 10 * (time - 1000.0)
        cell = {"slo": "chat-availability", "labels": CELL, "bad": bad, "total": total}
        return {"time": time, "started": 1000.0, "classes": [{**cell, "reasons": {}}],
                "services": [], "faults": self.faults, "groups": {}, "gpus": {}}  # fmt: skip

    def result(self, query: str) -> list[tuple[dict[str, str], float]]:
        """What Prometheus has for a query."""
        self.looks += query.startswith("shardwatch_group_state")
        cell = {"slo": "chat-availability", **CELL}
        # From 1010 s to 1197 s, with half an interval on both sides; half of the last minute's.
        seconds = 187 + 5 - 30
        answers = {
            "sum_over_time(slo:events_bad:rate": (cell, 1.0 * seconds),
            "sum_over_time(slo:events:rate": (cell, 10.0 * seconds),
            "min(": ({}, 1010.0),
            "max(": ({}, 1197.0),
            "shardwatch_group_state": ({"group": "g", "state": self.group_state}, 1.0),
            "shardwatch_gpu_state": ({"uuid": "GPU-1", "state": "healthy"}, 1.0),
        }
        if "telemetry_unreachable" in query:
            return []
        return [answer for begin, answer in answers.items() if query.startswith(begin)]

    def app(self) -> web.Application:
        """Both on one port."""

        async def truth(_: web.Request) -> web.Response:
            return web.json_response(self.truth())

        async def query(request: web.Request) -> web.Response:
            form = await request.post()
            result = [
                {"metric": labels, "value": [0, str(value)]}
                for labels, value in self.result(str(form["query"]))
            ]
            data = {"resultType": "vector", "result": result}
            return web.json_response({"status": "success", "data": data})

        async def alerts(_: web.Request) -> web.Response:
            found = [{"labels": labels, "state": "firing"} for labels in self.alerts]
            return web.json_response({"data": {"alerts": found}})

        app = web.Application()
        app.add_routes([
            web.get("/control/truth", truth),
            web.post("/api/v1/query", query),
            web.get("/api/v1/alerts", alerts),
        ])  # fmt: skip
        return app


@pytest.fixture
async def server() -> AsyncIterator[tuple[Fakes, TestServer]]:
    """The fakes on a port of their own."""
    fakes = Fakes()
    async with TestServer(fakes.app()) as running:
        yield fakes, running


@pytest.fixture
def folder(tmp_path: Path, server: tuple[Fakes, TestServer]) -> Path:
    """The folder of a demo whose engine and Prometheus are the fakes."""
    fakes, running = server
    layout = Layout(tmp_path, {**DEFAULT_PORTS, "engine": running.port, "prometheus": running.port})
    write_inputs(layout, PLAN.topology)
    layout.write_addresses()
    file = TruthFile(layout.truth, 1000.0, PLAN.habits)
    for time in range(1000, 1201):
        file.add(read_truth(fakes.truth(float(time))))
    return tmp_path


async def test_a_demo_that_sees_all_agrees_at_the_first_look(folder: Path, server):
    """No time is lost then."""
    rows = await look(folder, within_seconds=60)
    assert [True] * 3 == [row.agrees for row in rows]
    [budget] = [row for row in rows if row.about == "budget"]
    assert budget.truth == budget.stack
    assert budget.truth.startswith("162 bad of 1620 (10.000%), 0.6")
    assert 1 == server[0].looks


async def test_what_differs_for_good_is_told(folder: Path, server):
    """Faults and alerts too; a burn is none of the causes."""
    fakes, _ = server
    fakes.group_state = "stalled"
    fakes.faults = [{"id": "1", "name": "lost-gpu", "place": {"group": "g"}, "strength": None,
                     "since": 1100.0}]  # fmt: skip
    fakes.alerts += [{"alertname": "ShardGroupDead", "group": "other"}]
    fakes.alerts += [{"alertname": "ErrorBudgetBurn", **CELL}]
    rows = await look(folder, within_seconds=0)
    assert {("group", "g"), ("fault", "lost-gpu"), ("alert", "ShardGroupDead other")} == {
        (row.about, row.name) for row in rows if not row.agrees
    }


async def test_a_stack_that_is_a_little_late_is_waited_for(folder: Path, server, monkeypatch):
    """It is judged by what it says in the end."""
    fakes, _ = server
    fakes.group_state = "dead"
    monkeypatch.setattr("demo.stack.look.PAUSE_SECONDS", 0.01)
    fakes.result = _late(fakes, fakes.result)
    rows = await look(folder, within_seconds=30)
    assert all(row.agrees for row in rows)
    assert 3 == fakes.looks


def _late(fakes: Fakes, result: Callable[[str], Any]) -> Callable[[str], Any]:
    def later(query: str) -> Any:
        if fakes.looks == 2:
            fakes.group_state = "up"
        return result(query)

    return later


async def test_a_folder_without_a_demo_is_refused(tmp_path: Path):
    """With what to do."""
    with pytest.raises(InputError) as refused:
        await look(tmp_path, within_seconds=0)
    assert str(refused.value) == (
        f"{tmp_path}/addresses.json: no demo here: no such file or directory; "
        "give the folder of a running demo with --dir"
    )


async def test_a_demo_that_has_ended_is_refused(folder: Path, server):
    """Its folder is still there, its engine is not."""
    await server[1].close()
    with pytest.raises(InputError, match="no demo runs here: ") as refused:
        await look(folder, within_seconds=0)
    assert str(refused.value).startswith(f"{folder}: ")


@pytest.mark.parametrize("content", ["[]", "no JSON", json.dumps({"engine": "http://h:port"})])
async def test_a_folder_of_something_else_is_refused(tmp_path: Path, content: str):
    """Whatever lies there by that name."""
    (tmp_path / "addresses.json").write_text(content)
    with pytest.raises(InputError, match="holds no addresses of a demo"):
        await look(tmp_path, within_seconds=0)
