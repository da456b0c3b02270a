"""The folder that people see first has what belongs there, and nothing else."""

import subprocess

import pytest

from exporters.benching import ROOT

FILES = {
    ".ci", ".containerignore", ".dockerignore", ".gitignore", "CHANGELOG.md", "Containerfile",
    "LICENSE", "Makefile", "README.md", "pyproject.toml", "requirements", "shardwatch.py",
}  # fmt: skip
PACKAGES = {"alerts", "dashboards", "demo", "docs", "exporters", "slo", "tests"}


def test_the_root_has_no_file_that_nobody_meant_to_commit():
    """A database that a test has left, say. Whoever adds one on purpose names it here."""
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout of git")
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("git is not installed")

    assert FILES | PACKAGES == {each.partition("/")[0] for each in listed.split("\0") if each}
