"""What promtool prints becomes what was expected and what was found."""

from pathlib import Path

import pytest

from alerts.made_tests.promtool import Failure, read_failures, run_tests
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
