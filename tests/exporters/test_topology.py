"""``topology.yaml``: what is expected of the cluster, and what is wrong with a file of it."""

import json

import pytest
import yaml

from exporters.problems import InputError
from exporters.topology import expected_gpus, read_topology

GOOD = """\
version: 1
cluster: demo
groups:
- name: eu-chat-0
  region: eu
  model: chat
  revision: r1
  metrics: http://h1:8000/metrics
  members:
  - host: h1
    gpus: [GPU-a, GPU-b]
    telemetry: http://h1:9400/metrics
- name: eu-chat-1
  region: eu
  model: chat
  revision: r1
  metrics: http://h2:8000/metrics
  members:
  - host: h2
    gpus: [GPU-c]
    telemetry: http://h2:9400/metrics
routers:
- {name: eu, region: eu, dialect: demo, metrics: "http://r/metrics"}
tools:
- {name: gateway-eu, region: eu, metrics: "http://t/metrics"}
"""


def write(folder, text):
    """Write a topology; return its path."""
    file = folder / "topology.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def problems_of(file) -> list[str]:
    """What is wrong with a topology, without the folder's name."""
    with pytest.raises(InputError) as caught:
        read_topology(file)
    return [str(each).replace(f"{file.parent}/", "") for each in caught.value.problems]


def test_a_good_topology_is_read(tmp_path):
    """The table below breaks it in one way at a time."""
    topology = read_topology(write(tmp_path, GOOD))
    assert [(gpu.uuid, gpu.host, gpu.group.name) for gpu in expected_gpus(topology)] == [
        ("GPU-a", "h1", "eu-chat-0"),
        ("GPU-b", "h1", "eu-chat-0"),
        ("GPU-c", "h2", "eu-chat-1"),
    ]


def test_json_is_read_as_well(tmp_path):
    """For large clusters: it is faster."""
    as_yaml = read_topology(write(tmp_path, GOOD))
    as_json = read_topology(write(tmp_path, json.dumps(yaml.safe_load(GOOD))))
    assert as_json == as_yaml


BREAKS = {
    "no name": (
        "- name: eu-chat-0\n  region", "- region",
        ["topology.yaml:4:3: groups[0].name: missing, expected a value; add it"]),
    "unknown field": (
        "cluster: demo", "cluster: demo\nclusters: 2",
        ["topology.yaml:3:1: clusters: unknown field; remove it or correct its name"]),
    "unknown field of a member": (
        "  - host: h1", "  - host: h1\n    rack: 7",
        ["topology.yaml:11:5: groups[0].members[0].rack: unknown field; "
         "remove it or correct its name"]),
    "wrong type": (
        "gpus: [GPU-c]", "gpus: GPU-c",
        ["topology.yaml:20:5: groups[1].members[0].gpus: found 'GPU-c', "
         "expected a list"]),
    "a number for a name": (
        "cluster: demo", "cluster: 7",
        ["topology.yaml:2:1: cluster: found 7, expected text"]),
    "another version": (
        "version: 1", "version: 2",
        ["topology.yaml:1:1: version: found 2, expected 1"]),
    "a name of a router for a model of nobody": (
        'dialect: demo, metrics', 'dialect: demo, names: {a: {model: code}}, metrics',
        ["topology.yaml:23:53: routers[0].names.a.model: found 'code', which no group of the "
         "region 'eu' serves; take the model of one of its groups"]),
    "unknown dialect": (
        "dialect: demo", "dialect: nginx",
        ["topology.yaml:23:26: routers[0].dialect: found 'nginx', expected 'demo', "
         "'production-stack', 'envoy', 'envoy-ai-gateway' or 'llm-d'"]),
    "no web address": (
        "metrics: http://h1:8000/metrics", "metrics: h1:8000",
        ["topology.yaml:8:3: groups[0].metrics: found 'h1:8000', "
         "expected an http:// or https:// address"]),
    "a name with a space": (
        "region: eu\n  model: chat\n  revision: r1\n  metrics: http://h1",
        'region: "e u"\n  model: chat\n  revision: r1\n  metrics: http://h1',
        ["topology.yaml:5:3: groups[0].region: found 'e u', "
         "expected plain characters (ASCII) without spaces"]),
    "an empty name": (
        "cluster: demo", 'cluster: ""',
        ["topology.yaml:2:1: cluster: found '', "
         "expected at least 1 character(s)"]),
    "two groups of one name": (
        "- name: eu-chat-1", "- name: eu-chat-0",
        ["topology.yaml:13:3: groups[1].name: found a second group 'eu-chat-0', "
         "expected each once; rename or remove one of them"]),
    "one GPU twice": (
        "gpus: [GPU-c]", "gpus: [GPU-a]",
        ["topology.yaml:20:12: groups[1].members[0].gpus[0]: found a second GPU 'GPU-a', "
         "expected each once; rename or remove one of them"]),
    "one host with two addresses": (
        "- host: h2", "- host: h1",
        ["topology.yaml:21:5: groups[1].members[0].telemetry: found 'http://h2:9400/metrics' for "
         "the host 'h1', which has 'http://h1:9400/metrics' elsewhere; "
         "correct one of them, or the host's name"]),
    "two gateways in one region": (
        "tools:", 'tools:\n- {name: other, region: eu, metrics: "http://t2/metrics"}',
        ["topology.yaml:26:22: tools[1].region: found a second gateway of the region 'eu', "
         "expected each once; rename or remove one of them"]),
    "no groups": (
        GOOD[GOOD.index("groups:"):], "groups: []",
        ["topology.yaml:3:1: groups: found [], expected at least 1 item(s)"]),
    "a key twice": (
        "cluster: demo", "cluster: demo\ncluster: other",
        ["topology.yaml:3:1: cluster: the key 'cluster' stands here twice; keep one of them"]),
    "no YAML": (
        "groups:\n", "groups: [\n",
        ["topology.yaml:4:1: not YAML: did not find expected node content"]),
    "two documents": (
        "routers:", "---\nrouters:",
        ["topology.yaml:23:1: found a second document, expected one only; "
         "put it into a file of its own"]),
    "an alias of nothing": (
        "gpus: [GPU-a, GPU-b]", "gpus: *all",
        ["topology.yaml:11:11: not YAML: found undefined alias"]),
    "depths that a parser dies of": (
        "gpus: [GPU-a, GPU-b]", f"gpus: {'[' * 100_000}",
        ["topology.yaml:11:206: nested too deeply; nest at most 200 levels"]),
    "a time without a zone": (
        "  - host: h2", "  - host: h2\n    draining_until: 2026-12-24 18:00:00",
        ["topology.yaml:20:5: groups[1].members[0].draining_until: found '2026-12-24 18:00:00', "
         "expected a time with its zone: 2026-12-24T18:00:00Z"]),
    "a time that is none": (
        "- name: eu-chat-1", "- name: eu-chat-1\n  draining_until: tomorrow",
        ["topology.yaml:14:3: groups[1].draining_until: found 'tomorrow', "
         "expected a time with its zone: 2026-12-24T18:00:00Z"]),
    "several things": (
        "version: 1\ncluster: demo", "version: 1\ncluster: 7\nname: x",
        ["topology.yaml:2:1: cluster: found 7, expected text",
         "topology.yaml:3:1: name: unknown field; remove it or correct its name"]),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), BREAKS.values(), ids=BREAKS.keys())
