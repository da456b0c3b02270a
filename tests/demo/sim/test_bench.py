"""The figures of the simulator: named, with their bars, each part by itself."""

import json
import subprocess
import sys

from demo.sim import bench
from demo.sim.deviations import Deviation


def test_pages_are_measured_in_a_process_of_their_own():
    """As JSON of the shape that bench.json has; only an engine's page has a bar."""
    command = [sys.executable, "-m", "demo.sim.bench", "--part", "pages"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)["figures"]
    assert [(each["name"], each["unit"], each["baseline"]) for each in found] == [
        ("sim.page_ms", "ms", 0.3),
        ("sim.host_page_ms", "ms", None),
        ("sim.router_page_ms", "ms", None),
    ]
    assert all(0 < each["value"] < 100 for each in found)


def test_a_large_fleet_tells_its_step_and_its_memory(monkeypatch):
    """Of a small one here."""
    monkeypatch.setattr(bench, "LARGE_GROUPS", 180)
    monkeypatch.setattr(bench, "STEPS", 3)
    step, memory = bench.large_figures()
    assert (step["name"], step["baseline"]) == ("sim.step_ms_125000_groups", 1000)
    assert (memory["name"], memory["baseline"]) == ("sim.rss_mb_125000_groups", 2000)
    assert step["value"] > 0
    assert memory["value"] > 10


def test_virtual_days_follow_from_the_time_of_a_step(monkeypatch):
    """5,760 steps a day: at 2 ms each, a minute has 5.2 days."""
    monkeypatch.setattr(bench, "_seconds_of", lambda _: 0.002 * bench.STEPS_OF_ROUND)
    (days,) = bench.small_figures()
    assert days["name"] == "sim.virtual_days_per_minute"
    assert days["value"] == 5.2083


def test_the_worst_deviation_is_the_figure(monkeypatch):
    """Of all that were measured."""
    found = [Deviation(name, (1, 1), (1 + off, 1 + off), "deepseek")
             for name, off in (("a", 0.02), ("b", 0.25), ("c", 0.1))]  # fmt: skip
    monkeypatch.setattr(bench, "measure_deviations", lambda: found)
    (worst,) = bench.deviation_figures()
    assert (worst["value"], worst["baseline"]) == (0.25, 0.15)
