"""Sources that ask who is asking, over real connections."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from exporters.access import Authorization, BasicAuth, HttpAccess, Tls
from exporters.addresses import Address
from exporters.collecting import Collector
from exporters.config import read_config
from exporters.fetching import FetchError, HttpFetcher
from exporters.groups.core import GroupsCore
from exporters.groups.probing import Question, ask_for_token
from exporters.http_headers import HttpHeader
from exporters.probe.asking import HttpAsker
from exporters.problems import InputError
from exporters.server import bind
from exporters.testing import telemetry_page, write_config
from exporters.topology import Topology

TLS = Path(__file__).parents[1] / "fixtures/tls"
BEARER = "Bearer k-1"
TOPOLOGY = {
    "version": 1,
    "cluster": "demo",
    "groups": [
        {"name": "g", "region": "eu", "model": "chat", "revision": "r1",
         "metrics": "http://h/metrics", "members": [{"host": "h"}]},
    ],
}  # fmt: skip


class Server:
    """Answers whoever has its ``key``, and takes down what it was told."""

    def __init__(self) -> None:
        self.key = BEARER
        self.told: list[str | None] = []
        self.base = ""

    async def answer(self, request: web.Request) -> web.Response:
        """200 or 401; a completion to those who post."""
        self.told.append(request.headers.get("Authorization"))
        if self.told[-1] != self.key:
            return web.Response(status=401)
        if request.method == "POST":
            return web.json_response({"choices": [{"text": "2"}]})
        return web.Response(text=telemetry_page({"GPU-a": {}}))


@pytest.fixture
async def start():
    """Starts such a server; with TLS, whose clients must have a certificate if it is strict."""
    runners = []

    async def serve(*, tls=False, strict=False) -> Server:
        server, context = Server(), None
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=TLS / "ca.crt")
            context.load_cert_chain(TLS / "server.crt", TLS / "server.key")
            context.verify_mode = ssl.CERT_REQUIRED if strict else ssl.CERT_NONE
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", server.answer)
        runners.append(web.AppRunner(app))
        await runners[-1].setup()
        listening, address = bind(Address("127.0.0.1", 0))
        await web.SockSite(runners[-1], listening, ssl_context=context).start()
        server.base = f"http{'s' if tls else ''}://127.0.0.1:{address.port}"
        return server

    yield serve
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def key_file(tmp_path):
    """A file with the server's key, as editors leave it."""
    file = tmp_path / "key"
    file.write_text("k-1\n")
    return file


@pytest.fixture
def bearer(key_file):
    """Who has the server's key."""
    return HttpAccess(Authorization(credentials_file=Path("key")), folder=key_file.parent)


async def status(url, access=None):
    """HTTP status of a page that is asked for."""
    async with HttpFetcher(5.0) as fetch:
        return (await fetch.by_kind({"engines": access})["engines"](url)).status


async def test_a_key_is_shown_to_pages_probes_and_tokens(start, bearer):
    """Without it vLLM's --api-key refuses; nothing else is shown to anybody."""
    server = await start()
    url = f"{server.base}/v1/completions"
    assert [await status(url, bearer), await status(url)] == [200, 401]
    assert await ask_for_token(Question(url, "tiny"), bearer) == "answered"
    assert await ask_for_token(Question(url, "tiny")) == "refused"
    async with HttpAsker(5.0, access=bearer) as ask:
        assert (await ask(url, "1+1=", 1)).text == "2"
    assert server.told == [BEARER, None, BEARER, None, BEARER]


async def test_a_user_and_a_password_are_shown(start, key_file):
    """As exporters behind a web-config.yml want them."""
    server = await start()
    server.key = "Basic cHJvbTprLTE="  # prom:k-1
    access = HttpAccess(None, BasicAuth(username="prom", password_file=key_file))
    assert await status(f"{server.base}/metrics", access) == 200


async def test_headers_of_any_name_are_shown(start, bearer, key_file, tmp_path):
    """Written out or from a file, beside who asks."""
    server = await start()
    (tmp_path / "tenants").write_text("a|b\n")
    headers = {
        "X-Scope-OrgID": HttpHeader(files=[Path("tenants")]),
        "X-Team": HttpHeader(values=["slo", "ops"]),
    }
    access = replace(bearer, headers=headers)
    assert await status(f"{server.base}/metrics", access) == 200
    shown = {"X-Scope-OrgID": "a|b", "X-Team": "slo, ops", "Authorization": BEARER}
    assert shown == access.options()["headers"]
    alone = HttpAccess(headers={"X-Team": HttpHeader(values=["slo"])})
    assert {"headers": {"X-Team": "slo"}} == alone.options()


async def test_a_key_that_changes_is_read_again(start, bearer, key_file, caplog):
    """And while there is none, the one before is shown."""
    server = await start()
    url = f"{server.base}/metrics"
    assert await status(url, bearer) == 200
    key_file.unlink()
    assert [await status(url, bearer) for _ in range(3)] == [200] * 3
    assert caplog.text.count("no such file") == 1
    server.key = "Bearer another"
    assert await status(url, bearer) == 401
    key_file.write_text("another")
    assert await status(url, bearer) == 200


