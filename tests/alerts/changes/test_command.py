"""The command, a real Prometheus that knows what runs where, and PagerDuty's stand-in."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import yaml

from alerts.pagerduty import change_errors
from demo.setup.programs import find_program
from slo.prometheus import PrometheusClient
from slo.series import Series
from slo.testing import running_prometheus
from tests.alerts.test_testing import wait_for

ROOT = Path(__file__).parents[3]
TOPOLOGY = ROOT / "tests/alerts/demo_like/topology.yaml"
KEY = "0123456789abcdef0123456789abcdef"
PATIENCE_SECONDS = 60
CELL = {"cluster": "demo", "region": "eu", "model": "chat"}


def series(name: str, labels: dict[str, str], begin: float, end: float) -> Series:
    """Return a series of ones, a sample each 5 s from one time to another."""
    times = np.arange(int(begin), int(end), 5, dtype=np.int64) * 1000
    return Series({"__name__": name, **labels}, times, np.ones(len(times)))


def fleet(begin: float, end: float, revision: str, weights: str, driver: str) -> list[Series]:
    """Return what eight groups run, of which three run what is given; the rest run the old."""
    found = []
    for index in range(8):
        group = {**CELL, "group": f"g{index}"}
        new = index < 3
        found += [
            series("shardwatch_group_info",
                   {**group, "revision": revision if new else "r1", "engine": "0",
                    "failure_domain": "x"}, begin, end),
            *(series("shardwatch_weights_info",
                     {**group, "router": router, "revision": "r1",
                      "hash": weights if new else "w1"}, begin, end)
              for router in ("a", "b")),
            series("shardwatch_gpu_driver_info",
                   {**group, "host": f"h{index}", "version": driver if new else "580"}, begin, end),
        ]  # fmt: skip
    return found


class StandIn:
    """PagerDuty's stand-in, which may go away and come back."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._folder, self._port = folder, port
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty."""
        keys = self._folder / "pager.key"
        self._running = subprocess.Popen(
            [sys.executable, "-m", "alerts.testing", "--port", str(self._port),
             "--routing-key-file", str(keys)], cwd=ROOT)  # fmt: skip
        wait_for(self._port)

    def stop(self) -> None:
        """End it."""
        if self._running:
            self._running.terminate()
            self._running.wait()
            self._running = None

    def answer(self, status: int, times: int) -> None:
        """Let it fail."""
        wanted = {"status": status, "times": times, "of": "changes"}
        assert 201 == httpx2.post(f"{self.url}/control/answers", json=wanted).status_code

    def summaries(self) -> list[str]:
        """Return what it took, in order."""
        taken = httpx2.get(f"{self.url}/changes").json()["changes"]
        assert [] == [each for one in taken for each in change_errors(one["change"], [KEY])]
        return [each["change"]["payload"]["summary"] for each in taken]

    def changes(self) -> list[dict[str, Any]]:
        """Return it whole."""
        return [each["change"] for each in httpx2.get(f"{self.url}/changes").json()["changes"]]


@pytest.fixture
def stand_in(tmp_path: Path, free_port: int) -> Iterator[StandIn]:
    """One that runs."""
    (tmp_path / "pager.key").write_text(KEY)
    stand_in = StandIn(tmp_path, free_port)
    stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    """A server."""
    (tmp_path / "prometheus").mkdir()
    with running_prometheus(find_program("prometheus"), tmp_path / "prometheus") as url:
        yield url


def configure(folder: Path, prometheus: str, stand_in: StandIn) -> list[str]:
    """Write a configuration; return the command."""
    (folder / "shardwatch.yaml").write_text(
        yaml.safe_dump(
            {
                "topology": str(TOPOLOGY),
                "prometheus": {"url": prometheus},
                "objectives": ["library:chat"],
                "pagerduty": {"routing_key_file": "pager.key", "url": f"{stand_in.url}/v2/enqueue"},
                "links": {"grafana": "http://grafana/"},
            }
        )
    )
    return [
        sys.executable, "-m", "shardwatch", "alerts", "changes",
        "--config", str(folder / "shardwatch.yaml"), "--state", str(folder / "changes.json"),
    ]  # fmt: skip


def run(command: list[str]) -> tuple[int, str]:
    """Run it; return its exit code and what it said."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


async def test_one_event_tells_each_change_of_a_cell(prometheus, stand_in, tmp_path: Path):
    """What PagerDuty would take, with where to look; a second look tells nothing more."""
    command = [*configure(tmp_path, prometheus, stand_in), "--once"]
    now = time.time()
    async with PrometheusClient(prometheus) as client:
        for each in fleet(now - 30, now - 20, "r1", "w1", "580"):
            await client.remote_write([each])
        assert (0, "") == run(command)
        assert [] == stand_in.summaries()
        # The old ones end by their staleness, as those of a page that has them no more do.
        ended = [
            Series(each.labels, np.array([int(now - 15) * 1000]),
                   np.frombuffer(b"\x02\x00\x00\x00\x00\x00\xf0\x7f", dtype="<f8"))
            for each in fleet(now - 30, now - 20, "r1", "w1", "580")
        ]  # fmt: skip
        await client.remote_write(ended)
        await client.remote_write(fleet(now - 10, now + 600, "r2", "w2", "590"))
    code, _ = run(command)
    again, _ = run(command)

    assert (0, 0) == (code, again)
    assert [
        "eu chat: 3 of 8 groups now run r2, before r1",
        "eu chat: 3 of 8 groups now have the weights w2, before w1",
        "eu: 3 of 8 hosts now have the driver 590, before 580",
    ] == stand_in.summaries()
    change = stand_in.changes()[0]
    assert KEY == change["routing_key"]
    assert {
        "cluster": "demo", "region": "eu", "model": "chat", "change": "revision",
        "now": "r2", "before": "r1", "groups": "g0, g1, g2",
    } == change["payload"]["custom_details"]  # fmt: skip
    assert "demo" == change["payload"]["source"]
    [link] = change["links"]
    assert link["href"].startswith(
        "http://grafana/d/shardwatch-fleet?var-cluster=demo&var-region=eu&var-model=chat&from="
    )


