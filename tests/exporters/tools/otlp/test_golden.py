"""A whole page of the OTLP mode.

``GOLDEN=write .venv/bin/pytest tests/exporters/tools/otlp/test_golden.py`` writes it anew; read the
diff.
"""

from exporters.collecting import Collector
from exporters.tools import otel
from exporters.tools.otlp.core import OtlpCore
from exporters.tools.otlp.decoding import decode_metrics, decode_traces
from exporters.tools.otlp.testing import (
    counter,
    durations,
    histogram,
    metrics_request,
    tool_span,
    traces_request,
)

WHEN = {"start": 1, "time": 2}


async def test_the_page_of_the_otlp_mode_is_the_golden_one(make_topology, assert_golden):
    """Two clients with metrics, one with spans, one item that makes no sense."""
    core = OtlpCore(make_topology(groups=[("eu", "agent", "r1")]), ("browse", "search"), 0, 0.0)
    tool = {otel.TOOL_NAME: "browse", otel.REQUEST_MODEL: "agent"}
    call = {otel.MCP_METHOD: "tools/call"}
    bodies = [
        metrics_request(
            histogram(
                durations([0.25, 2.0, 700.0], **WHEN), durations([1.5], error="captcha", **WHEN)
            ),
            histogram(durations([0.25], more=call, **WHEN), name=otel.MCP_CLIENT_DURATION),
            counter(otel.TOOL_ATTEMPTS, 4, {**tool, "attempt": "first"}, **WHEN),
            counter(otel.PAGE_CACHE_REQUESTS, 9, {"result": "miss"}, **WHEN),
        ),
        metrics_request(
            histogram(durations([4.0], tool="odd", **WHEN), durations([1.0], bounds=[2.0, 1.0])),
            instance="b",
        ),
    ]
    for body in bodies:
        core.take_metrics(decode_metrics(body), 0.0)
    span = tool_span(0.5, name="execute_tool search")
    core.take_traces(decode_traces(traces_request(span, instance="c")), 0.0)
    for signal, status in (("metrics", 200), ("metrics", 200), ("traces", 200), ("traces", 400)):
        core.note_request(signal, status)

    async def fetch(url):
        raise AssertionError(url)

    collector = Collector(core, fetch, lambda: 130.0, lambda: 1_790_000_000.0)
    page = (await collector.collect()).page
    await collector.close()
    assert_golden("otlp", page)
