"""The exporters' commands: options that go together."""

import pytest
from typer.testing import CliRunner

from exporters.cli import app


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gpu", "--dcgm-names"], "Invalid value for --dcgm-names: it goes with --local"),
        (["tools", "--tool", "browse"], "Invalid value for --tool: it goes with --otlp"),
    ],
)
def test_an_option_that_would_have_no_effect_is_refused(arguments, message):
    """Whoever gave it meant something."""
    run = CliRunner().invoke(app, arguments, env={"TERM": "dumb", "COLUMNS": "200"})
    assert run.exit_code == 2
    assert message in run.stderr
