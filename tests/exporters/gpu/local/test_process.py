"""The gpu exporter as a process that reads its own host."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from exporters.testing import write_config

ROOT = Path(__file__).parents[4]
PATIENCE_SECONDS = 60.0


@pytest.fixture
def start(shim, tmp_path):
    """Starts the exporter for a host of the topology."""
    group = {
        "name": "g", "region": "eu", "model": "chat", "revision": "r1",
        "metrics": "http://127.0.0.1:9/metrics",
        "members": [{"host": "h1", "gpus": shim.uuids}, {"host": "h2"}],
    }  # fmt: skip
    topology = {"version": 1, "cluster": "demo", "groups": [group]}
    config = write_config(tmp_path, topology)
    started = []

    def start(host):
        started.append(subprocess.Popen(
            [sys.executable, "-m", "shardwatch", "exporter", "gpu", "--local", host,
             "--config", config, "--listen", "127.0.0.1:0",
             "--address-file", tmp_path / "address"],
            cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, **shim.environment},
        ))  # fmt: skip
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


def scrape_until(folder, *texts: str) -> str:
    """Return the first page that has all of some texts."""
    end = time.monotonic() + PATIENCE_SECONDS
    page = ""
    while not (page and all(text in page for text in texts)):
        assert time.monotonic() < end, page
        time.sleep(0.05)
        if (folder / "address").exists():
            url = f"http://{(folder / 'address').read_text().strip()}/metrics"
            with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
                page = response.read().decode()
    return page


def test_an_exporter_with_a_local_host_reads_its_driver(start, shim, tmp_path):
    """From the driver's calls to the page, and a lost GPU on the way."""
    exporter = start("h1")
    first, second = (f'host="h1",uuid="{uuid}"' for uuid in shim.uuids)
    where = 'cluster="demo",region="eu",model="chat",group="g"'
    scrape_until(
        tmp_path,
        f"shardwatch_gpu_up{{{where},{first}}} 1.0\n",
        f"shardwatch_gpu_power_watts{{{where},{second}}} 76.5\n",
        'shardwatch_source_up{exporter="gpu",cluster="demo",region="eu",source="h1"} 1.0\n',
    )
    shim.lose(0)
    page = scrape_until(
        tmp_path, f'shardwatch_gpu_reason{{{where},{first},reason="gpu_is_lost"}} 1.0\n'
    )
    assert f"shardwatch_gpu_power_watts{{{where},{first}}}" not in page
    assert f"shardwatch_gpu_up{{{where},{second}}} 1.0\n" in page
    exporter.terminate()
    _, said = exporter.communicate(timeout=PATIENCE_SECONDS)
    assert exporter.returncode == 0
    assert "Traceback" not in said


@pytest.mark.parametrize("host", ["h2", "elsewhere"])
def test_a_local_host_without_gpus_is_refused(start, host):
    """With what was found, and what to do."""
    exporter = start(host)
    _, said = exporter.communicate(timeout=PATIENCE_SECONDS)
    assert exporter.returncode == 2
    assert said == (
        f"--local: found {host!r}, expected a host of topology.yaml with GPUs: h1; "
        "give the name that the topology has for this host\n"
    )
