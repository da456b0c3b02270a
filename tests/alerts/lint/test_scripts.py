"""Whole runs of the command: files in, what it prints and exits with, one script each.

A script is a YAML file of ``scripts/``: ``command``, ``code``, ``stdout``, ``stderr``, ``files``.
Each breaks good rules in one way.
"""

import shlex
import sys
from pathlib import Path

import pytest
import yaml

import shardwatch
from alerts.lint.table import TABLE

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.yaml"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_command_prints_what_the_script_says(script, tmp_path, monkeypatch, capsys):
    """And exits as it says."""
    said = yaml.safe_load(script.read_text())
    for name, text in said.get("files", {}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["shardwatch", *shlex.split(said["command"])])
    with pytest.raises(SystemExit) as ended:
        shardwatch.main()
    out, err = capsys.readouterr()
    assert said.get("stderr", "") == err
    assert said.get("stdout", "") == out
    assert said["code"] == ended.value.code


def test_every_check_has_a_script():
    """That breaks rules so that it finds something."""
    printed = "".join(yaml.safe_load(each.read_text()).get("stderr", "") for each in SCRIPTS)
    assert [] == [name for name in TABLE.by_id if f" {name}:" not in printed]
