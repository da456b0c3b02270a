"""``shardwatch.yaml``, and what is wrong with a file of it."""

from pathlib import Path

import pytest

from exporters.config import PORTS, read_config
from exporters.problems import InputError

TOPOLOGY = """\
version: 1
cluster: demo
groups:
- {name: g, region: eu, model: chat, revision: r1, metrics: "http://h/m", members: [{host: h}]}
"""
KEY = "0123456789abcdef0123456789ABCDEF"
GOOD = """\
topology: topology.yaml
prometheus:
  url: http://127.0.0.1:9090
  scrape_interval: 5s
objectives: ["library:chat"]
pagerduty:
  routing_key_file: key
exporters:
  gpu: ["127.0.0.1:19801"]
"""


def write(folder, text, key: str | bytes | None = f"{KEY}\n") -> Path:
    """Write a configuration with its topology and its key; return its path."""
    (folder / "topology.yaml").write_text(TOPOLOGY)
    if key is not None:
        (folder / "key").write_bytes(key.encode() if isinstance(key, str) else key)
    file = folder / "shardwatch.yaml"
    file.write_text(text)
    return file


def problems_of(file) -> list[str]:
    """What is wrong with a configuration, without the folder's name."""
    with pytest.raises(InputError) as caught:
        read_config(file)
    return [str(each).replace(f"{file.parent}/", "") for each in caught.value.problems]


def test_a_good_configuration_is_read_with_its_topology(tmp_path):
    """Paths are relative to the file; durations are seconds; the rest has defaults."""
    config = read_config(write(tmp_path, GOOD))
    assert config.topology.cluster == "demo"
    assert config.file.prometheus.scrape_interval == 5.0
    assert config.file.exporters.groups == [f"127.0.0.1:{PORTS['groups']}"]
    assert config.resolve("rules") == tmp_path / "rules"


