"""The core of the OTLP mode."""

import pytest

from exporters import catalog
from exporters.sources import Answers
from exporters.tools import otel
from exporters.tools.otlp import clients, labels, streams
from exporters.tools.otlp.core import HOLD_SECONDS, OtlpCore
from exporters.tools.otlp.decoding import decode_metrics, decode_traces
from exporters.tools.otlp.streams import IDLE_SECONDS
from exporters.tools.otlp.testing import (
    counter,
    durations,
    histogram,
    metrics_request,
    tool_span,
    traces_request,
)

BROWSE = ("demo", "eu", "agent", "browse")
WHEN = {"start": 1_001, "time": 1_002}


class Receiver:
    """A core, and what is sent to it."""

    def __init__(self, topology, tools=(), zero_seconds=0.0) -> None:
        self.core = OtlpCore(topology, tools, 1_000 * 10**9, zero_seconds)
        self.now = 0.0

    def send(self, metrics, instance="a", region="eu", address="") -> int:
        """Send metrics of a client: one or several."""
        several = metrics if isinstance(metrics, list) else [metrics]
        body = metrics_request(*several, instance=instance, region=region)
        batches = decode_metrics(body)
        return self.core.take_metrics(batches, self.now, address)

    def trace(self, span, instance="a") -> int:
        """Send a span of a client."""
        batches = decode_traces(traces_request(span, instance=instance, region="eu"))
        return self.core.take_traces(batches, self.now)

    def page(self):
        """The page now."""
        return self.core.observe(Answers({}), self.now)

    def outcomes(self, labels=BROWSE):
        """Calls by outcome, zeros left out."""
        series = self.page().of(catalog.TOOL_CALLS)
        return {key[-1]: value for key, value in series.items() if key[:-1] == labels and value}

    def dropped(self):
        """Items that were not counted."""
        series = self.page().of(catalog.OTLP_DROPPED)
        return {key[1:]: value for key, value in series.items() if value}


@pytest.fixture
def topology(make_topology):
    """`agent` in eu, `code` in us."""
    return make_topology(groups=[("eu", "agent", "r1"), ("us", "code", "r1")])


@pytest.fixture
def receiver(topology):
    """Without configured tools."""
    return Receiver(topology)


def test_calls_of_several_clients_add_up(receiver):
    """By outcome, with their durations."""
    receiver.send(histogram(durations([1.0, 2.0], **WHEN)), instance="a")
    receiver.send(
        histogram(durations([3.0], **WHEN), durations([60.0], error="timeout", **WHEN)),
        instance="b",
    )
    assert receiver.outcomes() == {"ok": 3.0, "timeout": 1.0}
    distribution = receiver.page().distributions_of(catalog.TOOL_DURATION)[BROWSE]
    assert (distribution.count, distribution.sum) == (4.0, 66.0)
    assert distribution.counts[catalog.TOOL_DURATION_BOUNDS.index(5.0)] == 3.0


def test_series_are_born_as_zero_for_everybody_who_scrapes(topology):
    """A first captcha must not be lost, to none of two servers, for its series was born with it."""
    receiver = Receiver(topology, zero_seconds=30.0)
    receiver.send(histogram(durations([1.0], error="captcha", **WHEN)))
    for receiver.now in (0.0, 1.0, 29.0):
        page = receiver.page()
        assert set(page.of(catalog.TOOL_CALLS).values()) == {0.0}
        assert len(page.of(catalog.TOOL_CALLS)) == len(catalog.TOOL_OUTCOMES)
        assert page.distributions_of(catalog.TOOL_DURATION)[BROWSE].count == 0.0
    for receiver.now in (30.0, 31.0):
        assert receiver.outcomes() == {"captcha": 1.0}


def test_a_topology_that_changes_is_followed_and_what_was_counted_stays(make_topology):
    """Also for clients that were there before their region was."""
    receiver = Receiver(make_topology(groups=[("us", "code", "r1"), ("ap", "code", "r1")]))
    receiver.send(histogram(durations([1.0], **WHEN)))
    assert receiver.outcomes(("demo", "other", "other", "browse")) == {"ok": 1.0}
    receiver.core.follow(make_topology(groups=[("eu", "agent", "r1"), ("us", "code", "r1")]))
    receiver.send(histogram(durations([1.0, 1.0, 1.0], start=1_001, time=1_003)))
    assert receiver.outcomes() == {"ok": 2.0}
    assert receiver.outcomes(("demo", "other", "other", "browse")) == {"ok": 1.0}
    assert {labels[1] for labels in receiver.page().of(catalog.TOOLS_UP)} == {"eu", "us"}


