"""Vanished traffic over hours and weeks, by promtool; the rules are evaluated once a minute."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from alerts.blackout import blind_rule, vanished_rule
from alerts.build import objective_groups
from demo.setup.programs import find_program
from exporters.config import Config, read_config
from slo.objective import Objective
from slo.objectives import read_objectives
from slo.render import render_groups
from slo.rules import RuleGroup
from tests.alerts.conftest import PROMTOOL_TESTS

CELL = 'region="eu",model="chat"'
ROUTED = f'{{cluster="demo",{CELL},revision="r1",tier="pro",outcome='
LABELS = f'slo="chat-availability",service="inference",{CELL}'
VANISHED = "slo:traffic_vanished:state == 1"
GONE = [{"labels": f"slo:traffic_vanished:state{{{LABELS}}}", "value": 1}]
PAGES = 'count (ALERTS{alertname="ErrorBudgetBurn",alertstate="firing",burn_tier="1h"})'
PAGED = [{"labels": "{}", "value": 1}]


def availability() -> tuple[Config, Objective]:
    """Return promtool's configuration, scraped once a minute, and its first objective."""
    config = read_config(PROMTOOL_TESTS / "config" / "shardwatch.yaml")
    prometheus = config.file.prometheus.model_copy(update={"scrape_interval": 60.0})
    config = replace(config, file=config.file.model_copy(update={"prometheus": prometheus}))
    objective = next(each for each in read_objectives(config) if each.name == "chat-availability")
    return config, objective


def check(
    folder: Path,
    groups: list[RuleGroup],
    inputs: dict[str, str],
    expected: list[tuple[str, str, list[dict[str, Any]]]],
) -> None:
    """Hold expressions at moments against their samples."""
    (folder / "rules.yaml").write_text(render_groups(groups, ["test"]))
    content = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": k, "values": v} for k, v in inputs.items()],
                "promql_expr_test": [
                    {"expr": expr, "eval_time": moment, "exp_samples": samples}
                    for expr, moment, samples in expected
                ],
            }
        ],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(content))
    done = subprocess.run(
        [str(find_program("promtool")), "test", "rules", "test.yaml"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (0, "") == (done.returncode, done.stderr), done.stdout


def test_an_outage_of_twelve_hours_keeps_its_pages_and_a_closed_cell_loses_them(tmp_path: Path):
    """90 minutes of traffic, failing for the last 10, then none."""
    config, objective = availability()
    check(
        tmp_path,
        list(objective_groups(objective, config)),
        {
            f'shardwatch_router_requests_total{ROUTED}"ok"}}': "0+600x80 48000x1700",
            f'shardwatch_router_requests_total{ROUTED}"timeout"}}': "0x80 600+600x9 6000x1690",
        },
        [
            (PAGES, "89m", PAGED),
            (VANISHED, "89m", []),
            (VANISHED, "100m", GONE),
            (VANISHED, "9h", GONE),
            (PAGES, "9h", PAGED),
            (VANISHED, "13h30m", GONE),
            (PAGES, "13h30m", PAGED),
            (VANISHED, "25h", GONE),
            (VANISHED, "27h30m", []),
            (PAGES, "27h30m", []),
        ],
    )


def test_a_cell_that_comes_back_at_a_quiet_hour_is_let_go(tmp_path: Path):
    """Ten an hour of the day's thousands are few, and they are users: the outage is over."""
    config, objective = availability()
    check(
        tmp_path,
        list(objective_groups(objective, config)),
        {f'shardwatch_router_requests_total{ROUTED}"ok"}}': "0+600x90 54000x600 54001+1x60"},
        [(VANISHED, "11h", GONE), (VANISHED, "11h45m", [])],
    )


def test_last_weeks_busy_hour_tells_that_a_quiet_cell_has_vanished(tmp_path: Path):
    """A quiet night lets nothing be expected; the same hour a week ago was busy, and yesterday."""
    _, objective = availability()
    group = RuleGroup("test", 60, (blind_rule(objective), vanished_rule(objective, 60)))

    def day(busy: str, evening: str, night: str) -> str:
        return f"{busy}x239 {night}x8759 {busy}x359 {evening}x59 {night}x1000"

    check(
        tmp_path,
        [group],
        {
            f'slo:events:count{{{LABELS},window="1h"}}': day("36000", "3600", "216"),
            f"slo:events:rate{{{LABELS}}}": day("10", "1", "0.06"),
            f'slo:events:count{{{LABELS},window="5m"}}': day("3000", "300", "18"),
        },
        [
            # The busy hours lie 4 hours after the start of the week that ends here.
            (VANISHED, "165h", []),
            (VANISHED, "170h", GONE),
        ],
    )


def test_a_busy_week_does_not_haunt_a_cell_that_was_retired_since(tmp_path: Path):
    """Nor does a load test of last week: the last day says what there may be today."""
    _, objective = availability()
    group = RuleGroup("test", 60, (blind_rule(objective), vanished_rule(objective, 60)))
    week = 7 * 24 * 60
    check(
        tmp_path,
        [group],
        {
            f'slo:events:count{{{LABELS},window="1h"}}': f"36000x239 0x{week + 300}",
            f"slo:events:rate{{{LABELS}}}": f"10x239 0x{week + 300}",
            f'slo:events:count{{{LABELS},window="5m"}}': f"3000x239 0x{week + 300}",
        },
        [(VANISHED, "40h", []), (VANISHED, "170h", [])],
    )
