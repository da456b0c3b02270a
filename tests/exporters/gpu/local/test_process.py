"""The gpu exporter as a process that reads its own host."""

import os
import socket
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
        "members": [
            {"host": "h1", "gpus": shim.uuids, "telemetry": "http://127.0.0.1:9/metrics"},
            {"host": "h2"},
            {"host": "h3", "gpus": ["GPU-c"], "telemetry": "http://127.0.0.1:9/metrics"},
        ],
    }  # fmt: skip
    topology = {"version": 1, "cluster": "demo", "groups": [group]}
    config = write_config(tmp_path, topology, exporters={"gpu": ["h1:19801"]})
    started = []

    def start(host, *options: object):
        started.append(subprocess.Popen(
            [sys.executable, "-m", "shardwatch", "exporter", "gpu", "--local", host,
             "--config", config, "--address-file", tmp_path / "address",
             *(options or ["--listen", "127.0.0.1:0"])],
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
    """From the driver's calls to the page, and a lost GPU on the way; no page is read for it."""
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
    assert 'host="h3"' not in page
    assert 'gpu_backend_up{cluster="demo",host="h1",backend="nvml"} 1.0\n' in page
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
        f"--local: found {host!r}, expected a host of topology.yaml with GPUs: h1, h3; "
        "give the name that the topology has for this host\n"
    )


def test_a_host_takes_its_own_address_of_those_that_all_have(start, tmp_path):
    """Prometheus's list is the same everywhere."""
    exporter = start("h3", "--address-file", tmp_path / "address")
    _, said = exporter.communicate(timeout=PATIENCE_SECONDS)
    assert exporter.returncode == 2
    assert said.endswith(
        "exporters.gpu: found no address of the host 'h3', expected one; "
        "add h3:19801 or give --listen\n"
    )


def test_a_gpu_that_a_local_exporter_loses_is_lost_to_its_group(shim, tmp_path, pages):
    """Without a dcgm-exporter anywhere; and the exporter does not ask itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    engine = (ROOT / "tests/fixtures/vllm/vllm-0.32.0-cpu-tp1.metrics.txt").read_bytes()
    pages.serve("/e/health", "")
    member = {"host": "h1", "gpus": shim.uuids, "telemetry": f"http://{address}/metrics"}
    config = write_config(tmp_path, {"version": 1, "cluster": "demo", "groups": [
        {"name": "g", "region": "eu", "model": "chat", "revision": "r1",
         "metrics": pages.serve("/e/metrics", engine), "members": [member]}]})  # fmt: skip
    started = []

    def start(name, folder, *options: str) -> None:
        folder.mkdir()
        started.append(subprocess.Popen(
            [sys.executable, "-m", "shardwatch", "exporter", name, "--config", config,
             "--address-file", folder / "address", *options],
            cwd=ROOT, stderr=subprocess.DEVNULL, env={**os.environ, **shim.environment},
        ))  # fmt: skip

    try:
        start("gpu", tmp_path / "gpu", "--local", "h1", "--listen", address)
        scrape_until(tmp_path / "gpu", 'state="healthy"} 1.0\n')
        start("groups", tmp_path / "groups", "--listen", "127.0.0.1:0")
        where = 'cluster="demo",region="eu",model="chat",group="g"'
        scrape_until(tmp_path / "groups", f"group_gpus_up{{{where}}} 2.0\n",
                     f"group_capacity_ratio{{{where}}} 1.0\n")  # fmt: skip
        shim.lose(1)
        scrape_until(tmp_path / "groups", f'group_members{{{where},state="lost"}} 1.0\n',
                     f"group_gpus_up{{{where}}} 1.0\n",
                     f"group_capacity_ratio{{{where}}} 0.0\n")  # fmt: skip
        started[0].kill()  # as if its host had died
        scrape_until(tmp_path / "groups", f"group_gpus_up{{{where}}} 0.0\n")
    finally:
        for each in started:
            each.kill()
            each.wait()
