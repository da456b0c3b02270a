"""OTLP over HTTP, from the real exporters of the SDK and from nobody's friend."""

import asyncio
import gzip
import io
import random
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from exporters import catalog
from exporters.addresses import Address
from exporters.server import bind
from exporters.sources import Answers
from exporters.tools.ending import CaptchaError
from exporters.tools.instrument import ToolInstrumentation
from exporters.tools.otlp import receiver as module
from exporters.tools.otlp.core import HOLD_SECONDS, OtlpCore
from exporters.tools.otlp.limits import LARGEST_BODY_BYTES
from exporters.tools.otlp.receiver import receiving
from exporters.tools.otlp.testing import durations, histogram, metrics_request
from exporters.web.config import WebConfig, read_web_config
from exporters.web.entrance import Entrance

TLS = Path(__file__).parents[3] / "fixtures/tls"
BROWSE = ("demo", "eu", "agent", "browse")
PROTOBUF = {"Content-Type": "application/x-protobuf"}
LATER = 10.0**9
"""Later than any clock of ours says."""
DELTAS = dict.fromkeys((Counter, Histogram), AggregationTemporality.DELTA)


@pytest.fixture
def core(make_topology):
    """One region, which started counting long ago."""
    return OtlpCore(make_topology(groups=[("eu", "agent", "r1")]), (), 0, 0.0)


HASHED = "$2b$04$ICKBKP3d0nmA2yVkgz/g8urVbbtngVB.TGlmx72yU0uUKAWPcPocq"
"""Of ``secret``."""


@pytest.fixture
async def receive(core):
    """Opens a receiver behind an entrance; returns its address."""
    async with AsyncExitStack() as opened:

        async def open_one(entrance) -> str:
            listening, address = bind(Address("127.0.0.1", 0))
            await opened.enter_async_context(receiving(core, listening, address, entrance))
            return str(address)

        yield open_one


@pytest.fixture
async def address(receive):
    """Where one without passwords listens."""
    return f"http://{await receive(Entrance())}"


@pytest.fixture
async def post(address):
    """Sends a body; returns status and answer."""
    async with aiohttp.ClientSession() as session:

        async def send(body, path="/v1/metrics", headers=PROTOBUF):
            async with session.post(
                f"{address}{path}", data=io.BytesIO(body), headers=headers
            ) as response:
                return response.status, await response.read()

        yield send


def page_of(core, now=LATER):
    """The page."""
    return core.observe(Answers({}), now)


def outcomes(core, now=LATER):
    """Calls of `browse` by outcome."""
    series = page_of(core, now).of(catalog.TOOL_CALLS)
    return {key[-1]: value for key, value in series.items() if key[:-1] == BROWSE and value}


def use_tools(tools):
    """Two calls that end well and one that meets a captcha, tried again."""
    for _ in range(2):
        with tools.call("browse", model="agent"):
            pass
    for attempt in (1, 2):
        with pytest.raises(CaptchaError), tools.call("browse", model="agent", attempt=attempt):
            raise CaptchaError


