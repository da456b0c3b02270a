"""The probe exporter as a process."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from exporters.probe.testing import FakeEngine, serving
from exporters.testing import write_config

ROOT = Path(__file__).parents[3]


def config_of(folder, address):
    """A configuration of one group."""
    group = {"name": "g", "region": "eu", "model": "chat", "revision": "r1",
             "metrics": f"{address}/engine/g/metrics", "members": [{"host": "h"}]}  # fmt: skip
    topology = {"version": 1, "cluster": "demo", "groups": [group]}
    return write_config(folder, topology)


async def start(config, options):
    """Start the exporter."""
    command = [sys.executable, "-m", "shardwatch", "exporter", "probe", "--config", str(config)]
    return await asyncio.create_subprocess_exec(
        *command, *options, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )


async def test_it_probes_and_serves_until_sigterm(tmp_path, find_program):
    """Promtool finds nothing wrong with the page."""
    engine = FakeEngine()
    async with serving({"g": engine}) as address, aiohttp.ClientSession() as session:
        options = ["--listen", "127.0.0.1:0", "--interval", "1s", "--deadline", "5s"]
        exporter = await start(config_of(tmp_path, address), options)
        try:
            line = (await exporter.stderr.readline()).decode()
            url = line.split()[-1]
            while len(engine.asked) < 2:
                await asyncio.sleep(0.05)
            async with session.get(url) as response:
                page = await response.text()
        finally:
            exporter.send_signal(signal.SIGTERM)
        _, said = await exporter.communicate()
    assert exporter.returncode == 0
    assert b"Traceback" not in said
    group = 'cluster="demo",region="eu",model="chat",group="g"'
    assert f"shardwatch_probe_up{{{group}}} 1.0\n" in page
    checked = subprocess.run(
        [find_program("promtool"), "check", "metrics"],
        input=page, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--interval", "soon"], "--interval: 'soon' is no duration"),
        (["--interval", "100ms"], "--interval: found 100ms, expected 1s to 1h"),
        (["--deadline", "2h"], "--deadline: found 2h, expected 100ms to 1h"),
        (["--at-once", "0"], "--at-once: found 0, expected 1 to 64"),
    ],
)
async def test_a_number_beyond_its_bounds_is_bad_input(tmp_path, options, expected):
    """Exit code 2, one line, nothing started."""
    exporter = await start(config_of(tmp_path, "http://127.0.0.1:9"), options)
    _, said = await exporter.communicate()
    assert exporter.returncode == 2
    assert said.decode().startswith(expected)
    assert said.count(b"\n") == 1
