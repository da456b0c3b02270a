"""The HTTP side of OTLP: ``POST /v1/metrics`` and ``/v1/traces``, protobuf, gzip or not.

Whatever comes is answered by the protocol: 200, with what was not counted in ``partial_success``;
400 with the reason for what is no OTLP; 413, 408, 415; 503 with ``Retry-After`` when busy.
"""

from __future__ import annotations

import asyncio
import socket
import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from exporters.tools.otlp.core import OtlpCore
from exporters.tools.otlp.decoding import decode_metrics, decode_traces
from exporters.tools.otlp.items import Batch, OtlpError
from exporters.tools.otlp.limits import BODY_SECONDS, LARGEST_BODY_BYTES, MOST_AT_ONCE

PROTOBUF = "application/x-protobuf"
RETRY_AFTER_SECONDS = 5


class _RefusalError(Exception):
    """A request that is not taken, and the status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


def application(core: OtlpCore, clock: Callable[[], float] = time.monotonic) -> web.Application:
    """Return the web application; it has to be served with ``auto_decompress=False``."""
    under_way = 0
    turn = asyncio.Lock()

    async def take(
        request: web.Request,
        signal: str,
        decode: Callable[[bytes], Sequence[Batch]],
        count: Callable[[Sequence[Batch]], bytes],
    ) -> web.Response:
        nonlocal under_way
        under_way += 1
        try:
            body = await _read(request, under_way)
            # One at a time: what a body takes while it is read bounds the memory. In a thread, so
            # that scrapes are served meanwhile.
            async with turn:
                batches = await asyncio.to_thread(decode, body)
            answer = web.Response(body=count(batches), content_type=PROTOBUF)
        except _RefusalError as refusal:
            answer = _refuse(refusal.status, refusal.reason)
        except OtlpError as error:
            answer = _refuse(400, str(error))
        finally:
            under_way -= 1
        core.note_request(signal, answer.status)
        return answer

    def count_metrics(batches: Sequence[Batch]) -> bytes:
        response = ExportMetricsServiceResponse()
        if refused := core.take_metrics(batches, clock()):
            response.partial_success.rejected_data_points = refused
            response.partial_success.error_message = _PARTLY
        return bytes(response.SerializeToString())

    def count_traces(batches: Sequence[Batch]) -> bytes:
        response = ExportTraceServiceResponse()
        if refused := core.take_traces(batches, clock()):
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
async def receiving(core: OtlpCore, listening: socket.socket) -> AsyncIterator[None]:
    """Serve OTLP on a listening socket within ``async with``."""
    runner = web.AppRunner(
        application(core), access_log=None, auto_decompress=False, shutdown_timeout=2.0
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()


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


async def _read(request: web.Request, under_way: int) -> bytes:
    """Return the body of a request, inflated; ``under_way`` are it and the others."""
    if under_way > MOST_AT_ONCE:
        raise _RefusalError(503, f"{MOST_AT_ONCE} requests are under way already")
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
