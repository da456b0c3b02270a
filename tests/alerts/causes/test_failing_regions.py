"""Whom a region's page speaks for: nobody of whom somebody was told before it."""

import subprocess
from pathlib import Path

import pytest
import yaml

from alerts.causes.cause import cause_levels, cause_state_rule
from alerts.causes.failing_regions import failing_region_causes
from demo.setup.programs import find_program
from exporters.notifying import Alertmanager
from slo.render import render_groups
from slo.rules import RuleGroup

INTERVAL_SECONDS = 15
SPOKEN_FOR = 'count by (model) (shardwatch:cause:state{cause="RegionSpeaks"})'


def says(folder: Path, notifying: Alertmanager, pages: dict[str, str], models: list[str]) -> str:
    """Return what promtool finds wrong with whom a region speaks for; empty if nothing.

    Args:
        folder: to write to.
        notifying: when alerts are told.
        pages: by model, the samples of its page from minute 10 on, one each 15 seconds.
        models: of those, whom the region should speak for at the end of them.
    """
    causes = failing_region_causes(INTERVAL_SECONDS, notifying)
    rules = (*cause_levels(causes), *map(cause_state_rule, causes))
    group = RuleGroup("causes", INTERVAL_SECONDS, rules)
    (folder / "rules.yaml").write_text(render_groups([group], ["test"]))
    page = 'alertstate="firing",severity="page",incident="cell",cluster="demo",region="eu"'
    series = [
        each
        for model, values in pages.items()
        for each in (
            {
                "series": f'ALERTS{{alertname="ErrorBudgetBurn",{page},model="{model}"}}',
                "values": f"_x40 {values}",
            },
            {
                "series": 'shardwatch_group_up{cluster="demo",region="eu",'
                f'model="{model}",group="{model}-0"}}',
                "values": "1x200",
            },
        )
    ]
    last = max(len(values.split()) for values in pages.values())
    content = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": f"{INTERVAL_SECONDS}s",
        "tests": [
            {
                "interval": f"{INTERVAL_SECONDS}s",
                "input_series": series,
                "promql_expr_test": [
                    {
                        "expr": SPOKEN_FOR,
                        "eval_time": f"{(40 + last) * INTERVAL_SECONDS}s",
                        "exp_samples": [
                            {"labels": f'{{model="{each}"}}', "value": 1} for each in models
                        ],
                    }
                ],
            }
        ],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(content))
    command = [str(find_program("promtool")), "test", "rules", "test.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(
    ("group_wait_seconds", "later", "models"),
    [
        # Told at once, or nearly: the page of before, and that of this very evaluation.
        (5, 2, []),
        (30, 0, ["chat", "code"]),
        # One evaluation may have passed before the first page was seen here.
        (30, 1, ["code"]),
        (120, 6, ["chat", "code"]),
        (120, 7, ["code"]),
    ],
)
def test_a_region_speaks_for_cells_of_which_nobody_was_told(
    group_wait_seconds: float, later: int, models: list[str], tmp_path: Path
):
    """The page of a second cell makes it the region's, so many evaluations after the first's."""
    pages = {"chat": " ".join(["1"] * (later + 1)), "code": " ".join(["_"] * later + ["1"])}
    notifying = Alertmanager(group_wait=group_wait_seconds)

    assert "" == says(tmp_path, notifying, pages, models)


@pytest.mark.parametrize(
    ("group_interval_seconds", "models"),
    [(60, ["chat", "code", "agent"]), (900, ["code", "agent"])],
)
def test_the_end_of_what_was_told_is_told_before_a_region_speaks(
    group_interval_seconds: float, models: list[str], tmp_path: Path
):
    """A page that was told ended twelve minutes before: its end is told with the next flush."""
    pages = {
        "chat": " ".join(["1"] * 10 + ["stale"] + ["_"] * 48),
        "code": " ".join(["_"] * 58 + ["1"]),
        "agent": " ".join(["_"] * 58 + ["1"]),
    }
    notifying = Alertmanager(group_interval=group_interval_seconds)

    assert "" == says(tmp_path, notifying, pages, models)
