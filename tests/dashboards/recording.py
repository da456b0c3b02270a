"""The rules of cells and of the causes' levels, run by promtool, and what is asked of them."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from alerts.causes.cause import cause_levels
from alerts.causes.every import causes
from alerts.cells import cells_group
from demo.setup.programs import find_program
from slo.render import render_groups
from slo.rules import RuleGroup

CELL = {"cluster": "demo", "region": "eu", "model": "chat"}
ROUTED = {**CELL, "router": "eu", "revision": "r1", "tier": "pro"}
STEPS = 80
"""Of 5 s."""

Series = dict[str, str]


def series(name: str, labels: dict[str, str], **more: str) -> str:
    """Return a series as promtool's inputs and outputs name it."""
    inside = ", ".join(f'{key}="{value}"' for key, value in sorted({**labels, **more}.items()))
    return f"{name}{{{inside}}}"


def rate(per_second: float) -> str:
    """Return a counter's samples."""
    return f"0+{per_second * 5}x{STEPS}"


def check(
    tmp_path: Path,
    inputs: Series,
    expected: dict[str, Series | dict[str, float]],
    *,
    records: bool = True,
) -> None:
    """Hold expressions against their values at six minutes; series by value.

    Args:
        tmp_path: for the files.
        inputs: samples by series.
        expected: values by series, by expression.
        records: whether the rules record; not where what they record is given.
    """
    levels = RuleGroup("levels", 5, cause_levels(causes(5)))
    groups = [cells_group(5), levels] if records else []
    hold(tmp_path, groups, inputs, expected, at="6m")


def hold(
    tmp_path: Path,
    groups: Sequence[RuleGroup],
    inputs: Series,
    expected: Mapping[str, Mapping[str, str | float]],
    *,
    at: str,
) -> None:
    """Hold expressions against the values that they have at a time; series by value.

    Args:
        tmp_path: for the files.
        groups: what records; none where what would be recorded is given.
        inputs: samples by series, of 5 s.
        expected: values by series, by expression.
        at: since the beginning: ``6m``.
    """
    if groups:
        (tmp_path / "rules.yaml").write_text(render_groups(groups, ["shardwatch.yaml"]))
    tests: dict[str, Any] = {
        "rule_files": ["rules.yaml"] if groups else [],
        "evaluation_interval": "5s",
        "tests": [
            {
                "interval": "5s",
                "input_series": [{"series": each, "values": v} for each, v in inputs.items()],
                "promql_expr_test": [
                    {
                        "expr": expr,
                        "eval_time": at,
                        "exp_samples": [
                            {"labels": labels, "value": value} for labels, value in samples.items()
                        ],
                    }
                    for expr, samples in expected.items()
                ],
            }
        ],
    }
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(tests))
    command = [find_program("promtool"), "test", "rules", tmp_path / "tests.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
