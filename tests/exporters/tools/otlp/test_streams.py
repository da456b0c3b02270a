"""What is new in a data point."""

import random

import pytest

from exporters.tools.otlp import streams as module
from exporters.tools.otlp.decoding import decode_metrics
from exporters.tools.otlp.items import Client
from exporters.tools.otlp.streams import FIRST_ROUND_SECONDS, IDLE_SECONDS, Streams
from exporters.tools.otlp.testing import (
    CUMULATIVE,
    DELTA,
    durations,
    histogram,
    metrics_request,
)

STARTED = 1_000
"""When the receiver started, in seconds since 1970."""
A = Client(b"a", "")


@pytest.fixture
def streams():
    """Of a receiver that started just now."""
    return Streams(STARTED * 10**9)


def point(calls, *, start, time, delta=False, error=""):
    """A point of a client that has made some calls of 1 s since `start`."""
    metric = histogram(
        durations([1.0] * calls, start=start, time=time, error=error),
        temporality=DELTA if delta else CUMULATIVE,
    )
    return decode_metrics(metrics_request(metric))[0].points[0]


def new_calls(streams, given, now=0.0, client=A):
    """How many calls are new, or why none are."""
    made = streams.increment(client, given, now)
    return made if isinstance(made, str) else made.count


def test_a_cumulative_stream_counts_what_was_added(streams):
    """From its start on, if that was after ours."""
    assert new_calls(streams, point(3, start=1_001, time=1_002)) == 3.0
    assert new_calls(streams, point(3, start=1_001, time=1_003)) == 0.0
    assert new_calls(streams, point(5, start=1_001, time=1_004)) == 2.0


def test_increments_have_their_buckets_and_sums(streams):
    """As well as their counts."""
    streams.increment(A, point(3, start=1_001, time=1_002), 0.0)
    made = streams.increment(A, point(5, start=1_001, time=1_003), 0.0)
    assert (made.counts[5], made.counts[6], made.sum) == (0.0, 2.0, 2.0)


def test_a_restarted_client_counts_from_zero(streams):
    """Its start tells, even where it soon has more than before."""
    new_calls(streams, point(3, start=1_001, time=1_002))
    assert new_calls(streams, point(4, start=1_003, time=1_004)) == 4.0


def test_a_client_that_never_tells_its_start_restarts_when_its_count_falls(streams):
    """Its first point counts nothing: nobody knows since when it counts."""
    assert new_calls(streams, point(9, start=0, time=1_002)) == 0.0
    assert new_calls(streams, point(11, start=0, time=1_003)) == 2.0
    assert new_calls(streams, point(4, start=0, time=1_004)) == 4.0


def test_a_restart_of_the_receiver_counts_nothing_twice(streams):
    """What the client counted before belongs to the receiver before this one."""
    assert new_calls(streams, point(500, start=10, time=1_002)) == 0.0
    assert new_calls(streams, point(503, start=10, time=1_003)) == 3.0


def test_a_new_stream_of_a_client_that_was_heard_for_a_while_counts_whole(streams):
    """A first captcha, of an SDK that stamps all streams with the start of the process."""
    new_calls(streams, point(500, start=10, time=1_002), now=0.0)
    later = FIRST_ROUND_SECONDS + 1
    assert new_calls(streams, point(1, start=10, time=1_200, error="captcha"), now=later) == 1.0


def test_points_sent_again_or_out_of_order_do_not_count(streams):
    """Exporters try again when an answer is lost."""
    new_calls(streams, point(3, start=1_001, time=1_005))
    assert new_calls(streams, point(3, start=1_001, time=1_005)) == "repeated"
    assert new_calls(streams, point(2, start=1_001, time=1_004)) == "repeated"
    assert new_calls(streams, point(4, start=1_001, time=1_006)) == 1.0


def test_delta_windows_count_once_each(streams):
    """Also those before our start: what a delta holds was in no other."""
    first = point(3, start=990, time=1_002, delta=True)
    assert new_calls(streams, first) == 3.0
    assert new_calls(streams, first) == "repeated"
    assert new_calls(streams, point(2, start=1_002, time=1_004, delta=True)) == 2.0
    assert new_calls(streams, first) == "repeated"


def test_clients_do_not_mix(streams):
    """Same attributes, same start, other process."""
    other = Client(b"b", "")
    assert new_calls(streams, point(3, start=1_001, time=1_002)) == 3.0
    assert new_calls(streams, point(2, start=1_001, time=1_002), client=other) == 2.0


def test_processes_that_share_an_identity_are_told_apart_by_their_start(streams):
    """A mistake of theirs, which must not make counters jump."""
    assert new_calls(streams, point(100, start=1_001, time=1_010)) == 100.0
    assert new_calls(streams, point(3, start=1_002, time=1_010)) == 3.0
    assert new_calls(streams, point(101, start=1_001, time=1_020)) == 1.0
    assert new_calls(streams, point(3, start=1_002, time=1_020)) == 0.0


def test_an_idle_client_is_forgotten_and_counted_from_there_when_it_comes_back(streams):
    """Neither memory for ever nor its calls twice."""
    new_calls(streams, point(100, start=1_001, time=1_002), now=0.0)
    assert list(streams.forget_idle(IDLE_SECONDS)) == []
    assert list(streams.forget_idle(IDLE_SECONDS + 1)) == [b"a"]
    late = IDLE_SECONDS + 10
    assert new_calls(streams, point(101, start=1_001, time=9_000), now=late) == 0.0
    assert new_calls(streams, point(103, start=1_001, time=9_001), now=late) == 2.0


def test_an_idle_stream_of_a_busy_client_is_forgotten_likewise(streams):
    """A client that restarts every minute has a stream a minute."""
    new_calls(streams, point(100, start=1_001, time=1_002), now=0.0)
    late = IDLE_SECONDS + 1
    new_calls(streams, point(1, start=5_000, time=5_001), now=late)
    assert list(streams.forget_idle(late)) == []
    assert streams._size == 1
    assert new_calls(streams, point(101, start=1_001, time=9_000), now=late) == 0.0


def test_clients_and_streams_are_limited(streams, monkeypatch):
    """What is beyond is told, not counted."""
    monkeypatch.setattr(module, "MOST_CLIENTS", 1)
    monkeypatch.setattr(module, "MOST_STREAMS", 2)
    for delta in (False, True):
        new_calls(streams, point(1, start=1_001, time=1_002, delta=delta))
    for delta in (False, True):
        given = point(1, start=1_001, time=1_002, error="x", delta=delta)
        assert new_calls(streams, given) == "too_many_streams"
    assert new_calls(streams, point(1, start=1_001, time=1_002), client=Client(b"b", "")) == (
        "too_many_clients"
    )


@pytest.mark.parametrize("seed", range(5))
def test_whatever_order_points_come_in_no_call_is_invented(streams, seed):
    """Restarts, repeats and swaps: never more than were made."""
    chance, made, counted = random.Random(seed), 0, 0.0
    start, time, calls = 1_001, 1_001, 0
    sent = []
    for _ in range(200):
        time += 1
        if chance.random() < 0.1:
            start, calls = time, 0
            time += 1
        more = chance.randrange(4)
        calls, made = calls + more, made + more
        sent.append(point(calls, start=start, time=time))
        if chance.random() < 0.3:
            sent.append(chance.choice(sent[-3:]))
        if chance.random() < 0.2:
            sent[-2:] = reversed(sent[-2:])
    for each in sent:
        new = new_calls(streams, each)
        counted += new if isinstance(new, float) else 0.0
    assert counted == made
