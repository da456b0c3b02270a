"""``shardwatch paste``: into a stranger's files and out of them, or not at all."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import shardwatch
from tests.alerts.routing.configuring import assert_takes
from tests.dashboards.next_steps.test_next_steps import THEIR_ALERTMANAGER, THEIR_PROMETHEUS
from tests.kubernetes.configuring import PLAIN, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration, and two files of a stranger."""
    write(tmp_path, {**PLAIN, "alertmanager": {"addresses": ["am:9093"]}})
    (tmp_path / "prometheus.yml").write_text(f"# Theirs.\n{yaml.safe_dump(THEIR_PROMETHEUS)}")
    (tmp_path / "alertmanager.yml").write_text(f"# Theirs.\n{yaml.safe_dump(THEIR_ALERTMANAGER)}")
    return tmp_path


def paste(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code, and what it says."""
    options = ["--config", str(folder / "shardwatch.yaml"), "-o", str(folder / "out")]
    done = CliRunner().invoke(shardwatch.app, ["paste", *options, *arguments])
    said = str(done.exception) if done.exception and not done.output else done.output
    return done.exit_code, said.replace(f"{folder}/", "")


def files(folder: Path) -> list[str]:
    """Return the paths of both files."""
    return [str(folder / f"{name}.yml") for name in ("prometheus", "alertmanager")]


def test_both_files_get_what_is_built_for_them(folder: Path):
    """With a copy of what they were."""
    before = [Path(each).read_text() for each in files(folder)]

    assert (0, "pasted into prometheus.yml\npasted into alertmanager.yml\n") == (
        paste(folder, *files(folder))
    )

    (folder / "out").mkdir()
    prometheus, alertmanager = (yaml.safe_load(Path(each).read_text()) for each in files(folder))
    assert [f"{folder}/out/rules/*.yaml", "theirs.yaml"] == prometheus["rule_files"]
    assert THEIR_PROMETHEUS["scrape_configs"] == prometheus["scrape_configs"][-1:]
    assert ["am:9093"] == prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert_takes(alertmanager, folder / "out")
    assert THEIR_ALERTMANAGER["receivers"] == alertmanager["receivers"][-1:]
    assert before == [Path(f"{each}.before-shardwatch").read_text() for each in files(folder)]


def test_pasted_again_nothing_changes_and_undone_they_are_what_they_were(folder: Path):
    """Byte for byte."""
    before = [Path(each).read_bytes() for each in files(folder)]
    paste(folder, *files(folder))

    assert (0, "prometheus.yml is as it was\nalertmanager.yml is as it was\n") == (
        paste(folder, *files(folder))
    )
    assert (0, "took out of prometheus.yml\ntook out of alertmanager.yml\n") == (
        paste(folder, "--undo", *files(folder))
    )
    assert before == [Path(each).read_bytes() for each in files(folder)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scrape_configs: []\n", "scrape_configs: is no list of dashes"),
        ("a: b\n", "is no configuration of a Prometheus or an Alertmanager"),
        ("a: [\n", "not YAML"),
    ],
)
def test_a_file_that_cannot_be_pasted_into_stops_all(folder: Path, text: str, said: str):
    """And says what to do instead."""
    (folder / "prometheus.yml").write_text(text)
    before = (folder / "alertmanager.yml").read_text()

    code, told = paste(folder, *files(folder))

    assert 0 != code
    assert f"prometheus.yml: {said}" in told
    assert before == (folder / "alertmanager.yml").read_text()
    assert not list(folder.glob("*.before-shardwatch"))