def test_what_is_wrong_is_said_with_file_line_and_place(tmp_path, old, new, expected):
    """One message a problem: what was found, what was expected, what to do."""
    assert GOOD.count(old) == 1
    assert problems_of(write(tmp_path, GOOD.replace(old, new))) == expected


@pytest.mark.parametrize("written", ["2026-12-24T18:00:00Z", "'2026-12-24T19:00:00+01:00'"])
def test_a_group_drains_for_as_long_as_it_or_one_of_its_hosts_does(tmp_path, written):
    """As YAML writes times, and as JSON does: in text."""
    host = GOOD.replace("  - host: h2", f"  - host: h2\n    draining_until: {written}")
    both = host.replace(
        "- name: eu-chat-1", "- name: eu-chat-1\n  draining_until: 2026-12-24T17:00:00Z"
    )
    for text in (host, both):
        first, second = read_topology(write(tmp_path, text)).groups
        assert (first.drains_until, second.drains_until) == (None, 1798135200.0)


def test_a_missing_file_is_a_problem(tmp_path):
    """It has no line."""
    assert problems_of(tmp_path / "topology.yaml") == [
        "topology.yaml: no such file; create it or correct the path"
    ]


def test_a_folder_is_no_file(tmp_path):
    """Said as such."""
    (tmp_path / "topology.yaml").mkdir()
    assert problems_of(tmp_path / "topology.yaml") == [
        "topology.yaml: found a directory, expected a file"
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_file_is_a_problem(tmp_path, text):
    """A comment is nothing."""
    assert problems_of(write(tmp_path, text)) == [
        "topology.yaml: found an empty file, expected a document"
    ]


def test_a_file_that_is_not_utf_8_is_a_problem(tmp_path):
    """With the byte."""
    file = tmp_path / "topology.yaml"
    file.write_bytes(b"cluster: \xff\n")
    assert problems_of(file) == ["topology.yaml: byte 9 is not UTF-8; save the file as UTF-8"]


@pytest.mark.parametrize(
    ("metrics", "root"),
    [
        ("http://h:8000/metrics", "http://h:8000"),
        ("http://h/engine/eu-chat-0/metrics", "http://h/engine/eu-chat-0"),
        ("https://h/metrics?x=1", "https://h"),
        ("http://h", "http://h"),
    ],
)
def test_health_and_completions_of_an_engine_stand_beside_its_metrics(metrics, root, make_topology):
    """All of vLLM have one root."""
    (group,) = make_topology(groups=[("eu", "chat", "r1")]).groups
    group = group.model_copy(update={"metrics": metrics})
    assert (f"{root}/health", f"{root}/v1/completions") == (group.health, group.completions)
