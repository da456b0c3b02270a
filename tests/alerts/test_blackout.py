"""Vanished traffic over hours and weeks, by promtool; the rules are evaluated once a minute."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.blackout import (
    blind_rule,
    blind_since_rule,
    counts_traffic,
    usual_rules,
    vanished_rule,
)
from alerts.build import objective_groups
from demo.setup.programs import find_program
from exporters.config import Config, read_config
from slo.objective import Objective, Traffic
from slo.objectives import read_objectives
from slo.render import render_groups
from slo.rules import RecordingRule, RuleGroup
from tests.alerts.conftest import PROMTOOL_TESTS
from tests.alerts.reading_rules import rules_for

CELL = 'region="eu",model="chat"'
ROUTED = f'{{cluster="demo",{CELL},revision="r1",tier="pro",outcome='
LABELS = f'slo="chat-availability",service="inference",{CELL}'
ROUTER = 'region="eu",router="eu"'
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
    interval: str = "1m",
) -> None:
    """Hold expressions at moments against their samples."""
    test = {
        "interval": interval,
        "input_series": [{"series": k, "values": v} for k, v in inputs.items()],
        "promql_expr_test": [
            {"expr": expr, "eval_time": moment, "exp_samples": samples}
            for expr, moment, samples in expected
        ],
    }
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": interval, "tests": [test]}
    rules = yaml.load(render_groups(groups, ["test"]), yaml.CSafeLoader)
    (folder / "rules.yaml").write_text(json.dumps(rules_for(test, {"": rules})[""]))
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


def test_a_batch_that_ended_at_this_hour_last_week_has_not_vanished(tmp_path: Path):
    """Half an hour later this time; of others one went on last week, one ended much earlier now."""
    _, objective = availability()
    group = RuleGroup("test", 240, (blind_rule(objective), vanished_rule(objective, 60)))
    ends = 7 * 24 * 15 + 82

    def cell(model: str, paused: int, steps: int) -> dict[str, str]:
        """Return series in steps of 4 minutes, with a pause last week."""
        labels = LABELS.replace('model="chat"', f'model="{model}"')

        def parts(busy: str, idle: str) -> str:
            until = f"{busy}x{paused - 1} {idle}x{steps - 1} {busy}x{ends - paused - steps - 1}"
            return f"{until} {idle}x50"

        return {
            f'slo:events:count{{{labels},window="1h"}}': parts("36000", "36000"),
            f"slo:events:rate{{{labels}}}": parts("10", "0"),
            f'slo:events:count{{{labels},window="5m"}}': parts("3000", "0"),
        }

    models = "count by (model) (slo:traffic_vanished:state == 1)"
    two = [{"labels": f'{{model="{each}"}}', "value": 1} for each in ("steady", "early")]
    check(
        tmp_path,
        [group],
        {**cell("weekly", 75, 150), **cell("steady", 225, 2), **cell("early", 105, 150)},
        [(models, "173h", []), (models, "173h44m", two)],
        interval="4m",
    )


def test_a_page_that_nobody_can_see_the_reason_of_ends_after_six_hours(tmp_path: Path):
    """90 minutes of traffic, failing for the last 10; then the only router does not answer."""
    config, objective = availability()
    check(
        tmp_path,
        list(objective_groups(objective, config)),
        {
            f'shardwatch_router_requests_total{ROUTED}"ok"}}': "0+600x80 48000x10 stale",
            f'shardwatch_router_requests_total{ROUTED}"timeout"}}': "0x80 600+600x9 stale",
            f'shardwatch_router_up{{cluster="demo",{ROUTER}}}': "1x90 0x500",
        },
        [
            (PAGES, "7h15m", PAGED),
            (PAGES, "7h40m", []),
            ("count(slo:events_blind:state)", "7h40m", [{"labels": "{}", "value": 1}]),
        ],
    )


def test_traffic_that_comes_and_goes_is_only_missed_while_it_hangs(tmp_path: Path):
    """Two cells of an hour's traffic each: one ends, of the other's requests none does any more."""
    config, objective = availability()
    bursty = replace(objective, name="bursty", traffic="bursty")
    hung = ROUTED.replace("chat", "code").removesuffix(",outcome=")
    check(
        tmp_path,
        [*objective_groups(objective, config), *objective_groups(bursty, config)],
        {
            f'shardwatch_router_requests_total{ROUTED}"ok"}}': "0+600x60 36000x60",
            f'shardwatch_router_requests_total{hung},outcome="ok"}}': "0+600x60 36000x60",
            f"shardwatch_router_requests_in_flight{hung}}}": "9x120",
        },
        [
            ("count by (slo, model) (slo:traffic_vanished:state == 1)", "60m", []),
            (
                "count by (slo, model) (slo:traffic_vanished:state == 1)",
                "75m",
                [
                    {"labels": '{slo="bursty",model="code"}', "value": 1},
                    {"labels": '{slo="chat-availability",model="chat"}', "value": 1},
                    {"labels": '{slo="chat-availability",model="code"}', "value": 1},
                ],
            ),
        ],
    )


@pytest.mark.parametrize("traffic", ["steady", "bursty", "none"])
def test_nobody_is_missed_of_an_objective_that_says_so(traffic: Traffic):
    """Then nothing of it is recorded either."""
    config, objective = availability()
    objective = replace(objective, traffic=traffic)
    recorded = [
        rule.record
        for group in objective_groups(objective, config)
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    ]

    assert (traffic != "none") == counts_traffic(objective)
    assert (traffic != "none") == ("slo:traffic_vanished:state" in recorded)


def test_users_who_were_sent_elsewhere_have_not_vanished(tmp_path: Path):
    """Of three cells that lose their traffic one was drained before, and one for one group only.

    The first one's groups serve again after an hour, and its users come back half an hour later.
    """
    _, objective = availability()
    group = RuleGroup("test", 60, (blind_rule(objective), blind_since_rule(objective)))
    group = group.followed_by(vanished_rule(objective, 60))

    def cell(model: str, away: str, serving: str) -> dict[str, str]:
        labels, place = (
            LABELS.replace('model="chat"', f'model="{model}"'),
            f'cluster="demo",region="eu",model="{model}"',
        )
        return {
            f'slo:events:count{{{labels},window="1h"}}': "36000x300",
            f"slo:events:rate{{{labels}}}": "10x59 0x89 10x100",
            f'slo:events:count{{{labels},window="5m"}}': "3000x59 0x89 3000x100",
            f"shardwatch:cell_groups_known:count{{{place}}}": "2x300",
            f"shardwatch:cell_groups_away:count{{{place}}}": away,
            f"shardwatch:cell_groups_serving:count{{{place}}}": serving,
        }

    vanished = "count by (model) (slo:traffic_vanished:state == 1)"
    check(
        tmp_path,
        [group],
        {
            **cell("drained", "_x54 2x65 stale", "2x54 0x65 2x100"),
            **cell("half", "_x54 1x65 stale", "2x54 1x65 2x100"),
            **cell("lost", "_x300", "2x300"),
        },
        [
            (vanished, moment, [
                {"labels": '{model="half"}', "value": 1}, {"labels": '{model="lost"}', "value": 1},
            ])
            for moment in ("70m", "119m", "145m")
        ],
    )  # fmt: skip


def test_what_a_lost_gateway_leaves_does_not_become_usual(tmp_path: Path):
    """Of two gateways one goes: three in four calls of a model are missed, and few of another's.

    The hour's mean falls to what is left within the hour; six later nobody waits for the gateway.
    """
    config = read_config(PROMTOOL_TESTS / "config" / "shardwatch.yaml")
    objective = next(each for each in read_objectives(config) if each.name == "tool-success")

    def calls_of(model: str, hour: str, rate: str) -> dict[str, str]:
        labels = f'slo="tool-success",service="tools",region="eu",model="{model}"'
        return {
            f'slo:events:count{{{labels},window="1h"}}': hour,
            f"slo:events:rate{{{labels}}}": rate,
        }

    up = 'shardwatch_tools_up{cluster="demo",region="eu",gateway='
    blind = "count by (model) (slo:events_blind:state)"
    only_one = [{"labels": '{model="chat"}', "value": 1}]
    check(
        tmp_path,
        [RuleGroup("test", 60, (*usual_rules(objective), blind_rule(objective)))],
        {
            **calls_of("chat", "36000x60 35550-450x59 9000x400", "10x60 2.5x460"),
            **calls_of("code", "36000x520", "10x60 2.5x30 9x430"),
            f'{up}"a"}}': "1x520",
            f'{up}"b"}}': "1x60 0x460",
        },
        [
            (blind, "60m", []),
            (blind, "100m", only_one),
            (blind, "3h", only_one),
            (blind, "6h55m", only_one),
            (blind, "7h5m", []),
        ],
    )
