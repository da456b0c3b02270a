"""What a client takes."""

import pytest

from exporters.web.negotiation import OPENMETRICS, TEXT, accepts_gzip, choose_format

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;"
    "q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
    "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    f"q=0.7,{PROMETHEUS_3}"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT),
        (PROMETHEUS_2, OPENMETRICS["1.0.0"]),
        (PROMETHEUS_3, OPENMETRICS["1.0.0"]),
        (PROMETHEUS_PROTOBUF, OPENMETRICS["1.0.0"]),
        ("application/openmetrics-text", OPENMETRICS["0.0.1"]),
        ("application/openmetrics-text; version=0.0.1", OPENMETRICS["0.0.1"]),
        ('application/openmetrics-text; version="1.0.0"', OPENMETRICS["1.0.0"]),
        ("application/openmetrics-text; version=2.0.0", TEXT),
        ("application/openmetrics-text; version=1.0.0; q=0.1, text/plain; q=0.9", TEXT),
        ("application/openmetrics-text; version=1.0.0; q=0", TEXT),
        ("application/openmetrics-text; version=1.0.0; q=most", TEXT),
        ("text/plain; version=0.0.4, application/openmetrics-text; version=1.0.0", TEXT),
        (",;=,;;," * 10_000, TEXT),
    ],
)
def test_the_format_is_the_most_wanted_that_there_is(accept, expected):
    """As Prometheus's client library chooses; who asks for nothing gets text."""
    assert choose_format(accept) == expected


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("x-gzip-like", False),
    ],
)
def test_gzip_is_for_those_who_take_it(accepted, expected):
    """By its name, with a quality above 0."""
    assert accepts_gzip(accepted) is expected
