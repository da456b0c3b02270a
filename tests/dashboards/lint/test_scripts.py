"""Whole runs of the command. Each script breaks a good dashboard in one way.

Those called ``dead-panels`` are of boards in the shape of other projects', which ask for names that
vLLM has removed.
"""

import pytest
import yaml

from dashboards.lint.table import TABLE
from exporters.dialects.vllm_changes import read_changes
from tests.scripts import play, scripts_of, without_script

SCRIPTS = scripts_of(__file__)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_command_prints_what_the_script_says(script, tmp_path, monkeypatch, capsys):
    """And exits as it says."""
    play(script, tmp_path, monkeypatch, capsys)


def test_every_check_has_a_script():
    """That breaks a dashboard so that it finds something."""
    assert [] == without_script(TABLE, SCRIPTS)


def test_every_name_that_vllm_removed_is_found_in_the_dead_panels():
    """With what took its place, or why nothing did; two whose histograms say the same apart."""
    dead = [each for each in SCRIPTS if each.stem.startswith("dead-panels")]
    printed = "".join(yaml.safe_load(each.read_text())["stderr"] for each in dead)
    changes = read_changes()
    gone = {*changes.older.values(), *changes.removed}
    missing = {each for each in gone if f"asks for {each}" not in printed}
    assert {"vllm:model_forward_time_milliseconds"} == missing
