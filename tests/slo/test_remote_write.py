"""What is written is what Prometheus reads."""

import struct

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from slo.prometheus import PrometheusClient, PrometheusRefusedError, PrometheusUnreachableError
from slo.remote_write import EARLIEST_MS, LATEST_MS, encode_write_request
from slo.series import STALE, Series
from slo.testing import running_prometheus

NOW = 1_760_000_000


def series_of(labels, *samples: tuple[float, float]) -> Series:
    """Return a series of (seconds, value)."""
    times = np.array([round(time * 1000) for time, _ in samples], np.int64)
    return Series(labels, times, np.array([value for _, value in samples], np.float64))


def fields(content: bytes):
    """Yield (number, value) of a protobuf message of varints, doubles and byte strings."""

    def varint(at):
        number = shift = 0
        while True:
            number |= (content[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not content[at - 1] & 0x80:
                return number, at

    at = 0
    while at < len(content):
        key, at = varint(at)
        if key & 7 == 0:
            value, at = varint(at)
        elif key & 7 == 1:
            value, at = struct.unpack_from("<d", content, at)[0], at + 8
        else:
            length, at = varint(at)
            value, at = content[at : at + length], at + length
        yield key >> 3, value


def decode(body: bytes):
    """Return ({name: value}, [(milliseconds, value)]) of each series of a request."""
    found = []
    for _, series in fields(bytes(cramjam.snappy.decompress_raw(body))):
        parts = list(fields(series))
        labels = [dict(fields(part)) for number, part in parts if number == 1]
        samples = [dict(fields(part)) for number, part in parts if number == 2]
        found.append(
            (
                {each[1].decode(): each[2].decode() for each in labels},
                [(each[2], each[1]) for each in samples],
            )
        )
    return found


@given(
    labels=st.dictionaries(st.text(max_size=200), st.text(max_size=200), max_size=5),
    times=arrays(np.int64, st.integers(0, 20), elements=st.integers(EARLIEST_MS, LATEST_MS)),
    value=st.floats(allow_nan=False),
)
def test_a_request_decodes_to_what_was_encoded(labels, times, value):
    """Any labels, any times that we shall see, any values."""
    values = np.full(times.shape, value)

    ((found_labels, samples),) = decode(encode_write_request([Series(labels, times, values)]))

    assert labels == found_labels
    assert [(int(time), value) for time in times] == samples


def test_labels_are_sorted_as_the_protocol_asks():
    """``__name__`` is a label like the others."""
    body = encode_write_request([series_of({"b": "2", "__name__": "n", "a": "1"}, (NOW, 1))])

    assert ["__name__", "a", "b"] == list(decode(body)[0][0])


@pytest.mark.parametrize("time", [EARLIEST_MS - 1, LATEST_MS + 1])
def test_times_of_another_age_are_refused(time):
    """Their varints have another length; seconds taken for milliseconds are found out."""
    series = Series({"__name__": "n"}, np.array([time]), np.array([1.0]))

    with pytest.raises(ValueError, match="found times from"):
        encode_write_request([series])


def test_as_many_values_as_times_are_asked_for():
    """Anything else is a mistake of ours."""
    with pytest.raises(ValueError, match=r"\(2,\) times for \(1,\) values"):
        Series({}, np.array([1, 2]), np.array([1.0]))


def test_series_that_share_samples_are_laid_out_as_if_each_had_its_own():
    """The same memory, a part of it, and the same values elsewhere."""
    one = series_of({"n": "one"}, (NOW, 1.0), (NOW + 1, 2.0))
    every = [
        one,
        Series({"n": "two"}, one.times_ms, one.values),
        Series({"n": "three"}, one.times_ms[1:], one.values[1:]),
        Series({"n": "four"}, one.times_ms + 5, one.values),
        Series({"n": "five"}, one.times_ms + 5, one.values.copy() * 2),
    ]

    expected = [part for each in every for part in decode(encode_write_request([each]))]
    assert expected == decode(encode_write_request(iter(every)))


async def test_prometheus_reads_what_was_written(prometheus, tmp_path):
    """Values to the last bit, ends of series, and its own answers to wrong requests."""
    going = series_of({"__name__": "n", "is": "going"}, (NOW, 0.1), (NOW + 60, 1 / 3))
    ended = series_of({"__name__": "n", "is": "ended"}, (NOW, 1.0), (NOW + 60, STALE))
    with running_prometheus(prometheus, tmp_path) as url:
        async with PrometheusClient(url) as client:
            await client.remote_write([going, ended])

            before = await client.query("n", NOW + 59)
            after = await client.query("n", NOW + 60)
            ranged = await client.query_range("n", NOW, NOW + 60, 60)
            known = await client.series(["n"], NOW, NOW + 60)
            labels = await client.labels(["n"])
            scalar = await client.query("scalar(n{is='going'})", NOW)

            assert {"going": 0.1, "ended": 1.0} == {
                each.labels["is"]: each.value for each in before
            }
            assert [("going", 1 / 3)] == [(each.labels["is"], each.value) for each in after]
            values = {each.labels["is"]: each.values.tolist() for each in ranged}
            assert {"going": [0.1, 1 / 3], "ended": [1.0]} == values
            assert [NOW * 1000] == next(
                each.times_ms.tolist() for each in ranged if each.labels["is"] == "ended"
            )
            assert ["ended", "going"] == sorted(each["is"] for each in known)
            assert ["__name__", "is"] == labels
            assert [0.1] == [each.value for each in scalar]
            with pytest.raises(PrometheusRefusedError, match="parse error"):
                await client.query("n{")
            with pytest.raises(PrometheusRefusedError, match="refused samples: out of order"):
                await client.remote_write([series_of({"__name__": "n", "is": "going"}, (NOW, 7))])


async def test_nobody_there_is_said_so(free_port):
    """With the address."""
    url = f"http://127.0.0.1:{free_port}"
    async with PrometheusClient(url) as client:
        with pytest.raises(PrometheusUnreachableError, match=f"{url} does not answer"):
            await client.query("1")