@pytest.mark.parametrize("compression", [Compression.Gzip, Compression.NoCompression])
@pytest.mark.parametrize("temporality", [None, DELTAS], ids=["cumulative", "delta"])
async def test_the_sdks_own_exporter_is_understood(core, address, temporality, compression):
    """Instrumented calls, the real SDK, real HTTP; three exports, as every minute brings one."""
    exporter = OTLPMetricExporter(
        f"{address}/v1/metrics", compression=compression, preferred_temporality=temporality
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    resource = Resource({"service.instance.id": "agent-1"})
    meters = MeterProvider([reader], resource=resource)
    tools = ToolInstrumentation(meters)
    for _ in range(3):
        use_tools(tools)
        assert await asyncio.to_thread(reader.force_flush)
    await asyncio.to_thread(meters.shutdown)
    assert outcomes(core) == {"ok": 6.0, "captcha": 6.0}
    page = page_of(core)
    assert page.of(catalog.TOOL_ATTEMPTS) == {(*BROWSE, "first"): 9.0, (*BROWSE, "retry"): 3.0}
    assert page.distributions_of(catalog.TOOL_DURATION)[BROWSE].count == 12.0
    dropped = page.of(catalog.OTLP_DROPPED)
    assert {key[2] for key, value in dropped.items() if value} <= {"repeated"}


async def test_the_sdks_own_spans_are_understood(core, address):
    """A runtime without metrics."""
    exporter = OTLPSpanExporter(f"{address}/v1/traces", compression=Compression.Gzip)
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    await asyncio.to_thread(use_tools, ToolInstrumentation(tracer_provider=tracers))
    await asyncio.to_thread(tracers.shutdown)
    assert outcomes(core, now=0.0) == {}
    assert outcomes(core, now=LATER + HOLD_SECONDS) == {"ok": 2.0, "captcha": 2.0}


GOOD = metrics_request(histogram(durations([1.0], start=1, time=2)))
GZIP = {**PROTOBUF, "Content-Encoding": "gzip"}
BAD = {
    "no protobuf": (b"\x0a\xff\xff", PROTOBUF, 400, b"found no ExportMetricsServiceRequest"),
    "text": (b"hello", PROTOBUF, 400, b"found no ExportMetricsServiceRequest"),
    "cut": (GOOD[:-3], PROTOBUF, 400, b"found no ExportMetricsServiceRequest"),
    "no gzip": (GOOD, GZIP, 400, b"not gzip"),
    "cut gzip": (gzip.compress(GOOD)[:-9], GZIP, 400, b"cut"),
    "a gzip bomb": (gzip.compress(bytes(10**8)), GZIP, 413, b"inflates to more than"),
    "too long": (bytes(LARGEST_BODY_BYTES + 1), PROTOBUF, 413, b"found more than"),
    "json": (b"{}", {"Content-Type": "application/json"}, 415, b"found 'application/json'"),
    "zstd": (GOOD, {**PROTOBUF, "Content-Encoding": "zstd"}, 415, b"found a body in 'zstd'"),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_is_no_otlp_is_refused_with_the_reason(core, post, what):
    """Never a traceback; the next request is taken."""
    body, headers, status, reason = BAD[what]
    answered, text = await post(body, headers=headers)
    assert answered == status
    assert reason in text
    assert b"Traceback" not in text
    assert (await post(GOOD))[0] == 200
    assert outcomes(core) == {"ok": 1.0}
    requests = page_of(core).of(catalog.OTLP_REQUESTS)
    assert requests["demo", "metrics", str(status)] == 1.0


async def test_a_client_is_told_how_many_of_its_points_make_no_sense(post):
    """By `partial_success`: it must not send them again."""
    bad = durations([1.0], bounds=[2.0, 1.0])
    status, body = await post(metrics_request(histogram(durations([1.0]), bad)))
    response = ExportMetricsServiceResponse.FromString(body)
    assert (status, response.partial_success.rejected_data_points) == (200, 1)
    assert "shardwatch_otlp_items_dropped_total" in response.partial_success.error_message
    _, body = await post(GOOD)
    assert body == b""


async def test_a_body_that_drips_is_given_up(core, address, monkeypatch):
    """And costs nobody else anything."""
    monkeypatch.setattr(module, "BODY_SECONDS", 0.05)

    async def drip():
        for _ in range(100):
            yield b"x"
            await asyncio.sleep(0.02)

    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{address}/v1/metrics", data=drip(), headers=PROTOBUF) as response,
    ):
        assert response.status == 408


@pytest.mark.parametrize("most", ["MOST_AT_ONCE", "MOST_AT_ONCE_OF_ADDRESS"])
async def test_too_many_requests_at_once_are_told_to_come_again(address, monkeypatch, most):
    """Clients keep what they could not send; at all, or of one address."""
    monkeypatch.setattr(module, most, 1)
    gate = asyncio.Event()

    async def wait():
        yield GOOD[:5]
        await gate.wait()
        yield GOOD[5:]

    async with aiohttp.ClientSession() as session:

        async def send(body):
            async with session.post(
                f"{address}/v1/metrics", data=body, headers=PROTOBUF
            ) as response:
                return response.status, response.headers.get("Retry-After")

        slow = asyncio.create_task(send(wait()))
        await asyncio.sleep(0.1)
        assert await send(GOOD) == (503, "5")
        gate.set()
        assert await slow == (200, None)


async def test_the_passwords_of_the_pages_are_those_of_what_is_sent(core, receive):
    """Else anybody could invent calls of tools."""
    address = await receive(Entrance(WebConfig(users=(("agent", HASHED),))))
    async with aiohttp.ClientSession(f"http://{address}") as session:
        for user, status in (("agent:wrong", 401), ("agent:secret", 200)):
            login = aiohttp.encode_basic_auth(*user.split(":"))
            headers = {**PROTOBUF, "Authorization": login}
            async with session.post("/v1/metrics", data=GOOD, headers=headers) as response:
                assert response.status == status
        async with session.post("/v1/metrics", data=GOOD, headers=PROTOBUF) as response:
            assert response.status == 401
    assert page_of(core).of(catalog.OTLP_REQUESTS)["demo", "metrics", "200"] == 1.0


async def test_what_is_sent_comes_over_tls_where_pages_do(receive, tmp_path):
    """By the same certificate, from when it is there."""
    pair = f"cert_file: {TLS / 'server.crt'}, key_file: {TLS / 'server.key'}"
    (tmp_path / "web-config.yml").write_text(f"tls_server_config: {{{pair}}}\n")
    entrance = Entrance()
    address = await receive(entrance)
    await entrance.change(read_web_config(tmp_path / "web-config.yml"))
    trusting = ssl.create_default_context(cafile=TLS / "ca.crt")
    async with aiohttp.ClientSession() as session:
        url = f"https://{address}/v1/metrics"
        async with session.post(url, data=GOOD, headers=PROTOBUF, ssl=trusting) as response:
            assert response.status == 200
        with pytest.raises(aiohttp.ClientError):
            await session.post(url.replace("https", "http"), data=GOOD, headers=PROTOBUF)


async def test_whatever_is_sent_is_answered_by_the_protocol(post):
    """Damaged requests, through the whole receiver."""
    chance = random.Random(1)
    statuses = set()
    for _ in range(60):
        body = bytearray(GOOD)
        for _ in range(chance.randrange(5)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
        body = bytes(body)
        for sent, headers in ((body, PROTOBUF), (gzip.compress(body), GZIP), (body, GZIP)):
            for path in ("/v1/metrics", "/v1/traces"):
                status, text = await post(sent, path, headers)
                assert b"Traceback" not in text
                statuses.add(status)
    assert statuses == {200, 400}


def test_the_reason_is_a_status_of_grpc():
    """As the protocol says; its second field is the message."""
    from google.rpc.status_pb2 import Status

    for reason in ("short", "x" * 500, "é" * 900):
        answer = module._refuse(400, reason)
        try:
            message = Status.FromString(answer.body).message
        except DecodeError:
            message = ""  # cut within a character
        assert reason.startswith(message)
        assert message