BREAKS = {
    "no topology": (
        "topology: topology.yaml\n", "",
        ["shardwatch.yaml:1:1: topology: missing, expected a value; add it"]),
    "a topology that is not there": (
        "topology: topology.yaml", "topology: nowhere.yaml",
        ["nowhere.yaml: no such file; create it or correct the path"]),
    "unknown field": (
        "objectives:", "objective:",
        ["shardwatch.yaml:1:1: objectives: missing, expected a value; add it",
         "shardwatch.yaml:5:1: objective: unknown field; remove it or correct its name"]),
    "no objective": (
        '["library:chat"]', "[]",
        ["shardwatch.yaml:5:1: objectives: found [], expected at least 1 item(s)"]),
    "no duration": (
        "scrape_interval: 5s", "scrape_interval: 5 seconds",
        ["shardwatch.yaml:4:3: prometheus.scrape_interval: '5 seconds' is no duration such as "
         "15s, 1h30m or 28d"]),
    "a duration below zero": (
        "scrape_interval: 5s", "scrape_interval: -5",
        ["shardwatch.yaml:4:3: prometheus.scrape_interval: found -5, "
         "expected a number above 0"]),
    "a truth value as duration": (
        "scrape_interval: 5s", "scrape_interval: true",
        ["shardwatch.yaml:4:3: prometheus.scrape_interval: found true, "
         "expected a duration such as 15s"]),
    "an infinite duration": (
        "scrape_interval: 5s", "scrape_interval: .inf",
        ["shardwatch.yaml:4:3: prometheus.scrape_interval: found inf, "
         "expected a duration such as 15s, from 1ms to 292 years"]),
    "a duration that is no number": (
        "scrape_interval: 5s", "scrape_interval: .nan",
        ["shardwatch.yaml:4:3: prometheus.scrape_interval: found nan, "
         "expected a duration such as 15s, from 1ms to 292 years"]),
    "a duration that no float holds": (
        "scrape_interval: 5s", f"scrape_interval: 1{'0' * 400}",
        [f"shardwatch.yaml:4:3: prometheus.scrape_interval: found 1{'0' * 400}, "
         "expected a duration such as 15s, from 1ms to 292 years"]),
    "a duration below a millisecond": (
        "scrape_interval: 5s", "scrape_interval: 0.0001",
        ["shardwatch.yaml:4:3: prometheus.scrape_interval: found 0.0001, "
         "expected a duration such as 15s, from 1ms to 292 years"]),
    "a written duration that Prometheus cannot hold": (
        "scrape_interval: 5s", "scrape_interval: 300y",
        ["shardwatch.yaml:4:3: prometheus.scrape_interval: '300y' is longer than a duration may "
         "be, 292 years"]),
    "scrapes faster than exporters answer": (
        "scrape_interval: 5s", "scrape_interval: 1s",
        ["shardwatch.yaml:4:3: prometheus.scrape_interval: found 1s, expected at least 5s, for "
         "exporters wait up to 3s for sources that hang"]),
    "no web address": (
        "url: http://127.0.0.1:9090", "url: 127.0.0.1:9090",
        ["shardwatch.yaml:3:3: prometheus.url: found '127.0.0.1:9090', "
         "expected an http:// or https:// address"]),
    "no host and port": (
        '["127.0.0.1:19801"]', '["19801"]',
        ["shardwatch.yaml:9:9: exporters.gpu[0]: found '19801', "
         "expected HOST:PORT such as 127.0.0.1:19801"]),
    "a port that nobody can connect to": (
        '["127.0.0.1:19801"]', '["127.0.0.1:0"]',
        ["shardwatch.yaml:9:9: exporters.gpu[0]: found '127.0.0.1:0', "
         "expected a port above 0, for others connect to it"]),
    "an exporter that there is not": (
        "  gpu:", "  gpus:",
        ["shardwatch.yaml:9:3: exporters.gpus: unknown field; remove it or correct its name"]),
    "wrong type": (
        "prometheus:\n  url: http://127.0.0.1:9090\n  scrape_interval: 5s",
        "prometheus: http://127.0.0.1:9090",
        ["shardwatch.yaml:2:1: prometheus: found 'http://127.0.0.1:9090', "
         "expected a mapping"]),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), BREAKS.values(), ids=BREAKS.keys())
def test_what_is_wrong_is_said_with_file_line_and_place(tmp_path, old, new, expected):
    """One message a problem: what was found, what was expected, what to do."""
    assert GOOD.count(old) == 1
    assert problems_of(write(tmp_path, GOOD.replace(old, new))) == expected


def test_a_missing_routing_key_is_a_problem(tmp_path):
    """Nobody would be paged."""
    assert problems_of(write(tmp_path, GOOD, key=None)) == [
        "shardwatch.yaml:7:3: pagerduty.routing_key_file: no such file: key; "
        "write the integration's routing key into it"
    ]


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("\n", "found an empty file"),
        ("geheim\n", "found 6 characters"),
        (f"{KEY}\n{KEY}\n", "found 2 lines"),
        (f"{KEY[1:]}-\n", "found other characters"),
        (f"{KEY[1:]}\u00e9\n", "found other characters"),
        (b"abc\xff\n", "byte 3 is not UTF-8"),
    ],
)
def test_what_is_no_routing_key_is_a_problem_that_does_not_tell_it(tmp_path, key, found):
    """PagerDuty would refuse every page."""
    assert problems_of(write(tmp_path, GOOD, key=key)) == [
        f"key: {found}, expected a routing key of 32 letters and digits; "
        "write the integration's routing key into it"
    ]


def test_a_routing_key_that_cannot_be_read_is_a_problem(tmp_path):
    """Said at its place in the configuration, with the reason."""
    file = write(tmp_path, GOOD, key=None)
    (tmp_path / "key").mkdir()
    assert problems_of(file) == [
        "shardwatch.yaml:7:3: pagerduty.routing_key_file: key cannot be read: Is a directory"
    ]


