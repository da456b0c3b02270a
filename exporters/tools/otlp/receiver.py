"""The HTTP side of OTLP: ``POST /v1/metrics`` and ``/v1/traces``, protobuf, gzip or not.

Whatever comes is answered by the protocol: 200, with what was not counted in ``partial_success``;
400 with the reason for what is no OTLP; 413, 408, 415; 503 with ``Retry-After`` when busy.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from exporters.addresses import Address
from exporters.tools.otlp.core import OtlpCore
from exporters.tools.otlp.decoding import decode_metrics, decode_traces
from exporters.tools.otlp.items import Batch, OtlpError
from exporters.tools.otlp.limits import (
    BODY_SECONDS,
    LARGEST_BODY_BYTES,
    MOST_AT_ONCE,
    MOST_AT_ONCE_OF_ADDRESS,
)
from exporters.web.entrance import Entrance

PROTOBUF = "application/x-protobuf"
RETRY_AFTER_SECONDS = 5

_LOG = logging.getLogger("shardwatch")


class _RefusalError(Exception):
    """A request that is not taken, and the status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


def application(core: OtlpCore, clock: Callable[[], float] = time.monotonic) -> web.Application:
    """Return the web application; it has to be served with ``auto_decompress=False``."""
    under_way: Counter[str] = Counter()
    turn = asyncio.Lock()

    async def take(
        request: web.Request,
        signal: str,
        decode: Callable[[bytes], Sequence[Batch]],
        count: Callable[[Sequence[Batch], str], bytes],
    ) -> web.Response:
        address = request.remote or ""
        under_way[address] += 1
        try:
            _check_room(under_way.total(), under_way[address])
            body = await _read(request)
            # One at a time: what a body takes while it is read bounds the memory. In a thread, so
            # that scrapes are served meanwhile.
            async with turn:
                batches = await asyncio.to_thread(decode, body)
            answer = web.Response(body=count(batches, address), content_type=PROTOBUF)
        except _RefusalError as refusal:
            answer = _refuse(refusal.status, refusal.reason)
        except OtlpError as error:
            answer = _refuse(400, str(error))
        finally:
            under_way[address] -= 1
            if not under_way[address]:
                del under_way[address]
        core.note_request(signal, answer.status)
        return answer

    def count_metrics(batches: Sequence[Batch], address: str) -> bytes:
        response = ExportMetricsServiceResponse()
        if refused := core.take_metrics(batches, clock(), address):
            response.partial_success.rejected_data_points = refused
            response.partial_success.error_message = _PARTLY
        return bytes(response.SerializeToString())

    def count_traces(batches: Sequence[Batch], address: str) -> bytes:
        response = ExportTraceServiceResponse()
        if refused := core.take_traces(batches, clock(), address):
            response.partial_success.rejected_spans = refused
            response.partial_success.error_message = _PARTLY
        return bytes(response.SerializeToString())

    async def metrics(request: web.Request) -> web.Response:
        return await take(request, "metrics", decode_metrics, count_metrics)

    async def traces(request: web.Request) -> web.Response:
        return await take(request, "traces", decode_traces, count_traces)

    app = web.Application()
    app.add_routes([web.post("/v1/metrics", metrics), web.post("/v1/traces", traces)])
    return app


@asynccontextmanager
async def receiving(
    core: OtlpCore, listening: socket.socket, address: Address, entrance: Entrance
) -> AsyncIterator[None]:
    """Serve OTLP on a socket that listens at an address, behind an entrance, within its time."""
    app = application(core)
    entrance.guard(app)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await entrance.open(runner, listening)
        _LOG.info("taking OTLP on %s://%s/v1/metrics and /v1/traces", entrance.scheme, address)
        yield
    finally:
        await runner.cleanup()
        listening.close()


_PARTLY = "some items were not counted: see shardwatch_otlp_items_dropped_total"


def _refuse(status: int, reason: str) -> web.Response:
    """Return an answer with the reason as ``google.rpc.Status``, as the protocol has it."""
    text = reason.encode()[:1000]
    size = len(text)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
    return web.Response(
        status=status, body=b"\x12" + length + text, content_type=PROTOBUF, headers=headers
    )


def _check_room(under_way: int, of_address: int) -> None:
    """Refuse a request if there are too many with it, at all or of its address."""
    for count, most in ((under_way, MOST_AT_ONCE), (of_address, MOST_AT_ONCE_OF_ADDRESS)):
        if count > most:
            raise _RefusalError(503, f"{most} requests are under way already")


async def _read(request: web.Request) -> bytes:
    """Return the body of a request, inflated."""
    if request.content_type != PROTOBUF:
        raise _RefusalError(415, f"found {request.content_type[:60]!r}, expected {PROTOBUF}")
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise _RefusalError(415, f"found a body in {encoding[:20]!r}, expected gzip or identity")
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                size += len(chunk)
                if size > LARGEST_BODY_BYTES:
                    raise _RefusalError(413, f"found more than {LARGEST_BODY_BYTES} bytes")
                chunks.append(chunk)
    except TimeoutError:
        raise _RefusalError(408, f"found no whole body within {BODY_SECONDS:g} s") from None
    body = b"".join(chunks)
    return body if encoding == "identity" else _inflate(body)


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = inflater.decompress(body, LARGEST_BODY_BYTES + 1)
    except zlib.error:
        raise _RefusalError(400, "found a body that is not gzip") from None
    if len(plain) > LARGEST_BODY_BYTES:
        raise _RefusalError(413, f"inflates to more than {LARGEST_BODY_BYTES} bytes")
    if not inflater.eof:
        raise _RefusalError(400, "found gzip that was cut")
    return plain
