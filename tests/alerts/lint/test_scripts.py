"""Whole runs of the command. Each script breaks good rules in one way."""

import pytest

from alerts.lint.table import TABLE
from tests.scripts import play, scripts_of, without_script

SCRIPTS = scripts_of(__file__)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_command_prints_what_the_script_says(script, tmp_path, monkeypatch, capsys):
    """And exits as it says."""
    play(script, tmp_path, monkeypatch, capsys)


def test_every_check_has_a_script():
    """That breaks rules so that it finds something."""
    assert [] == without_script(TABLE, SCRIPTS)
