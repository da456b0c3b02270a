"""Two clusters on one Alertmanager: each is led to its own receivers, in whatever order pasted."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from alerts.doctor.testing.servers import get, request, wait_for
from alerts.routing.names import fragment_naming
from demo.setup.programs import find_program
from tests.alerts.pasting.test_command import paste
from tests.dashboards.next_steps.test_next_steps import THEIR_ALERTMANAGER
from tests.kubernetes.configuring import PLAIN, TOPOLOGY, write

NONE: dict[str, list[str]] = {name: [] for name in ("gpu", "groups", "router", "tools")}
KEY = "0123456789abcdef0123456789abcdef"
CLUSTERS = ("prod", "canary")
THEIRS = """\
inhibit_rules:
route:
  receiver: theirs
  routes:
receivers:
- name: theirs
"""
SAID = (
    "  has lines of other clusters: what is pasted leads alerts that say cluster=canary alone, as "
    "those of a Prometheus with `external_labels: {cluster: canary}`\n"
)
BURN = {"alertname": "ErrorBudgetBurn", "severity": "page", "slo": "chat-ttft", "service": "chat"}
WATCHDOG = {"alertname": "Watchdog", "severity": "none", "watches": "shardwatch"}


def pages(cluster: str) -> str:
    """Return the receiver of a cluster's pages."""
    return fragment_naming((), cluster).of("pagerduty", "page")


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """A configuration of each cluster, and one Alertmanager's file."""
    (tmp_path / "alertmanager.yml").write_text(THEIRS)
    found = {name: tmp_path / name for name in CLUSTERS}
    for name, folder in found.items():
        folder.mkdir()
        (folder / "key").write_text(KEY)
        pager = {"routing_key_file": "key"}
        write(folder, {**PLAIN, "pagerduty": pager, "exporters": NONE},
              {**TOPOLOGY, "cluster": name})  # fmt: skip
    return found


@pytest.fixture
def alertmanager(folders: dict[str, Path], free_ports: tuple[int, int]) -> Iterator[str]:
    """The address of an Alertmanager that runs on that file, with both clusters in it."""
    folder = folders["prod"].parent
    for each in folders.values():
        assert 0 == paste(each, str(folder / "alertmanager.yml"))[0]
    port, mesh = free_ports
    command = [str(find_program("alertmanager")), f"--config.file={folder}/alertmanager.yml",
               f"--storage.path={folder}/am", f"--web.listen-address=127.0.0.1:{port}",
               f"--cluster.listen-address=127.0.0.1:{mesh}",
               f"--cluster.advertise-address=127.0.0.1:{mesh}"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/-/ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def receivers(url: str, labels: dict[str, str]) -> list[str]:
    """Return to whom an Alertmanager leads an alert."""
    request(f"{url}/api/v2/alerts", method="POST", content=[{"labels": labels}])
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for each in json.loads(get(f"{url}/api/v2/alerts")):
            if each["labels"] == labels:
                return sorted(receiver["name"] for receiver in each["receivers"])
        time.sleep(0.1)
    raise AssertionError(f"{labels} does not arrive")


def test_alertmanager_leads_each_clusters_alerts_to_its_own_receivers(alertmanager, folders):
    """What says no cluster goes to the first; once that is pasted again, to nobody of ours."""
    assert [pages("")] == receivers(alertmanager, {**BURN, "cluster": "prod"})
    assert [pages("canary")] == receivers(alertmanager, {**BURN, "cluster": "canary"})
    assert [pages("")] == receivers(alertmanager, BURN)
    assert ["shardwatch-watchdog"] == receivers(alertmanager, {**WATCHDOG, "cluster": "prod"})
    assert ["shardwatch-canary-watchdog"] == receivers(
        alertmanager, {**WATCHDOG, "cluster": "canary"}
    )

    file = folders["prod"].parent / "alertmanager.yml"
    assert 0 == paste(folders["prod"], str(file))[0]
    request(f"{alertmanager}/-/reload", method="POST")
    for name in CLUSTERS:
        assert [pages(name)] == receivers(alertmanager, {**BURN, "cluster": name, "model": "a"})
    assert ["theirs"] == receivers(alertmanager, {**BURN, "model": "a"})


def test_a_second_cluster_is_told_by_what_its_alerts_are_known(folders):
    """And taken out again, the file is what it was with the first alone."""
    file = folders["prod"].parent / "alertmanager.yml"
    paste(folders["prod"], str(file))
    first = file.read_bytes()

    code, said = paste(folders["canary"], str(file))
    assert (0, True) == (code, SAID in said), said
    assert "is as it was" in paste(folders["canary"], str(file))[1]
    paste(folders["canary"], "--undo", str(file))
    assert first == file.read_bytes()


@pytest.mark.parametrize("labels", [{}, {"cluster": "other"}])
def test_a_prometheus_that_says_another_cluster_is_refused_beside_lines_of_others(folders, labels):
    """Every page would go to others: nothing is written. What a variable says, nobody knows."""
    file, server = (folders["prod"].parent / f"{name}.yml" for name in ("alertmanager", "prom"))
    server.write_text(yaml.safe_dump({"global": {"external_labels": labels}}))
    both = str(server), str(file)
    (folders["prod"] / "out/rules").mkdir(parents=True)
    (folders["prod"] / "out/rules/a.yaml").write_text("groups: []\n")
    (folders["canary"] / "out").symlink_to(folders["prod"] / "out")
    assert 0 == paste(folders["prod"], str(file))[0]
    before = file.read_bytes(), server.read_bytes()

    code, said = paste(folders["canary"], *both)
    found = "cluster: other" if labels else "no cluster"
    assert 2 == code, said
    assert (
        f"{server}: found {found} in its external_labels; {file} has lines of other clusters, so "
        "that what is pasted leads alerts that say cluster=canary alone: every page would go to "
        "others; write `external_labels: {cluster: canary}` under global:, and paste again"
    ) == said
    assert before == (file.read_bytes(), server.read_bytes())

    said_by_it = {"canary": True, "$CLUSTER": True, "prod": False}
    for name, is_taken in said_by_it.items():
        server = server.with_name(f"{name}.yml")
        server.write_text(yaml.safe_dump({"global": {"external_labels": {"cluster": name}}}))
        code, said = paste(folders["canary"], str(server), str(file))
        assert is_taken == (code == 0), said


def test_keys_that_the_first_brought_are_to_be_written_before_the_second(folders):
    """All that are missing are told at once; a key of theirs stays when a cluster goes."""
    file = folders["prod"].parent / "alertmanager.yml"
    file.write_text(yaml.safe_dump(THEIR_ALERTMANAGER))
    paste(folders["prod"], str(file))
    before = file.read_bytes()

    code, said = paste(folders["canary"], str(file))
    assert (2, 2) == (code, len(said.splitlines()))
    for key in ("route: routes:", "inhibit_rules:"):
        assert (
            f"found {key} among the lines of the cluster prod, expected it above them; take those "
            f'out (--undo --cluster "prod"), write {key} with nothing after it, and paste both'
        ) in said
    assert before == file.read_bytes()