def test_exporters_need_no_routing_key(tmp_path):
    """They run on hosts that have no business with it."""
    file = write(tmp_path, GOOD, key=None)
    assert read_config(file, needs_routing_key=False).topology.cluster == "demo"


def test_problems_of_the_topology_are_said_as_well(tmp_path):
    """With the topology's own file and line."""
    file = write(tmp_path, GOOD)
    (tmp_path / "topology.yaml").write_text(TOPOLOGY.replace("version: 1", "version: 3"))
    assert problems_of(file) == ["topology.yaml:1:1: version: found 3, expected 1"]


def discovering(folder, topology, content: str) -> Path:
    """Write a configuration that finds its topology; return its path."""
    file = write(folder, GOOD.replace("topology: topology.yaml", f"topology: {topology}"))
    (folder / "targets.json").write_text(content)
    return file


TARGETS = """[{"targets": ["h:8000"], "labels": {"group": "g", "region": "eu", "model": "chat"}},
{"targets": ["odd:8000"]}]"""


def test_the_topology_may_be_found_in_files_of_targets(tmp_path):
    """What has no place is known too; everything generated names the files."""
    config = read_config(discovering(tmp_path, "{file_sd: ['*.json'], cluster: demo}", TARGETS))
    assert [group.name for group in config.topology.groups] == ["g"]
    assert [each.reason for each in config.unplaced] == ["no_group"]
    assert [file.name for file in config.generated_from] == ["shardwatch.yaml", "targets.json"]


def test_a_group_that_is_gone_is_forgotten_in_its_time(tmp_path, monkeypatch):
    """Though no file changes then."""
    topology = "{file_sd: ['*.json'], cluster: demo, forget_after: 1m}"
    config = read_config(discovering(tmp_path, topology, TARGETS))
    stamps = [config.topology_stamp]
    now = config.remembered._clock()
    another = TARGETS.replace('"group": "g"', '"group": "one"')
    (tmp_path / "targets.json").write_text(another)
    assert [group.name for group in config.read_topology().topology.groups] == ["g", "one"]
    stamps.append(config.topology_stamp)
    monkeypatch.setattr(config.remembered, "_clock", lambda: now + 120.0)
    stamps.append(config.topology_stamp)
    assert [group.name for group in config.read_topology().topology.groups] == ["one"]
    assert len(set(stamps)) == 3


def test_the_topology_may_be_told_by_a_service(tmp_path, pages):
    """It is no file then."""
    url = pages.serve("/sd", TARGETS)
    config = read_config(discovering(tmp_path, f"{{http_sd: '{url}', cluster: demo}}", ""))
    assert [group.name for group in config.topology.groups] == ["g"]
    assert [file.name for file in config.generated_from] == ["shardwatch.yaml"]


@pytest.mark.parametrize(
    ("topology", "message"),
    [
        (
            "{cluster: demo}",
            "shardwatch.yaml:1:1: topology: found neither file_sd nor http_sd, "
            "expected one of them",
        ),
        (
            "{file_sd: [a.json], http_sd: 'http://h'}",
            "shardwatch.yaml:1:1: topology: found both file_sd and http_sd, expected one of them",
        ),
        (
            "{http_sd: 'ftp://h'}",
            "shardwatch.yaml:1:12: topology.http_sd: found 'ftp://h', expected an http:// or "
            "https:// address",
        ),
        ("{files: []}", "shardwatch.yaml:1:12: topology.files: unknown field; remove it or "
         "correct its name"),
        ("{file_sd: [gone.json]}", "gone.json: no such file; create it or correct the path"),
        ("{file_sd: ['*.yml'], cluster: demo}", "*.yml: found no group in 0 targets; label the "
         "targets of engines"),
        ("{file_sd: [targets.json]}", "targets.json: found no names of the cluster, expected one; "
         "give 'cluster' beside it"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_finding_the_topology_is_said_at_its_place(tmp_path, topology, message):
    """Each once."""
    assert message in problems_of(discovering(tmp_path, topology, TARGETS))
