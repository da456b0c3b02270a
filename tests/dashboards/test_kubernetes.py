"""Boards as ConfigMaps for Grafana's sidecar."""

import re

import pytest
import yaml
from typer.testing import CliRunner

from dashboards import kubernetes
from dashboards.build import build_boards
from dashboards.cli import app
from dashboards.kubernetes import config_maps
from exporters.problems import InputError

DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,251}[a-z0-9])?")
KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


@pytest.fixture(scope="module")
def maps():
    """The manifests that are written, read."""
    return {name: yaml.safe_load(text) for name, text in config_maps(build_boards()).items()}


def test_each_board_is_a_config_map_of_its_own(maps):
    """Its text is the board's, byte for byte."""
    held = {
        name: [*each["data"].values()] for name, each in maps.items() if each["kind"] == "ConfigMap"
    }
    expected = {name.replace(".json", ".yaml"): [text] for name, text in build_boards().items()}
    assert expected == held


def test_a_sidecar_finds_it_and_puts_it_into_a_folder(maps):
    """By a label and an annotation, whose values are texts."""
    for each in maps.values():
        metadata = each["metadata"]
        assert {"grafana_dashboard": "1"} == metadata["labels"]
        assert {"grafana_folder": "shardwatch"} == metadata["annotations"]


def test_names_are_ones_that_kubernetes_takes_and_nobody_else_has(maps):
    """A sidecar writes all boards that it finds into one folder, by their keys."""
    assert all(DNS_NAME.fullmatch(each["metadata"]["name"]) for each in maps.values())
    keys = [key for each in maps.values() for key in each["data"]]
    assert all(KEY.fullmatch(key) and key.startswith("shardwatch-") for key in keys)
    assert len(set(keys)) == len(keys)


def test_a_board_that_is_too_large_is_refused(monkeypatch):
    """Kubernetes would refuse it, and the sidecar never see it."""
    monkeypatch.setattr(kubernetes, "MOST_BYTES", 100)
    config_maps({"a.json": "x" * (100 - len("shardwatch-a.json"))})
    with pytest.raises(InputError) as refused:
        config_maps({"a.json": "x" * 100})
    assert (
        "a.json: found 117 bytes, expected at most 100 in a ConfigMap; provision this board as a "
        "file"
    ) == str(refused.value)


def test_the_command_writes_them(tmp_path):
    """In place of JSON."""
    done = CliRunner().invoke(app, ["build", "--format", "kubernetes", "-o", str(tmp_path)])
    assert done.exit_code == 0
    written = {path.name: path.read_text() for path in tmp_path.glob("*.yaml")}
    assert config_maps(build_boards()) == written
    assert [] == [*tmp_path.glob("*.json")]
