"""A server with TLS and passwords, over real connections."""

import asyncio
import shutil
import ssl
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from exporters import catalog, following
from exporters.addresses import Address
from exporters.collecting import Collection
from exporters.following import Hangup, follow_web_config
from exporters.page import Page
from exporters.reloading import Reloaded, stamps
from exporters.server import application, bind
from exporters.web.config import read_web_config
from exporters.web.entrance import Entrance

TLS = Path(__file__).parents[2] / "fixtures/tls"
PAIR = "tls_server_config: {cert_file: server.crt, key_file: server.key"
HASHED = "$2b$04$ICKBKP3d0nmA2yVkgz/g8urVbbtngVB.TGlmx72yU0uUKAWPcPocq"
OTHER = "$2b$04$dXOHk5VA6bGw/11AZjq4YemdZ2vQF/kXvaNw/fOyAufqQdqGvqusq"


class FakeCollector:
    """Has an empty page."""

    is_ready = True

    async def collect(self) -> Collection:
        """Return it."""
        return Collection(Page(), 0.0)


class Served:
    """A server that follows its configuration, and how to ask it."""

    def __init__(self, folder: Path, address: Address) -> None:
        self.folder = folder
        self._address = address

    def write(self, text: str) -> None:
        """Write another configuration, as editors and Kubernetes do: whole."""
        new = self.folder / "new"
        new.write_text(text)
        new.replace(self.folder / "web-config.yml")

    async def get(
        self, path="/metrics", *, scheme="https", user="", client="", newest=None, oldest=None
    ) -> tuple[int, dict]:
        """Status and headers of an answer over a new connection."""
        context = ssl.create_default_context(cafile=TLS / "ca.crt")
        if client:
            context.load_cert_chain(TLS / f"{client}.crt", TLS / f"{client}.key")
        if newest:
            context.maximum_version = newest
        if oldest:
            context.minimum_version = oldest
        auth = aiohttp.encode_basic_auth(*user.split(":")) if user else None
        headers = {"Authorization": auth} if auth else {}
        async with (
            aiohttp.ClientSession() as session,
            session.get(
                f"{scheme}://{self._address}{path}", ssl=context, headers=headers
            ) as response,
        ):
            return response.status, dict(response.headers)

    async def certificate(self) -> bytes:
        """The server's certificate."""
        context = ssl.create_default_context(cafile=TLS / "ca.crt")
        address = self._address
        _, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return found


@pytest.fixture
async def serve(tmp_path, monkeypatch):
    """Serves by a configuration, and looks at it all the time."""
    monkeypatch.setattr(following, "CHECK_SECONDS", 0.02)
    for file in TLS.glob("*.*"):
        shutil.copy(file, tmp_path)
    file = tmp_path / "web-config.yml"
    listening, address = bind(Address("127.0.0.1", 0))
    served = Served(tmp_path, address)
    running = []

    async def start(text) -> Served:
        served.write(text)
        config = read_web_config(file)
        reloaded = Reloaded(
            "web_config", config, lambda: read_web_config(file), lambda: stamps(config.files)
        )
        entrance = served.entrance = Entrance(config)
        runner = web.AppRunner(application(FakeCollector(), entrance))
        await runner.setup()
        await entrance.open(runner, listening)
        followed = follow_web_config(reloaded, entrance, Hangup())
        running.extend([runner, asyncio.create_task(followed)])
        return served

    yield start
    runner, followed = running
    followed.cancel()
    await runner.cleanup()
    listening.close()


async def eventually(condition) -> None:
    """Wait until a coroutine function returns something true."""
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_with_a_certificate_pages_are_served_over_tls_only(serve):
    """Whoever speaks plain HTTP gets no page."""
    served = await serve(PAIR + "}\n")
    assert (await served.get())[0] == 200
    with pytest.raises(aiohttp.ClientError):
        await served.get(scheme="http")


async def test_versions_below_the_oldest_allowed_are_refused(serve):
    """Here all below 1.3."""
    served = await serve(PAIR + ", min_version: TLS13}\n")
    assert (await served.get(oldest=ssl.TLSVersion.TLSv1_3))[0] == 200
    with pytest.raises(aiohttp.ClientError):
        await served.get(newest=ssl.TLSVersion.TLSv1_2)


