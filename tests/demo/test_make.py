"""The demo's options as variables of make."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UP = ".venv/bin/shardwatch demo up"


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ([], ""),
        (
            ["SCENARIO=thermal", "STRENGTH=0.5", "GROUPS=4", "SEED=2", "ONCE=1", "STAY=0"],
            "--scenario thermal --strength 0.5 --groups 4 --seed 2 --once",
        ),
        (["ENGINE=vllm", "STAY=1", "OUT=my out"], "--engine vllm --out my out --stay"),
    ],
)
def test_variables_become_options(variables: list[str], options: str):
    """What is not given is left to the command."""
    said = _make("demo", *variables)
    assert f"{UP} {options}".split() == said[-1].replace("'", "").split()


def test_scenarios_run_one_after_the_other_or_several_at_once():
    """A demo needs little, but page times are judged."""
    for variables, at_once in (([], 1), (["AT_ONCE=3"], 3)):
        said = _make("test-scenarios", *variables)
        assert f".venv/bin/python tests/suites.py scenarios --at-once '{at_once}'" == said[-1]


def _make(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
    )  # fmt: skip
    return done.stdout.splitlines()