async def test_a_server_is_trusted_by_the_authority_that_is_named(start, key_file):
    """And not by the system's, which does not know a private one."""
    server = await start(tls=True)
    auth = Authorization(credentials_file=key_file)
    url = f"{server.base}/metrics"
    assert await status(url, HttpAccess(auth, tls=Tls(ca_file=TLS / "ca.crt"))) == 200
    assert await status(url, HttpAccess(auth, tls=Tls(insecure_skip_verify=True))) == 200
    with pytest.raises(FetchError, match="refused"):
        await status(url, HttpAccess(auth))
    tls = Tls(ca_file=TLS / "ca.crt", server_name="another.example")
    with pytest.raises(FetchError, match="refused"):
        await status(url, HttpAccess(auth, tls=tls))


async def test_a_certificate_of_ours_is_shown(start, key_file):
    """Where a server asks for one."""
    server = await start(tls=True, strict=True)
    auth = Authorization(credentials_file=key_file)
    ours = {"cert_file": TLS / "client.crt", "key_file": TLS / "client.key"}
    url = f"{server.base}/metrics"
    assert await status(url, HttpAccess(auth, tls=Tls(ca_file=TLS / "ca.crt", **ours))) == 200
    with pytest.raises(FetchError):
        await status(url, HttpAccess(auth, tls=Tls(ca_file=TLS / "ca.crt")))


async def test_each_kind_of_source_is_shown_its_own_key(start, bearer):
    """An engine's key is nothing for a host."""
    engines, hosts = await start(), await start()
    topology = Topology.model_validate({
        "version": 1, "cluster": "demo",
        "groups": [{"name": "eu-chat-0", "region": "eu", "model": "chat", "revision": "r1",
                    "metrics": f"{engines.base}/metrics",
                    "members": [{"host": "h1", "gpus": ["GPU-a"],
                                 "telemetry": f"{hosts.base}/metrics"}]}],
    })  # fmt: skip
    async with HttpFetcher(5.0) as fetch:
        accesses = {"engines": bearer, "hosts": HttpAccess()}
        collector = Collector(GroupsCore(topology), fetch, by_kind=fetch.by_kind(accesses))
        await collector.collect()
        await collector.close()
    assert (engines.told, hosts.told) == ([BEARER] * 2, [None])


WRONG = {
    "no such file": (
        {"authorization": {"credentials_file": "nowhere"}},
        "http_client_config.engines: no such file: FOLDER/nowhere; correct the file or its path"),
    "nothing in it": (
        {"authorization": {"credentials_file": "empty"}},
        "http_client_config.engines: FOLDER/empty: found an empty file, expected a secret; correct "
        "the file or its path"),
    "two lines": (
        {"basic_auth": {"username": "prom", "password_file": "lines"}},
        "http_client_config.engines: FOLDER/lines: found other characters than a header may have "
        "(ASCII, one line); correct the file or its path"),
    "no certificates": (
        {"tls_config": {"ca_file": "lines"}},
        "http_client_config.engines: FOLDER/lines is no file of certificates: "),
    "a certificate without its key": (
        {"tls_config": {"cert_file": "lines"}},
        "http_client_config.engines.tls_config: found one of cert_file and key_file, expected both "
        "or neither"),
    "two ways": (
        {"authorization": {"credentials_file": "a"},
         "basic_auth": {"username": "prom", "password_file": "b"}},
        "http_client_config.engines: found both authorization and basic_auth, expected one"),
    "a header that is set otherwise": (
        {"http_headers": {"Authorization": {"values": ["x"]}}},
        "found Authorization, expected another header: this one is set by other means"),
    "a header of two lines": (
        {"http_headers": {"X-Team": {"values": ["a\nb"]}}}, "http_client_config.engines.http_head"),
    "a header without a value": (
        {"http_headers": {"X-Team": {}}}, "found neither values nor files, expected one of them"),
    "a secret in the configuration": (
        {"authorization": {"credentials": "hunter2", "credentials_file": "a"}},
        "http_client_config.engines.authorization: found a secret in credentials, expected"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_it_is_told_where_it_stands(tmp_path, given, message):
    """Never what stands in a secret's file."""
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "lines").write_text("hunter2\nhunter3\n")
    config = write_config(tmp_path, TOPOLOGY, http_client_config={"engines": given})
    with pytest.raises(InputError) as caught:
        _ = read_config(config).accesses
    (problem,) = caught.value.problems
    assert message.replace("FOLDER", str(tmp_path)) in str(problem)
    assert "hunter" not in str(problem)
    assert problem.line == 1


def test_a_configuration_is_read_without_the_secrets_that_only_exporters_need(tmp_path):
    """Rules are built where no key is."""
    given = {"engines": {"authorization": {"credentials_file": "nowhere"}}}
    config = read_config(write_config(tmp_path, TOPOLOGY, http_client_config=given))
    assert config.file.http_client_config.engines.authorization
