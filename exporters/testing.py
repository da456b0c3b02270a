"""Fakes for tests of whatever reads sources: pages, a server of them that can misbehave, clocks."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from exporters.dialects import DialectName, ForeignFamily, read_dialect


@dataclass(frozen=True)
class Reply:
    """What a page answers, and how badly."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    """Before the first byte."""
    byte_seconds: float = 0.0
    """Between two bytes of the body."""
    cut_after: int | None = None
    """Bytes of the body after which the connection is closed, although more were announced."""
    is_endless: bool = False
    """The body comes again and again, unannounced, until the reader leaves."""


class Clock:
    """A clock that is set."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.now


def write_config(folder: Path, topology: Mapping[str, Any], **more: Any) -> Path:
    """Write a topology and the least ``shardwatch.yaml`` that names it; return the latter's path.

    Args:
        folder: for both.
        topology: as in ``topology.yaml``.
        more: of the configuration.
    """
    (folder / "topology.yaml").write_text(json.dumps(topology), encoding="utf-8")
    config = folder / "shardwatch.yaml"
    content = {"topology": "topology.yaml", "objectives": ["library:chat"],
               "prometheus": {"url": "http://127.0.0.1:9090"}, **more}  # fmt: skip
    config.write_text(json.dumps(content), encoding="utf-8")
    return config


FOREVER_SECONDS = 3600.0
"""A delay that no test waits for; leaving the server ends it."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512  # a fleet's worth of connections at once

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of readers that leave."""


class PageServer:
    """Serves pages on loopback, in threads of its own, within ``with``.

    Pages may be replaced while it runs. An address without a page answers 404. A POST gets what a
    GET would.
    """

    def __init__(self) -> None:
        self._replies: dict[str, Reply] = {}
        self._requests: Counter[str] = Counter()
        self.posted: list[tuple[str, Mapping[str, str], bytes]] = []
        """Path, headers and body of each POST, in their order."""
        self.connections = 0
        """Connections that were made to it."""
        self.most_at_once = 0
        """Requests that were under way at the same time."""
        self._under_way = 0
        self._counting = threading.Lock()
        self._left = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """``HOST:PORT``."""
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://{self.address}{path}"

    def serve(self, path: str, page: str | bytes | Reply) -> str:
        """Let a path answer from now on; return its address."""
        if isinstance(page, str):
            page = page.encode()
        self._replies[path] = page if isinstance(page, Reply) else Reply(page)
        return self.url(path)

    def hang(self, path: str) -> str:
        """Let a path take requests and never answer; return its address."""
        return self.serve(path, Reply(delay_seconds=FOREVER_SECONDS))

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that have a page."""
        return tuple(self._replies)

    def is_slow(self, path: str) -> bool:
        """Return whether a path answers late, or never."""
        reply = self._replies.get(path, Reply())
        return reply.delay_seconds > 0 or reply.byte_seconds > 0

    def requests(self, path: str) -> int:
        """Return how often a path was asked for."""
        return self._requests[path]

    def _count(self, change: int) -> None:
        with self._counting:
            self._under_way += change
            self.most_at_once = max(self.most_at_once, self._under_way)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        pages = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                pages.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                pages.posted.append((self.path, dict(self.headers), body))
                self.do_GET()

            def do_GET(self) -> None:
                pages._requests[self.path] += 1
                reply = pages._replies.get(self.path, Reply(status=404))
                pages._count(1)
                try:
                    self._answer(reply)
                except OSError:
                    self.close_connection = True
                finally:
                    pages._count(-1)

            def _answer(self, reply: Reply) -> None:
                left = pages._left
                if reply.delay_seconds and left.wait(reply.delay_seconds):
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if not reply.is_endless:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if reply.byte_seconds:
                    for byte in reply.body:
                        self.wfile.write(bytes([byte]))
                        if left.wait(reply.byte_seconds):
                            break
                else:
                    self.wfile.write(reply.body[: reply.cut_after])
                while reply.is_endless and not left.is_set():
                    self.wfile.write(reply.body)
                is_whole = reply.cut_after is None and not reply.is_endless
                self.close_connection = self.close_connection or not is_whole

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


def telemetry_page(gpus: Mapping[str, Mapping[str, float] | None], host: str = "h1") -> str:
    """Return a dcgm-exporter page.

    Args:
        gpus: by UUID, the values that differ from those of an idle, healthy GPU, by DCGM's name.
            A GPU that is None has left the bus: it is not on the page.
        host: the label ``hostname``.
    """
    lines: list[str] = []
    for family in read_dialect("dcgm_4").families:
        lines += _announcement(family)
        for index, (uuid, values) in enumerate(gpus.items()):
            if values is None:
                continue
            value = {**_IDLE_GPU, **values}.get(family.name, 0)
            labels = {
                "gpu": str(index),
                "UUID": uuid,
                "pci_bus_id": f"00000000:{index:02X}:00.0",
                "device": f"nvidia{index}",
                "modelName": "NVIDIA H200",
                "hostname": host,
                "DCGM_FI_DRIVER_VERSION": "590.48.01",
                "err_code": f"{value:g}",
                "err_msg": "No Error" if not value else "Error",
            }
            lines.append(
                _sample(family.name, {each: labels[each] for each in family.labels}, value)
            )
    return "\n".join(lines) + "\n"


def page_of(dialect: DialectName, samples: Iterable[tuple[str, Mapping[str, str], float]]) -> str:
    """Return a page of a dialect: its announcements, each followed by its samples.

    Args:
        dialect: gives the families and their order.
        samples: name on the wire (``..._bucket`` of a histogram), labels, value.
    """
    given = list(samples)
    lines: list[str] = []
    for family in read_dialect(dialect).families:
        lines += _announcement(family)
        names = {family.name}
        if family.type == "histogram":
            names = {f"{family.name}{suffix}" for suffix in ("_bucket", "_sum", "_count")}
        lines += [_sample(*each) for each in given if each[0] in names]
    return "\n".join(lines) + "\n"


def histogram_samples(
    name: str, labels: Mapping[str, str], bounds: Iterable[float], observed: Sequence[float]
) -> list[tuple[str, Mapping[str, str], float]]:
    """Return the samples of one histogram that has observed some values."""
    buckets = [
        (
            f"{name}_bucket",
            {**labels, "le": str(float(bound))},
            float(sum(v <= bound for v in observed)),
        )
        for bound in bounds
    ]
    count = float(len(observed))
    return [
        *buckets,
        (f"{name}_bucket", {**labels, "le": "+Inf"}, count),
        (f"{name}_sum", labels, float(sum(observed))),
        (f"{name}_count", labels, count),
    ]


_IDLE_GPU: Mapping[str, float] = {
    "DCGM_FI_DEV_SM_CLOCK": 345,
    "DCGM_FI_DEV_MEM_CLOCK": 3201,
    "DCGM_FI_DEV_MEMORY_TEMP": 38,
    "DCGM_FI_DEV_GPU_TEMP": 31,
    "DCGM_FI_DEV_POWER_USAGE": 76.5,
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": 123456789,
    "DCGM_FI_DEV_FB_FREE": 143000,
    "DCGM_FI_DEV_FB_USED": 157,
    "DCGM_FI_DEV_FB_RESERVED": 614,
}


def _announcement(family: ForeignFamily) -> list[str]:
    return [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.type}"]


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    pairs = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}"
