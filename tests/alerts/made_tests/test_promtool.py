"""What promtool prints becomes what was expected and what was found."""

from pathlib import Path

import pytest

from alerts.made_tests.promtool import VARIABLE, Failure, find_promtool, read_failures, run_tests
from demo.setup.programs import find_program
from exporters.problems import InputError

SAID = """\
Unit Testing:  slo-x.yaml
  FAILED:
    expr: "# burning: the page of 1h fires\\ncount(ALERTS{alertname=\\"E\\"})", time: 32m,
        exp: {} 1E+00
        got: nil
    expr: "# idle: no alert fires\\ncount(ALERTS)", time: 13m,
        exp: nil
        got: {} 2E+00
"""


def test_failures_are_read_with_case_expectation_and_time():
    """From promtool 2.42's output."""
    assert [
        Failure("burning", "the page of 1h fires", "32m", "1", "none"),
        Failure("idle", "no alert fires", "13m", "none", "2"),
    ] == read_failures(SAID)


def test_a_file_that_promtool_cannot_read_is_bad_input(tmp_path: Path):
    """With what it says of it."""
    file = tmp_path / "broken.yaml"
    file.write_text("tests: 7\n")

    with pytest.raises(InputError, match=r"promtool says: .*cannot unmarshal"):
        run_tests(find_program("promtool"), file)


def test_the_program_is_named_or_of_the_environment_or_on_path(monkeypatch, tmp_path):
    """In this order; and what to do is said where there is none."""
    there = find_program("promtool")
    assert there == find_promtool(there)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(VARIABLE, str(there))
    assert there == find_promtool(None)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(
        InputError, match=rf"promtool: no such program; .* --promtool or {VARIABLE}"
    ):
        find_promtool(None)


def test_a_program_is_named_from_where_the_command_runs(tmp_path: Path, monkeypatch):
    """Tests run in another folder than that."""
    (tmp_path / "promtool").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "promtool").chmod(0o755)
    (tmp_path / "made").mkdir()
    (tmp_path / "made/tests.yaml").write_text("tests: []\n")
    monkeypatch.chdir(tmp_path)

    assert [] == run_tests(find_promtool(Path("./promtool")), Path("made/tests.yaml"))
