"""What a server tells of itself is read, or left out where it has another shape."""

import pytest

from slo.adopt.found import Targets
from slo.adopt.server_says import (
    read_alertmanagers,
    read_external_labels,
    read_targets,
    says_victoria_metrics,
)

TARGET = {
    "labels": {"job": "a", "instance": "i"},
    "discoveredLabels": {"__meta_x": "y"},
    "scrapeUrl": "http://h:1/metrics",
    "scrapeInterval": "15s",
}


def test_targets_are_read_with_their_interval():
    """Older servers tell none."""
    without = {key: value for key, value in TARGET.items() if key != "scrapeInterval"}
    first, second = read_targets({"activeTargets": [TARGET, without]})

    assert ("http://h:1/metrics", {"__meta_x": "y"}, 15.0) == (
        first.url, first.discovered, first.interval_seconds)  # fmt: skip
    assert second.interval_seconds is None


def test_of_targets_it_is_told_whether_they_answer_and_why_not():
    """One that was not scraped yet has no reason."""
    down = {**TARGET, "health": "down", "lastError": "connection refused"}
    first, second, third = read_targets({
        "activeTargets": [{**TARGET, "health": "up"}, down, {**TARGET, "health": "unknown"}]
    })  # fmt: skip

    assert [(True, ""), (False, "connection refused"), (False, "")] == [
        (each.answers, each.error) for each in (first, second, third)
    ]


@pytest.mark.parametrize(
    "told",
    [None, [], {}, {"activeTargets": None}, {"activeTargets": [1]}, {"activeTargets": [{}]},
     {"activeTargets": [{"scrapeUrl": "x"}]}],
)  # fmt: skip
def test_targets_of_another_shape_are_none(told):
    """Whoever answers so."""
    assert [] == read_targets(told)
    assert not Targets(read_targets(told))


def test_of_targets_with_one_job_and_instance_that_of_the_series_is_found():
    """By all of its labels."""
    other = {**TARGET, "labels": {**TARGET["labels"], "x": "2"}, "scrapeUrl": "http://h:2/metrics"}
    targets = Targets(read_targets({"activeTargets": [TARGET, other]}))

    found = targets.of({"job": "a", "instance": "i", "x": "2", "engine": "0"})
    assert found is not None
    assert "http://h:1/metrics" == targets.of({"job": "a", "instance": "i"}).url
    assert targets.of({"job": "b", "instance": "i"}) is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, True),
        ({"version": "2.24.0"}, True),
        ({"version": "2.42.0", "revision": "a"}, False),
        (None, False),
    ],
)
def test_victoriametrics_is_known_by_what_it_says_of_its_build(told, expected):
    """As release 1.79 answers, and Prometheus."""
    assert expected == says_victoria_metrics(told)


def test_alertmanagers_that_the_configuration_can_name_are_read():
    """Those behind TLS or a path by their URL."""
    urls = ("http://b:9093/api/v2/alerts", "http://a/api/v2/alerts", "https://c/api/v2/alerts",
            "http://d/prefix/api/v2/alerts", 1)  # fmt: skip
    told = {"activeAlertmanagers": [{"url": each} for each in urls]}

    assert ("a:80", "b:9093", "http://d:80/prefix", "https://c:443") == read_alertmanagers(told)
    assert () == read_alertmanagers("what")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "global:\n  external_labels:\n    cluster: prod\n    n: 1\n",
            {"cluster": "prod", "n": "1"},
        ),
        ("global: {}", {}),
        ("", {}),
        ("- a", {}),
        ("a: [", {}),
    ],
)
def test_external_labels_are_read_of_the_configuration(text, expected):
    """Where there are some."""
    assert expected == read_external_labels({"yaml": text})
    assert {} == read_external_labels({})
