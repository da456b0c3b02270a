"""Servers that ask who is asking and take remote write elsewhere, as Mimir behind a gateway."""

import asyncio
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from exporters.config import read_config
from exporters.problems import InputError
from exporters.testing import write_config
from slo.prometheus import PrometheusClient, PrometheusDeniedError
from slo.servers import access_to
from slo.testing import running_prometheus
from tests.slo.backfill.conftest import HOUR, requests
from tests.slo.backfill.test_cli import OBJECTIVE, TAKES_OLD
from tests.slo.test_cli import TOPOLOGY

ROOT = Path(__file__).resolve().parents[2]
TLS = ROOT / "tests/fixtures/tls"
WHO = (
    "authorization: {credentials_file: token}\n"
    "tls_config: {ca_file: ca.crt}\n"
    "http_headers: {X-Scope-OrgID: {values: [inference]}}\n"
)


def gateway(behind: str) -> web.Application:
    """Return Mimir's addresses before a Prometheus, for one tenant with its token."""

    async def pass_on(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer hunter2":
            return web.Response(status=401, text="<html>Please log in</html>")
        if request.headers.get("X-Scope-OrgID") != "inference":
            return web.Response(status=401, text="no org id\n")
        tail = {"/api/v1/push": "/api/v1/write"}.get(request.path)
        if tail is None and not request.path.startswith("/prometheus/"):
            return web.Response(status=404, text="404 page not found")
        url = behind + (tail or request.path.removeprefix("/prometheus"))
        passed = {k: v for k, v in request.headers.items() if k.startswith(("Content-", "X-Prom"))}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, url, data=await request.read(), headers=passed
            ) as answer,
        ):
            return web.Response(status=answer.status, text=await answer.text())

    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", pass_on)
    return app


@pytest.fixture
async def mimir(prometheus, tmp_path):
    """The address of such a gateway, with TLS, before a server with raw counters of 26 hours."""
    (tmp_path / "server").mkdir()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "server.crt", TLS / "server.key")
    now = time.time()
    with running_prometheus(prometheus, tmp_path / "server", TAKES_OLD) as url:
        async with PrometheusClient(url) as client:
            await client.remote_write(requests(now - 26 * HOUR, now))
        server = TestServer(gateway(url), host="127.0.0.1")
        await server.start_server(ssl=context)
        yield f"https://127.0.0.1:{server.port}"
        await server.close()


@pytest.fixture
def run(tmp_path):
    """Runs a command in a folder with one objective, whose configuration says who asks."""
    for name, text in (
        ("topology.yaml", TOPOLOGY), ("good.yaml", OBJECTIVE), ("who.yaml", WHO),
        ("token", "hunter2\n"), ("ca.crt", (TLS / "ca.crt").read_text()),
    ):  # fmt: skip
        (tmp_path / name).write_text(text)

    async def run(url: str, *arguments: str, who: str = WHO) -> subprocess.CompletedProcess[str]:
        (tmp_path / "shardwatch.yaml").write_text(
            "topology: topology.yaml\nobjectives: [good.yaml]\n"
            f'prometheus:\n  url: "{url}"\n  scrape_interval: 60s\n'
            f"  http_client_config:\n    {who.strip().replace(chr(10), chr(10) + '    ')}\n"
        )
        return await asyncio.to_thread(
            subprocess.run, [sys.executable, ROOT / "shardwatch.py", "slo", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        )  # fmt: skip

    return run


async def test_a_history_is_written_where_the_server_takes_it(run, mimir):
    """Asked as the configuration says; and a second run finds what the first has written."""
    command = ["backfill", "--write-url", f"{mimir}/api/v1/push"]
    first = await run(f"{mimir}/prometheus", *command)
    second = await run(f"{mimir}/prometheus", *command)

    assert (0, 0) == (first.returncode, second.returncode), first.stderr
    assert first.stdout.startswith("good: wrote ")
    assert "good: all of it is recorded\n" == second.stdout


async def test_without_its_address_remote_write_is_told_to_be_elsewhere(run, mimir):
    """Where it was tried, and which option names it."""
    done = await run(f"{mimir}/prometheus", "backfill", "--write-url", f"{mimir}/api/v1/write")

    assert 2 == done.returncode
    assert f"{mimir}/api/v1/write answered 404, refused samples: 404 page not found" in done.stderr
    assert "name where it takes remote write with --write-url" in done.stderr


async def test_a_file_says_who_asks_a_server_that_is_named(run, mimir):
    """As promtool takes it; without it, what the server says of that."""
    url = f"{mimir}/prometheus"
    command = ["validate", "good.yaml", "--prometheus", url, "--scrape-interval", "60s"]
    asked = await run("http://127.0.0.1:9", *command, "--http-config", "who.yaml")

    assert "the server keeps samples for " in asked.stdout, asked.stderr
    unknown = await run(url, *command, "--http-config", "nowhere.yaml")
    assert (2, True) == (unknown.returncode, "nowhere.yaml: no such file" in unknown.stderr)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (WHO.splitlines()[1], "answered 401 Unauthorized; say who asks in a file that "),
        ("\n".join(WHO.splitlines()[:2]), "answered 401 Unauthorized: no org id; say who asks in"),
    ],
    ids=["no token", "no tenant"],
)  # fmt: skip
async def test_who_is_not_let_in_is_told_so(run, mimir, who, said):
    """Not that it is no JSON; with exit code 2, and without the page."""
    url = f"{mimir}/prometheus"
    for command in (["backfill"], ["validate", "--prometheus", url]):
        done = await run(url, *command, who=who)

        assert (2, "") == (done.returncode, done.stdout)
        assert said in done.stderr
        assert "html" not in done.stderr


async def test_a_denied_write_is_no_refused_sample():
    """So that nobody looks for old samples where a token is missing."""
    async with (
        TestServer(gateway("http://127.0.0.1:9")) as server,
        PrometheusClient(str(server.make_url(""))) as client,
    ):
        with pytest.raises(PrometheusDeniedError, match=r"/api/v1/write answered 401 Unauth"):
            await client.remote_write([])


def test_another_address_gets_no_secret_of_the_configuration(tmp_path):
    """A token is for whom it was given."""
    (tmp_path / "token").write_text("hunter2")
    who = {"authorization": {"credentials_file": "token"}}
    config = read_config(
        write_config(
            tmp_path,
            yaml.safe_load(TOPOLOGY),
            prometheus={"url": "http://ours:9090", "http_client_config": who},
        )
    )

    assert config.prometheus_access == access_to("http://ours:9090/", None, config)
    assert access_to("http://theirs:9090", None, config) is None
    assert access_to("http://ours:9090", None, None) is None


@pytest.mark.parametrize("url", ["http://me:hunter2@p:9090", "me:hunter2@p:9090"])
def test_an_address_with_a_password_is_refused_by_all_who_ask_and_not_repeated(url: str):
    """It would stand on the terminal, in logs and in the list of processes."""
    with pytest.raises(InputError) as refused:
        access_to(url, None, None)

    assert "--http-config" in str(refused.value)
    assert "hunter2" not in str(refused.value)
