"""A real Prometheus at a locked exporter: as it negotiates, with its certificate and password."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from exporters import catalog
from exporters.addresses import Address
from exporters.collecting import Collection
from exporters.page import Distribution, Page
from exporters.server import application, bind
from exporters.web.config import read_web_config
from exporters.web.entrance import Entrance

TLS = Path(__file__).parents[2] / "fixtures/tls"
GROUP = ("demo", "eu", "chat", "g")
WEB_CONFIG = f"""\
tls_server_config:
  cert_file: {TLS}/server.crt
  key_file: {TLS}/server.key
  client_ca_file: {TLS}/ca.crt
  client_auth_type: RequireAndVerifyClientCert
basic_auth_users:
  prometheus: $2b$04$ICKBKP3d0nmA2yVkgz/g8urVbbtngVB.TGlmx72yU0uUKAWPcPocq
"""


class FakeCollector:
    """Has a counter, a gauge and a histogram."""

    is_ready = True

    async def collect(self) -> Collection:
        """Return them."""
        page = Page()
        page.of(catalog.GROUP_STEPS)[GROUP] = 417.0
        page.of(catalog.GROUP_RUNNING)[GROUP] = 2.0
        counts = (1.0,) * len(catalog.GROUP_QUEUE_TIME.bounds)
        page.distributions_of(catalog.GROUP_QUEUE_TIME)[GROUP] = Distribution(counts, 3.0, 4.5)
        return Collection(page, 0.0)


@pytest.fixture
async def exporter(tmp_path):
    """The address of a locked exporter."""
    file = tmp_path / "web-config.yml"
    file.write_text(WEB_CONFIG)
    config = read_web_config(file)
    listening, address = bind(Address("127.0.0.1", 0))
    entrance = Entrance(config)
    runner = web.AppRunner(application(FakeCollector(), entrance))
    await runner.setup()
    await entrance.open(runner, listening)
    yield str(address)
    await runner.cleanup()
    listening.close()


@pytest.fixture
async def prometheus(exporter, tmp_path, find_program):
    """Asks a Prometheus that scrapes it."""
    (tmp_path / "password").write_text("secret")
    job = {
        "job_name": "shardwatch", "scrape_interval": "1s", "scrape_timeout": "1s",
        "scheme": "https", "static_configs": [{"targets": [exporter]}],
        "basic_auth": {"username": "prometheus", "password_file": str(tmp_path / "password")},
        "tls_config": {"ca_file": str(TLS / "ca.crt"), "cert_file": str(TLS / "client.crt"),
                       "key_file": str(TLS / "client.key")},
    }  # fmt: skip
    (tmp_path / "prometheus.yml").write_text(json.dumps({"scrape_configs": [job]}))
    free, address = bind(Address("127.0.0.1", 0))
    free.close()
    process = await asyncio.create_subprocess_exec(
        find_program("prometheus"), "--config.file", str(tmp_path / "prometheus.yml"),
        "--storage.tsdb.path", str(tmp_path / "data"), "--web.listen-address", str(address),
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    async def ask(path) -> object:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://{address}/api/v1/{path}") as response,
        ):
            return (await response.json())["data"]

    yield ask
    process.terminate()
    await process.wait()


async def test_prometheus_scrapes_a_locked_exporter_in_openmetrics(prometheus):
    """Counters keep their names; that metadata has them without suffix shows the format."""
    async with asyncio.timeout(60):
        target = {"health": "unknown"}
        while target["health"] == "unknown":
            await asyncio.sleep(0.2)
            try:
                (target,) = (await prometheus("targets"))["activeTargets"]
            except (aiohttp.ClientError, ValueError, KeyError):
                continue
    assert (target["health"], target["lastError"]) == ("up", "")
    (steps,) = (await prometheus("query?query=shardwatch_group_steps_total"))["result"]
    assert steps["value"][1] == "417"
    assert "shardwatch_group_steps" in await prometheus("metadata")
    bound = "shardwatch_group_request_queue_time_seconds_bucket{le='0.3'}"
    assert len((await prometheus(f"query?query={bound}"))["result"]) == 1
