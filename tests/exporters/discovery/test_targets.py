"""Targets of Prometheus's service discovery, from files and from services."""

import json

import pytest

from exporters.discovery import targets
from exporters.discovery.targets import ask_service, find_files, read_files
from exporters.problems import InputError
from exporters.testing import Reply

GROUPS = [
    {"targets": ["h1:8000", "h2:8000"], "labels": {"group": "g", "region": "eu"}},
    {"targets": ["h3:8000"]},
]
EXPECTED = [
    ("h1:8000", {"group": "g", "region": "eu"}, "[0].targets[0]"),
    ("h2:8000", {"group": "g", "region": "eu"}, "[0].targets[1]"),
    ("h3:8000", {}, "[1].targets[0]"),
]


def told(found, source) -> list:
    """What was found, without the source's name."""
    return [(t.address, t.labels, t.origin.removeprefix(f"{source}: ")) for t in found]


def test_targets_are_read_from_json_and_yaml(tmp_path):
    """Labels may look like numbers, which YAML does not tell from text."""
    file = tmp_path / "targets.json"
    file.write_text(json.dumps(GROUPS))
    assert told(read_files([file]), file) == EXPECTED
    file = tmp_path / "targets.yml"
    file.write_text("- targets: [h:1]\n  labels: {index: 0, size: 1.10, leader: true, of: 007}\n")
    ((_, labels, _),) = told(read_files([file]), file)
    assert labels == {"index": "0", "size": "1.10", "leader": "true", "of": "7"}


def test_patterns_stand_for_the_files_that_are_there(tmp_path):
    """In the last part of a path, as in Prometheus; sorted, and each once."""
    for name in ("b.json", "a.json", "c.txt"):
        (tmp_path / name).write_text("[]")
    found = find_files(["*.json", "a.json", "sub/*.json", "gone.json"], tmp_path)
    assert [file.name for file in found] == ["a.json", "b.json", "gone.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{targets: h1}]", ":1:3: [0].targets: found 'h1', expected a list"),
        ("[{targets: [h1], label: {}}]", ":1:18: [0].label: unknown field"),
        ("[{targets: [h1], labels: {a: [b]}}]", ":1:27: [0].labels.a: found ['b'], expected text"),
        ("{}", ":1:1: found {}, expected a list"),
    ],
)
def test_what_is_no_list_of_targets_is_refused_with_its_place(tmp_path, text, message):
    """File, line and what was expected."""
    file = tmp_path / "targets.yml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_files([file])
    assert str(caught.value).replace(": :", ":").startswith(f"{file}{message}")


def test_a_service_is_asked_for_its_targets(pages):
    """As Prometheus's HTTP service discovery does."""
    url = pages.serve("/sd", json.dumps(GROUPS))
    assert told(ask_service(url), url) == EXPECTED


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(status=500), "found HTTP 500, expected 200"),
        (Reply(status=302, headers={"Location": "/elsewhere"}), "found HTTP 302, expected 200"),
        (Reply(b"[" + b" " * 99, cut_after=9), "no whole answer"),
        (Reply(b"\xff"), "byte 0 is not UTF-8"),
        (Reply(b""), "found 0 documents, expected a JSON list"),
        (Reply(b"<html>"), "found '<html>', expected a list"),
        (Reply(b" " * 9999), "no whole answer: more than 5000 bytes"),
        (Reply(b" " * 65536, is_endless=True), "no whole answer: more than 5000 bytes"),
        (Reply(b" " * 999, byte_seconds=0.02), "no whole answer: it took more than 0.3 s"),
        (Reply(delay_seconds=3600.0), "no whole answer: timed out"),
    ],
)
def test_a_service_that_does_not_answer_as_it_should_is_a_problem(
    pages, reply, message, monkeypatch
):
    """In time and within the limits; redirects are not followed."""
    monkeypatch.setattr(targets, "LARGEST_ANSWER_BYTES", 5000)
    monkeypatch.setattr(targets, "DEADLINE_SECONDS", 0.3)
    pages.serve("/elsewhere", json.dumps(GROUPS))
    url = pages.serve("/sd", reply)
    with pytest.raises(InputError) as caught:
        ask_service(url)
    assert message in str(caught.value)
    assert str(caught.value).startswith(url)


def test_a_service_that_is_not_there_is_a_problem():
    """Port 9 discards, where it is served at all."""
    with pytest.raises(InputError, match=r"no whole answer: .*refused"):
        ask_service("http://127.0.0.1:9/sd")
