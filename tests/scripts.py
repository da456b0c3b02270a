"""Whole runs of a command: files in, what it prints and exits with, one script each.

A script is a YAML file: ``command``, ``code``, ``stdout``, ``stderr``, ``files``.
"""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

import shardwatch
from alerts.lint.grading import Table


def scripts_of(test: str) -> list[Path]:
    """Return the scripts beside a test, given its ``__file__``."""
    return sorted((Path(test).parent / "scripts").glob("*.yaml"))


def play(script: Path, folder: Path, monkeypatch, capsys) -> None:
    """Run a script's command in a folder with its files, and hold what it prints against it."""
    said = yaml.safe_load(script.read_text())
    for name, text in said.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["shardwatch", *shlex.split(said["command"])])
    with pytest.raises(SystemExit) as ended:
        shardwatch.main()
    out, err = capsys.readouterr()
    assert said.get("stderr", "") == err
    assert said.get("stdout", "") == out
    assert said["code"] == ended.value.code


def without_script(table: Table, scripts: Iterable[Path]) -> list[str]:
    """Return the checks of a lint that find nothing in any of the scripts."""
    printed = "".join(yaml.safe_load(each.read_text()).get("stderr", "") for each in scripts)
    return [name for name in table.by_id if f" {name}:" not in printed]
