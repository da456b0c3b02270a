"""A stand-in for Prometheus that knows an answer to every query, for tests of what draws them.

It reads no PromQL: each query gives some series that have every label of ours, or buckets where
``le`` is asked for. It can be slow, wrong or away, as a real one can.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from exporters import catalog

SERIES = 3
BOUNDS = ("0.1", "0.5", "1", "5", "+Inf")
_BUCKETED = re.compile(r"\ble\b")
_STATES = ("up", "dead", "stalled")


def _usual_values() -> dict[str, tuple[str, ...]]:
    every = {name for each in catalog.FAMILIES.values() for name in each.labels}
    return {
        **dict.fromkeys(sorted(every), ("x",)),
        "__name__": ("up",),
        "cluster": ("demo",),
        "region": ("eu", "us"),
        "model": ("chat", "code"),
        "group": ("eu-chat-0", "eu-chat-1", "us-code-0"),
        "host": ("h0", "h1", "h2"),
        "gpu": ("0", "1", "2"),
        "slo": ("chat-availability", "chat-ttft"),
        "state": _STATES,
        "severity": ("page", "ticket"),
        "alertname": ("ErrorBudgetBurn", "GpuLost"),
        "phase": tuple(catalog.PHASES),
        "outcome": tuple(catalog.OUTCOMES),
    }


@dataclass
class Answers:
    """How the stand-in answers; tests change it while it runs."""

    status: int = 200
    """Another than 200 is answered with an error of Prometheus's."""
    nonsense: str = ""
    """Sent in place of any answer."""
    delay_seconds: float = 0.0
    delays: dict[str, float] = field(default_factory=dict)
    """Seconds for each query that is answered in a time of its own."""
    error: str = "query processing would load too many samples"
    values: dict[str, tuple[str, ...]] = field(default_factory=_usual_values)
    """Of each label; of others ``x``."""
    is_empty: bool = False
    since: float = -math.inf
    """UNIX seconds from which on there are samples."""
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    """Path and form of every request."""


def answer_of(answers: Answers, path: str, form: dict[str, list[str]]) -> Any:
    """Return the data of an answer to a request of Prometheus's API."""
    if path.endswith("/values"):
        return list(answers.values.get(path.split("/")[-2], ("x",)))
    if path.endswith("/labels"):
        return sorted(answers.values)
    if path.endswith("/series"):
        return [labels for labels, _ in _series(answers, "")]
    query = form.get("query", [""])[0]
    series = [] if answers.is_empty else list(_series(answers, query))
    if path.endswith("/query"):
        now = float(form.get("time", [str(time.time())])[0])
        series = series if now >= answers.since else []
        result = [{"metric": labels, "value": [now, _text(size, now)]} for labels, size in series]
        return {"resultType": "vector", "result": result}
    start, end, step = (float(form[name][0]) for name in ("start", "end", "step"))
    times = [start + step * index for index in range(int((end - start) / step) + 1)]
    times = [each for each in times if each >= answers.since]
    series = series if times else []
    return {
        "resultType": "matrix",
        "result": [
            {"metric": labels, "values": [[each, _text(size, each)] for each in times]}
            for labels, size in series
        ],
    }


def _series(answers: Answers, query: str) -> Iterator[tuple[dict[str, str], float]]:
    if _BUCKETED.search(query) and "histogram_quantile" not in query:
        for index, bound in enumerate(BOUNDS):
            yield {"le": bound}, 10.0 * (index + 1)
        return
    for index in range(SERIES):
        labels = {name: values[index % len(values)] for name, values in answers.values.items()}
        del labels["__name__"]
        yield {**labels, "uuid": f"GPU-{index}"}, index + 1.0


def _text(size: float, moment: float) -> str:
    """Return a value between 0 and ``size`` that is the same at each time for everybody."""
    return f"{size * (0.5 + 0.5 * math.sin(moment / 900 + size)):.6g}"


@contextmanager
def stand_in_prometheus(answers: Answers, port: int = 0) -> Iterator[str]:
    """Serve a stand-in for as long as the context lasts; give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._answer(parts.path, parse_qs(parts.query))

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._answer(self.path, parse_qs(self.rfile.read(length).decode()))

        def _answer(self, path: str, form: dict[str, list[str]]) -> None:
            answers.asked.append((path, form))
            query = form.get("query", [""])[0]
            time.sleep(answers.delays.get(query, answers.delay_seconds))
            if answers.nonsense:
                body = answers.nonsense.encode()
            elif answers.status != 200:
                said = {"status": "error", "errorType": "execution", "error": answers.error}
                body = json.dumps(said).encode()
            else:
                data = answer_of(answers, path, form)
                body = json.dumps({"status": "success", "data": data}).encode()
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked had no patience
                self.send_response(answers.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
