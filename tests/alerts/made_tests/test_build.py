"""Tests are built beside the rules that they test."""

import subprocess

from alerts.build import build as build_rules
from alerts.made_tests.build import build
from demo.setup.programs import find_program
from exporters.config import read_config
from exporters.generated import write_generated
from tests.alerts.conftest import PROMTOOL_TESTS


def test_what_is_built_passes_its_own_tests(tmp_path):
    """Two files an objective, run as their first lines say."""
    config = read_config(PROMTOOL_TESTS / "config" / "shardwatch.yaml")
    made = build(config)
    write_generated(tmp_path, {**build_rules(config), **made})

    names = ("chat-availability", "chat-ttft", "tool-success")
    assert [f"tests/slo-{name}.{end}" for name in names for end in ("period.yaml", "yaml")] == (
        sorted(made)
    )
    done = subprocess.run(
        [str(find_program("promtool")), "test", "rules", "slo-tool-success.yaml",
         "slo-tool-success.period.yaml"],
        cwd=tmp_path / "tests", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