def known(folder: Path, revisions: str) -> None:
    """Let the last look, a while ago, have seen a revision of eight groups, and nothing else."""
    places = {f"g{index}": [revisions, time.time() - 60] for index in range(8)}
    cells = [{"cell": ["demo", "eu", "chat"], "places": places}]
    content = {"known": {"revision": cells}, "waiting": []}
    (folder / "changes.json").write_text(json.dumps(content))


@pytest.fixture
async def rolled(prometheus: str) -> str:
    """The server while eight groups run something else than what the state knows."""
    now = time.time()
    names = [{**CELL, "group": f"g{index}", "revision": "r9", "engine": "0",
              "failure_domain": "x"} for index in range(8)]  # fmt: skip
    async with PrometheusClient(prometheus) as client:
        await client.remote_write(
            [series("shardwatch_group_info", each, now - 10, now + 600) for each in names]
        )
    return prometheus


def eventually(found: Any) -> Any:
    """Return what it returns as soon as that is anything."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.1)
    raise TimeoutError("it did not come")


def waiting(folder: Path) -> list[dict[str, Any]]:
    """Return what waits in the state file."""
    found: list[dict[str, Any]] = json.loads((folder / "changes.json").read_text())["waiting"]
    return found


def test_what_pagerduty_refuses_is_shown_and_dropped(rolled, stand_in, tmp_path: Path):
    """400 is about the event: it would be no better the next time."""
    command = [*configure(tmp_path, rolled, stand_in), "--once"]
    known(tmp_path, "r0")
    stand_in.answer(400, 1)

    code, said = run(command)

    assert 1 == code
    assert "PagerDuty refused" in said
    assert "400: answered 400 on demand" in said
    assert [] == waiting(tmp_path)


def test_what_is_refused_for_its_key_waits_until_the_key_is_right(rolled, stand_in, tmp_path: Path):
    """A key that was mistyped or rotated loses no history."""
    command = [*configure(tmp_path, rolled, stand_in), "--once"]
    known(tmp_path, "r0")
    (tmp_path / "pager.key").write_text(KEY[::-1])

    first, said = run(command)
    kept = waiting(tmp_path)
    (tmp_path / "pager.key").write_text(KEY)
    second, _ = run(command)

    assert (1, 0) == (first, second)
    assert f"'routing_key' belongs to no integration: correct {tmp_path}/pager.key" in said
    assert 1 == said.count("400: ")
    assert 1 == len(kept) == len(stand_in.summaries())
    assert [] == waiting(tmp_path)


@pytest.mark.parametrize("status", [429, 503])
def test_what_pagerduty_cannot_take_now_comes_later(rolled, stand_in, status, tmp_path: Path):
    """By the next run, if it ends before; exit code 1 says so."""
    command = [*configure(tmp_path, rolled, stand_in), "--once"]
    known(tmp_path, "r0")
    stand_in.answer(status, 1)

    first, said = run(command)
    second, _ = run(command)

    assert (1, 0) == (first, second)
    assert f"{status}: answered {status} on demand" in said
    assert 1 == len(stand_in.summaries())


def test_a_dead_network_and_a_kill_lose_nothing(rolled, stand_in, tmp_path: Path):
    """It waits, is killed, comes back, waits, and tells once PagerDuty is there, once."""
    command = [*configure(tmp_path, rolled, stand_in), "--interval", "200ms"]
    known(tmp_path, "r0")
    stand_in.stop()
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as first:
        eventually(lambda: waiting(tmp_path))
        first.send_signal(signal.SIGKILL)
    log = tmp_path / "log"
    with log.open("w") as told, subprocess.Popen(command, cwd=ROOT, stderr=told) as second:
        try:
            eventually(lambda: "no answer" in log.read_text())
            stand_in.start()
            eventually(stand_in.summaries)
            eventually(lambda: not waiting(tmp_path))
        finally:
            second.terminate()

    assert 0 == second.returncode, log.read_text()
    assert 1 == len(stand_in.summaries())


def test_a_prometheus_that_is_not_there_is_told(stand_in, free_port, tmp_path: Path):
    """By the exit code and a line; nothing else happens."""
    command = [*configure(tmp_path, "http://127.0.0.1:1", stand_in), "--once"]

    code, said = run(command)

    assert 1 == code
    assert "WARNING changes: Prometheus: " in said


def test_without_pagerduty_it_says_what_is_missing(tmp_path: Path):
    """Exit code 2."""
    config = ROOT / "tests/promtool/config/shardwatch.yaml"
    command = [sys.executable, "-m", "shardwatch", "alerts", "changes", "--config", str(config)]

    code, said = run(command)

    assert 2 == code
    assert "found no pagerduty, expected one" in said
