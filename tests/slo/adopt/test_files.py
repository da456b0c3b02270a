"""What is written reads back to what was meant."""

import json

import pytest
import yaml

from exporters.config import read_config
from exporters.topology import Topology, read_topology
from slo.adopt.files import Server, topology_path, write_config, write_topology
from slo.adopt.without import MISSED, missed_table

NOW = 1_795_000_000.0


def topology(count):
    """Return a topology of so many groups."""
    groups = [
        {"name": f"g{each}", "region": "eu", "model": "chat", "revision": "r", "engine": "1",
         "metrics": "http://h/metrics", "members": [{"host": "h", "pod": "a/b"}]}
        for each in range(count)
    ]  # fmt: skip
    return Topology.model_validate({"version": 1, "cluster": "c", "groups": groups})


@pytest.mark.parametrize(("count", "name"), [(1, "topology.yaml"), (1000, "topology.json")])
def test_a_topology_reads_back_as_it_was(tmp_path, count, name):
    """As YAML with comments, or from a thousand groups on as JSON, a line each."""
    made = topology(count)
    assert name == topology_path(made)
    file = tmp_path / name
    file.write_text(write_topology(made, [], "http://p", NOW))

    assert made == read_topology(file)


def test_the_json_of_a_large_topology_has_a_line_for_each_group():
    """So that a change of one can be seen."""
    lines = write_topology(topology(1000), [], "http://p", NOW).splitlines()

    groups = [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"name"')]
    assert 1000 == len(groups)


def test_a_configuration_reads_back_with_who_asks(tmp_path):
    """Files of secrets by absolute paths."""
    (tmp_path / "topology.yaml").write_text(write_topology(topology(1), [], "http://p", NOW))
    (tmp_path / "objectives").mkdir()
    (tmp_path / "objectives/raw.yaml").write_text("{}")
    access = {"authorization": {"credentials_file": "/run/token"}}
    server = Server("https://p/prometheus", access, 30.0, ["a:9093", "b:9093"])
    file = tmp_path / "shardwatch.yaml"
    file.write_text(write_config(topology(1), server, NOW))

    read = read_config(file).file
    assert ("https://p/prometheus", 30.0) == (read.prometheus.url, read.prometheus.scrape_interval)
    assert "/run/token" == str(read.prometheus.http_client_config.authorization.credentials_file)
    assert ["a:9093", "b:9093"] == read.alertmanager.addresses


def test_a_server_without_alertmanager_says_so_in_a_comment():
    """Somebody has to name it."""
    text = write_config(topology(1), Server("http://p", {}, 15.0, []), NOW)

    assert "# The server tells no Alertmanager" in text
    assert "alertmanager" not in yaml.safe_load(text)


def test_whom_pages_wake_is_said_where_it_was_asked_for(tmp_path):
    """Else it stands there as a comment, to be filled in."""
    server = Server("http://p", {}, 15.0, [], tmp_path / "key")

    said = yaml.safe_load(write_config(topology(1), server, NOW))
    assert {"routing_key_file": str(tmp_path / "key")} == said["pagerduty"]
    said = write_config(topology(1), Server("http://p", {}, 15.0, []), NOW)
    assert "# pagerduty: {routing_key_file: pagerduty.key}" in said


def test_what_is_missed_is_a_row_each():
    """For the README, and for what build writes."""
    assert 2 + len(MISSED) == len(missed_table().splitlines())
