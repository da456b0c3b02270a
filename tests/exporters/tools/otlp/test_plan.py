"""The OTLP mode as a process."""

import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from exporters.addresses import Address
from exporters.server import bind
from exporters.testing import write_config
from exporters.tools.otlp.testing import durations, histogram, metrics_request

ROOT = Path(__file__).parents[4]
LATER = 4_000_000_000
"""In seconds since 1970: after any start of ours."""


@pytest.fixture
def config(tmp_path):
    """A configuration of one group."""
    group = {"name": "g", "region": "eu", "model": "agent", "revision": "r1",
             "metrics": "http://127.0.0.1:9/metrics", "members": [{"host": "h"}]}  # fmt: skip
    topology = {"version": 1, "cluster": "demo", "groups": [group]}
    return write_config(tmp_path, topology)


@pytest.fixture
def start(config):
    """Starts the exporter, which is gone in the end."""
    started = []

    def start_one(options):
        command = [sys.executable, "-m", "shardwatch", "exporter", "tools", "--config", config]
        started.append(
            subprocess.Popen([*command, *options], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start_one
    for each in started:
        each.kill()
        each.communicate()


def get(url, body=None):
    """What an address answers."""
    headers = {"Content-Type": "application/x-protobuf"}
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - of ours
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return response.read().decode()


def test_what_is_sent_to_one_port_is_scraped_from_the_other(start, find_program):
    """Promtool finds nothing wrong with the page; SIGTERM ends it in order."""
    exporter = start(["--otlp", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--tool", "browse"])
    urls = [re.search(r"http://[\d.:]+", exporter.stderr.readline())[0] for _ in range(2)]
    points = (durations([1.0], tool=t, start=LATER, time=LATER + 1) for t in ("browse", "x"))
    get(f"{urls[0]}/v1/metrics", metrics_request(histogram(*points)))
    page = get(f"{urls[1]}/metrics")
    assert 'shardwatch_otlp_items_total{cluster="demo",signal="metrics"} 2.0\n' in page
    calls = 'shardwatch_tool_calls_total{cluster="demo",region="eu",model="agent",tool='
    assert f'{calls}"browse",outcome="ok"}} 0.0\n' in page  # for two intervals of scrapes
    assert f'{calls}"other",outcome="ok"}} 0.0\n' in page
    checked = subprocess.run(
        [find_program("promtool"), "check", "metrics"],
        input=page, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    exporter.send_signal(signal.SIGTERM)
    _, said = exporter.communicate(timeout=30)
    assert exporter.returncode == 0
    assert "Traceback" not in said


def test_another_topology_is_followed_without_a_restart(start, config):
    """What it counts by is what the reload's metric says is in use."""
    exporter = start(["--otlp", "127.0.0.1:0", "--listen", "127.0.0.1:0"])
    urls = [re.search(r"http://[\d.:]+", exporter.stderr.readline())[0] for _ in range(2)]
    assert 'tools_up{cluster="demo",region="eu",gateway="otlp"} 1.0\n' in get(f"{urls[1]}/metrics")
    file = config.with_name("topology.yaml")
    file.write_text(file.read_text().replace('"region": "eu"', '"region": "us"'))
    exporter.send_signal(signal.SIGHUP)
    until = time.monotonic() + 30.0
    while 'tools_up{cluster="demo",region="us"' not in get(f"{urls[1]}/metrics"):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_taken_port_is_a_problem(start):
    """Of both ports: clients and Prometheus know them."""
    taken, address = bind(Address("127.0.0.1", 0))
    with taken:
        _, said = start(["--otlp", str(address), "--listen", "127.0.0.1:0"]).communicate(timeout=30)
    assert said.startswith(f"{address}: the port is taken")


def test_an_address_that_is_none_is_bad_input(start):
    """Exit code 2 and one line."""
    exporter = start(["--otlp", "nowhere"])
    _, said = exporter.communicate(timeout=30)
    assert exporter.returncode == 2
    assert said.startswith("--otlp: ")
    assert "Traceback" not in said
