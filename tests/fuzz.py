"""Looks for bytes that a reader neither reads nor refuses: ``python -m tests.fuzz READER``.

``--seconds`` says for how long; pytest does the same for a second or so. With atheris installed
(``pip install atheris`` into an environment of its own, not a dependency) what is tried follows the
branches that were taken; without, hypothesis damages pages that are good. Either way the first
failure ends it with a traceback and the bytes.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.lint import lint
from dashboards.lint import lint as lint_boards
from dashboards.lint.json_text import parse_json
from dashboards.lint.reading import boards_of
from exporters.documents import parse_documents
from exporters.exposition import PageError, PageReader
from exporters.gpu.kernel_log import LogParser
from exporters.gpu.telemetry import TelemetryReader
from exporters.groups.engine import EngineReader
from exporters.problems import InputError
from exporters.testing import telemetry_page
from exporters.tools.otlp import testing as otlp
from exporters.tools.otlp.decoding import decode_metrics, decode_traces
from exporters.tools.otlp.items import OtlpError
from slo.rule_reading.files import groups_of

ENGINE = (Path(__file__).parent / "fixtures/vllm/vllm-0.32.0-cpu-tp1.metrics.txt").read_bytes()
REFUSALS = (PageError, OtlpError, InputError)
Read = Callable[[bytes], object]

RULES = b"""groups:
- name: g
  rules:
  - {record: "a:b", expr: 'sum by (x, le) (rate(y_bucket{z=~"a|b"}[5m])) / on (x) a:b > 1'}
  # shardwatch:ignore labels/value a few
  - alert: A
    expr: label_replace(absent(y) or a:b, "x", "$1", "y", "(.*)") unless hour() == 3
    for: 1h
    labels: {severity: "{{ $value }}"}
    annotations: {summary: "{{ with $labels.x }}{{ . }}{{ end }}"}
"""


def read_and_lint(data: bytes) -> object:
    """Read rules and check them."""
    text = data.decode("utf-8", "replace")
    rules = [
        rule
        for each in parse_documents(text, "f")
        for _, of_group in groups_of(each, text)
        for rule in of_group
    ]
    return lint(rules)


BOARD = b"""{"uid": "u", "title": "T", "schemaVersion": 42, "__inputs": [{"name": "DS"}],
"templating": {"list": [{"name": "x", "type": "query", "query": "label_values(up, job)"}]},
"panels": [{"id": 1, "type": "row", "panels": [{"id": 2, "type": "graph", "title": "$x",
  "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}, "datasource": {"type": "prometheus", "uid": "$DS"},
  "targets": [{"expr": "sum by (x) (rate(y_total{z=~\\"$x\\"}[$__interval])) > ${x:raw}",
  "legendFormat": "{{z}}"}], "description": "<!-- shardwatch:ignore panels/unit a few -->"}]}]}
"""


def read_and_lint_board(data: bytes) -> object:
    """Read dashboards and check them."""
    return lint_boards(boards_of(parse_json(data.decode("utf-8", "replace"), "f"))[0])


READERS: Mapping[str, tuple[Read, bytes]] = {
    "page": (lambda data: PageReader().read(data), ENGINE[:4000].rpartition(b"\n")[0] + b"\n"),
    "engine": (lambda data: EngineReader("0").read(data), ENGINE),
    "telemetry": (
        lambda data: TelemetryReader().read(data),
        telemetry_page({"GPU-a": {}}).encode(),
    ),
    "metrics": (decode_metrics, otlp.metrics_request(otlp.histogram(otlp.durations([0.1])))),
    "traces": (decode_traces, otlp.traces_request(otlp.tool_span(1.0))),
    "kernel-log": (
        lambda data: LogParser(0.0).parse(data.decode("utf-8", "replace")),
        b"4,2137,8212345,-;NVRM: Xid (PCI:0000:9b:00): 119, pid=2024380, name=python, Timeout",
    ),
    "dashboard": (read_and_lint_board, BOARD),
    "document": (
        lambda data: parse_documents(data.decode("utf-8", "replace"), "f"),
        b'version: 1\ngroups:\n- {name: "a", gpus: [GPU-a, 1.5, ~]}\n',
    ),
    "rules": (read_and_lint, RULES),
}
"""By name: what reads bytes or refuses them with one of ``REFUSALS``, and some that are good."""


def check(read: Read, data: bytes) -> None:
    """Let it read or refuse; anything else is a failure."""
    try:
        read(data)
    except REFUSALS:
        return


def damage(read: Read, good: bytes, seconds: float) -> None:
    """Try good bytes with bytes changed, left out and put in."""
    places = st.tuples(st.integers(0, len(good)), st.integers(0, 9), st.binary(max_size=9))

    @settings(max_examples=500, deadline=None, database=None)
    @given(st.lists(places, max_size=5))
    def try_some(changes: list[tuple[int, int, bytes]]) -> None:
        data = bytearray(good)
        for place, removed, put in changes:
            data[place : place + removed] = put
        check(read, bytes(data))

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try_some()


def explore(read: Read, good: bytes, seconds: float) -> None:
    """Try what atheris makes of good bytes; it ends the process."""
    atheris = importlib.import_module("atheris")
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and str(each.__module__).startswith(
            ("alerts.", "exporters.")
        ):
            atheris.instrument_func(each)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "good").write_bytes(good)
        limits = [f"-max_total_time={seconds:.0f}", f"-max_len={2 * len(good)}"]
        atheris.Setup([sys.argv[0], *limits, folder], lambda data: check(read, data))
        atheris.Fuzz()


def main() -> None:
    """Fuzz one reader."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    run = explore if importlib.util.find_spec("atheris") else damage
    run(*READERS[asked.reader], asked.seconds)


if __name__ == "__main__":
    main()