def test_attempts_and_the_page_cache_are_counted(receiver):
    """As from a gateway's page."""
    tool = {otel.TOOL_NAME: "browse", otel.REQUEST_MODEL: "agent"}
    receiver.send(
        [
            counter(otel.TOOL_ATTEMPTS, 7, {**tool, "attempt": "retry"}, **WHEN),
            counter(otel.PAGE_CACHE_REQUESTS, 5, {"result": "hit"}, **WHEN),
        ]
    )
    page = receiver.page()
    assert page.of(catalog.TOOL_ATTEMPTS) == {(*BROWSE, "first"): 0.0, (*BROWSE, "retry"): 7.0}
    assert page.of(catalog.PAGE_CACHE_REQUESTS)["demo", "eu", "hit"] == 5.0


def test_requests_of_mcp_have_families_of_their_own(receiver):
    """Else a call of a tool through MCP would count twice."""
    point = durations([1.0], more={otel.MCP_METHOD: "tools/call"}, error="-32602", **WHEN)
    listing = durations([1.0], tool="", more={otel.MCP_METHOD: "tools/list"}, **WHEN)
    del listing.attributes[0]
    receiver.send(histogram(point, listing, name=otel.MCP_CLIENT_DURATION))
    requests = {k: v for k, v in receiver.page().of(catalog.MCP_REQUESTS).items() if v}
    assert requests == {
        (*BROWSE, "tools/call", "error"): 1.0,
        ("demo", "eu", "agent", "none", "tools/list", "ok"): 1.0,
    }
    assert receiver.outcomes() == {}


@pytest.mark.parametrize(
    ("region", "model", "expected"),
    [("eu", "agent", ("eu", "agent")), ("eu", "code", ("eu", "other")),
     ("us", "code", ("us", "code")), ("mars", "agent", ("other", "other")),
     ("", "agent", ("other", "other"))],
)  # fmt: skip
def test_regions_and_models_are_bounded_by_the_topology(receiver, region, model, expected):
    """The rest is `other`, and counted."""
    receiver.send(histogram(durations([1.0], model=model, **WHEN)), region=region)
    assert receiver.outcomes(("demo", *expected, "browse")) == {"ok": 1.0}
    folded = receiver.page().of(catalog.EXPORTER_FOLDED_VALUES)
    assert folded["tools", "region"] == float(expected[0] == "other")
    assert folded["tools", "model"] == float(expected[1] == "other")


def test_where_there_is_one_region_clients_need_not_name_it(make_topology):
    """Most clusters have one."""
    receiver = Receiver(make_topology(groups=[("eu", "agent", "r1")]))
    receiver.send(histogram(durations([1.0], **WHEN)), region="")
    assert receiver.outcomes() == {"ok": 1.0}


def test_tools_are_bounded_by_what_is_configured(topology):
    """Every other name is one series."""
    receiver = Receiver(topology, tools=["browse"])
    points = (durations([1.0], tool=tool, **WHEN) for tool in ("browse", "x", "y"))
    receiver.send(histogram(*points))
    assert {key[3] for key in receiver.page().of(catalog.TOOL_CALLS)} == {"browse", "other"}
    assert receiver.outcomes(("demo", "eu", "agent", "other")) == {"ok": 2.0}


def test_without_a_configuration_the_first_names_are_told(receiver, monkeypatch):
    """However many come."""
    monkeypatch.setattr(labels, "MOST_TOOLS", 2)
    points = (durations([1.0], tool=f"t{n}", **WHEN) for n in range(50))
    receiver.send(histogram(*points))
    assert {key[3] for key in receiver.page().of(catalog.TOOL_CALLS)} == {"t0", "t1", "other"}


def test_calls_of_a_client_that_sends_only_spans_are_counted_from_them(receiver):
    """Once it is clear that no metrics come."""
    receiver.trace(tool_span(1.5))
    receiver.trace(tool_span(3, number=2, texts={otel.ERROR_TYPE: "captcha"}))
    assert receiver.outcomes() == {}
    receiver.now = HOLD_SECONDS
    assert receiver.outcomes() == {"ok": 1.0, "captcha": 1.0}
    distribution = receiver.page().distributions_of(catalog.TOOL_DURATION)[BROWSE]
    assert (distribution.count, distribution.sum) == (2.0, 4.5)
    assert distribution.counts[catalog.TOOL_DURATION_BOUNDS.index(2.0)] == 1.0
    receiver.trace(tool_span(1, number=3))
    receiver.now += HOLD_SECONDS
    assert receiver.outcomes() == {"ok": 2.0, "captcha": 1.0}


