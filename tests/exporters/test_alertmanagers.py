"""Alertmanagers are named by host and port, or by a URL where that is not all."""

import pytest

from exporters.alertmanagers import alerting_entries, read_place, scrape_targets


@pytest.mark.parametrize(
    ("text", "url", "written"),
    [
        ("am:9093", "http://am:9093", "am:9093"),
        ("http://am:9093/", "http://am:9093", "am:9093"),
        ("https://am", "https://am:443", "https://am:443"),
        ("http://[::1]:9093/am/", "http://[::1]:9093/am", "http://[::1]:9093/am"),
    ],
)
def test_a_place_is_read_as_it_is_written(text: str, url: str, written: str):
    """The shortest form that says it is the one that is written."""
    assert (url, written) == (read_place(text).url, read_place(text).written)


@pytest.mark.parametrize(
    "text", ["am", "am:0", "ftp://am:1", "http://", "http://a:b@c:1", "http://a:1/?b", "http://a:x",
             "http://a:1/b c"]
)  # fmt: skip
def test_what_is_no_place_is_refused(text: str):
    """With what was found."""
    with pytest.raises(ValueError, match="found"):
        read_place(text)


def test_prometheus_is_told_of_scheme_and_path():
    """An entry for all that have the same; nothing is said that is so anyway."""
    addresses = ["b:9093", "https://c/am", "a:9093"]
    assert alerting_entries(addresses) == [
        {"static_configs": [{"targets": ["a:9093", "b:9093"]}]},
        {"scheme": "https", "path_prefix": "/am", "static_configs": [{"targets": ["c:443"]}]},
    ]
    assert scrape_targets(addresses) == [
        {"targets": ["a:9093", "b:9093"]},
        {
            "targets": ["c:443"],
            "labels": {"__scheme__": "https", "__metrics_path__": "/am/metrics"},
        },
    ]