REQUIRED = PAIR + ", client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert"


async def test_a_client_without_a_certificate_is_refused_where_one_is_required(serve):
    """With one that the CA signed it comes in."""
    served = await serve(REQUIRED + "}\n")
    assert (await served.get(client="client"))[0] == 200
    with pytest.raises((aiohttp.ClientError, OSError)):
        await served.get()


@pytest.mark.parametrize(
    ("name", "status"), [("prometheus.example", 200), ("another.example", 403)]
)
async def test_a_clients_certificate_has_to_have_an_allowed_name(serve, name, status):
    """Where names are given: a CA may sign more than scrapers."""
    served = await serve(REQUIRED + f", client_allowed_sans: [{name}]}}\n")
    assert (await served.get(client="client"))[0] == status


@pytest.mark.parametrize("path", ["/", "/metrics", "/nothing"])
async def test_without_a_password_nothing_is_told(serve, path):
    """Not even what there is."""
    served = await serve(f"basic_auth_users: {{prometheus: {HASHED}}}\n")
    status, headers = await served.get(path, scheme="http")
    assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="shardwatch"')
    status, _ = await served.get(path, scheme="http", user="prometheus:secret")
    assert status == (404 if path == "/nothing" else 200)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_who_asks_whether_it_is_well_needs_no_password(serve, path):
    """A kubelet has none; it is told a word."""
    served = await serve(f"basic_auth_users: {{prometheus: {HASHED}}}\n")
    assert (await served.get(path, scheme="http"))[0] == 200


async def test_answers_are_counted_by_status_at_all_ports(serve):
    """Whoever is refused is seen."""
    served = await serve(f"basic_auth_users: {{prometheus: {HASHED}}}\n")
    for user in ("prometheus:wrong", "prometheus:wrong", "prometheus:secret"):
        await served.get(scheme="http", user=user)
    page = Page()
    served.entrance.add_to(page, "gpu")
    counts = page.of(catalog.EXPORTER_HTTP_REQUESTS)
    assert counts == {("gpu", "200"): 1.0, ("gpu", "401"): 2.0, ("gpu", "503"): 0.0}


@pytest.mark.parametrize(("path", "status"), [("/metrics", 200), ("/nothing", 404)])
async def test_headers_are_sent_with_every_answer(serve, path, status):
    """Also with errors."""
    served = await serve("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    found, headers = await served.get(path, scheme="http")
    assert (found, headers["X-Frame-Options"]) == (status, "deny")


async def test_a_renewed_certificate_is_taken_without_a_restart(serve):
    """As cert-manager and its like renew them; no connection is refused meanwhile."""
    served = await serve(PAIR + "}\n")
    before = await served.certificate()
    shutil.copy(TLS / "renewed.key", served.folder / "server.key")
    shutil.copy(TLS / "renewed.crt", served.folder / "server.crt")

    async def is_another() -> bool:
        return await served.certificate() != before

    await eventually(is_another)
    assert (await served.get())[0] == 200


async def test_another_password_counts_without_a_restart_and_a_bad_file_changes_nothing(serve):
    """The door is never open in between."""
    served = await serve(f"basic_auth_users: {{prometheus: {HASHED}}}\n")
    served.write("basic_auth_users: {prometheus: none}\n")
    await asyncio.sleep(0.2)
    assert (await served.get(scheme="http", user="prometheus:secret"))[0] == 200
    assert (await served.get(scheme="http", user="prometheus:none"))[0] == 401
    served.write(f"basic_auth_users: {{prometheus: {OTHER}}}\n")

    async def is_refused() -> bool:
        return (await served.get(scheme="http", user="prometheus:secret"))[0] == 401

    await eventually(is_refused)
    assert (await served.get(scheme="http", user="prometheus:other"))[0] == 200


async def test_tls_may_be_turned_on_without_a_restart(serve):
    """At the same port."""
    served = await serve("{}\n")
    assert (await served.get(scheme="http"))[0] == 200
    served.write(PAIR + "}\n")

    async def is_on() -> bool:
        try:
            return (await served.get())[0] == 200
        except aiohttp.ClientError:
            return False

    await eventually(is_on)