def test_calls_of_a_client_that_sends_both_are_counted_once(receiver):
    """Spans come first, every 5 s; metrics after a minute."""
    receiver.trace(tool_span(1.0))
    receiver.now = 60.0
    receiver.send(histogram(durations([1.0], **WHEN)))
    receiver.trace(tool_span(1.0, number=2))
    receiver.now = 10 * HOLD_SECONDS
    assert receiver.outcomes() == {"ok": 1.0}
    assert receiver.dropped() == {("traces", "in_metrics"): 2.0}


def test_another_client_with_the_metrics_does_not_stop_the_spans_of_this_one(receiver):
    """Identity is the process."""
    receiver.trace(tool_span(1.0), instance="a")
    receiver.send(histogram(durations([1.0], **WHEN)), instance="b")
    receiver.now = HOLD_SECONDS
    assert receiver.outcomes() == {"ok": 2.0}


def test_a_span_sent_again_counts_once(receiver):
    """By its identity."""
    for _ in range(2):
        receiver.trace(tool_span(1.0))
    receiver.now = HOLD_SECONDS
    assert receiver.outcomes() == {"ok": 1.0}
    assert receiver.dropped() == {("traces", "repeated"): 1.0}


def test_counters_stay_when_their_client_is_gone(receiver):
    """They are of what happened; who is there is another series."""
    receiver.send(histogram(durations([1.0], **WHEN)))
    assert receiver.page().of(catalog.OTLP_CLIENTS)["demo", "eu", "metrics"] == 1.0
    receiver.now = IDLE_SECONDS + 1
    page = receiver.page()
    assert page.of(catalog.OTLP_CLIENTS)["demo", "eu", "metrics"] == 0.0
    assert page.of(catalog.TOOL_CALLS)[*BROWSE, "ok"] == 1.0
    assert list(receiver.core._clients) == []


def test_what_clients_must_be_told_is_what_makes_no_sense(receiver):
    """Not what was sent again."""
    good, bad = durations([1.0], **WHEN), durations([1.0], bounds=[2.0, 1.0])
    assert receiver.send(histogram(good, bad)) == 1
    assert receiver.send(histogram(good)) == 0
    assert receiver.dropped() == {("metrics", "buckets"): 1.0, ("metrics", "repeated"): 1.0}


def test_clients_beyond_the_limit_are_refused(receiver, monkeypatch):
    """And told so."""
    for each in (clients, streams):
        monkeypatch.setattr(each, "MOST_CLIENTS", 1)
    receiver.send(histogram(durations([1.0], **WHEN)), instance="a")
    assert receiver.send(histogram(durations([1.0], **WHEN)), instance="b") == 1
    assert receiver.trace(tool_span(1.0), instance="c") == 1
    assert receiver.outcomes() == {"ok": 1.0}


def test_one_address_cannot_be_all_clients(receiver, monkeypatch):
    """Nor is one that is gone counted for ever."""
    monkeypatch.setattr(clients, "MOST_CLIENTS_OF_ADDRESS", 1)
    calls = histogram(durations([1.0], **WHEN))
    assert receiver.send(calls, instance="a", address="192.0.2.1") == 0
    assert receiver.send(calls, instance="b", address="192.0.2.1") == 1
    assert receiver.send(calls, instance="c", address="192.0.2.2") == 0
    receiver.now = IDLE_SECONDS + 1
    receiver.page()
    assert receiver.send(calls, instance="b", address="192.0.2.1") == 0


def test_one_client_cannot_have_all_streams(receiver, monkeypatch):
    """However many labels it thinks of."""
    monkeypatch.setattr(streams, "MOST_STREAMS_OF_CLIENT", 2)
    points = [durations([1.0], tool=f"t{n}", **WHEN) for n in range(3)]
    assert receiver.send(histogram(*points), instance="a") == 1
    assert receiver.send(histogram(points[0]), instance="b") == 0
    assert receiver.dropped() == {("metrics", "too_many_streams"): 1.0}


def test_points_with_other_bounds_are_told(receiver):
    """Someone should mend the client."""
    receiver.send(histogram(durations([1.0], bounds=[0.7, 3.0], **WHEN)))
    assert receiver.page().of(catalog.OTLP_COARSE) == {("demo",): 1.0}


def test_the_receiver_is_up_in_every_region_while_it_serves(receiver):
    """So that no calls are no calls, and not an unknown number."""
    up = receiver.page().of(catalog.TOOLS_UP)
    assert up == {("demo", "eu", "otlp"): 1.0, ("demo", "us", "otlp"): 1.0}
