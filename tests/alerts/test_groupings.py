"""Objectives are grouped as their owners like: alerts follow, whatever the labels are."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from alerts.build import alerts_group, causes_group, objective_groups
from alerts.burn import NO_CAUSE
from alerts.causes.every import causes, explaining
from alerts.incidents import is_felt_in_cell
from alerts.probable_cause import ENDED, IF_IT_COMES_BACK
from demo.setup.programs import find_program
from exporters.config import Config, read_config
from slo.objective import Objective, Ratio
from slo.promql import selectors
from slo.render import render_groups
from slo.rules import AlertingRule
from tests.alerts.conftest import PROMTOOL_TESTS
from tests.alerts.promql import queries_of

ROUTER = 'shardwatch_router_requests_total{outcome!="rate_limited"}'
FOREIGN = "gateway_requests_total"
OUT = "tool out fails in region eu (mostly timeout)"
"""Evidence of a tool that is out."""

LABELS = 'cluster="demo",region="eu",model="chat",revision="r1",tier="pro"'


def objective(total: str, *grouping_labels: str) -> Objective:
    """Return an objective of 99.9 % with other grouping labels."""
    return Objective(
        name="mine",
        service="inference",
        target=Decimal("0.999"),
        period_seconds=28 * 86400,
        grouping_labels=grouping_labels,
        indicator=Ratio(
            total=f"rate({total}[$window])",
            bad=f"rate({total.partition('{')[0]}{{outcome='timeout'}}[$window])",
        ),
    )


@pytest.fixture(scope="session")
def config() -> Config:
    """Some configuration; its objectives are not used."""
    return read_config(PROMTOOL_TESTS / "config" / "shardwatch.yaml")


GROUPINGS = [
    (ROUTER, ()),
    (ROUTER, ("region",)),
    (ROUTER, ("cluster", "region", "model")),
    (ROUTER, ("region", "model", "tier")),
    (ROUTER, ("tier",)),
    (FOREIGN, ("region", "model")),
    (FOREIGN, ("zone",)),
]
groupings = pytest.mark.parametrize(
    ("total", "labels"),
    GROUPINGS,
    ids=[f"{total.partition('{')[0]} by {labels}" for total, labels in GROUPINGS],
)


@groupings
def test_rules_and_the_queries_of_annotations_are_promql(
    total: str, labels: tuple[str, ...], config: Config
):
    """With no labels at all, with more, with labels that no exporter of ours knows."""
    groups = [*objective_groups(objective(total, *labels), config),
              alerts_group([objective(total, *labels)], config)]  # fmt: skip

    for rule in (rule for group in groups for rule in group.rules):
        selectors(rule.expr)
        for annotation in getattr(rule, "annotations", {}).values():
            for query in queries_of(annotation):
                selectors(query)


@groupings
def test_a_page_of_any_cell_comes_and_holds_in_a_blackout(
    total: str, labels: tuple[str, ...], config: Config, tmp_path: Path
):
    """10 minutes of outage, then nothing at all for 15: no rule fails, and the page is there."""
    mine = objective(total, *labels)
    groups = [*objective_groups(mine, config), alerts_group([mine], config)]
    (tmp_path / "rules.yaml").write_text(render_groups(groups, ["test"]))
    name = total.partition("{")[0]
    series = f'{name}{{{LABELS},zone="z",outcome='
    cell = "".join(
        f',{label}="{value}"'
        for label, value in (("cluster", "demo"), ("region", "eu"), ("model", "chat"),
                             ("tier", "pro"), ("zone", "z"))
        if label in labels
    )  # fmt: skip
    told = ',incident="cell"' if is_felt_in_cell(mine) else ""
    fires = (
        'ALERTS{alertname="ErrorBudgetBurn",alertstate="firing",burn_tier="1h",severity="page",'
        f'slo="mine",service="inference"{told}{cell}}}'
    )
    content = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [
                    {"series": f'{series}"ok"}}', "values": "0+150x20 3000+75x40 stale"},
                    {"series": f'{series}"timeout"}}', "values": "0x20 0+75x40 stale"},
                ],
                "promql_expr_test": [
                    {
                        "expr": 'ALERTS{alertname="ErrorBudgetBurn",burn_tier="1h"}',
                        "eval_time": moment,
                        "exp_samples": expected,
                    }
                    for moment, expected in (
                        ("5m", []),
                        ("15m", [{"labels": fires, "value": 1}]),
                        ("30m", [{"labels": fires, "value": 1}]),
                    )
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(content))

    done = subprocess.run(
        [str(find_program("promtool")), "test", "rules", "test.yaml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr), done.stdout


TOOL = "shardwatch_tool_calls_total"


@pytest.mark.parametrize(
    "objectives",
    {
        "of two sources": [(ROUTER, ("region", "model")), (TOOL, ("region", "model"))],
        "in another order": [(ROUTER, ("region", "model")), (ROUTER, ("model", "region"))],
        "of two groupings": [(ROUTER, ("region", "model")), (TOOL, ("region", "tool"))],
        "with none of ours": [(ROUTER, ()), (FOREIGN, ()), (FOREIGN, ("zone",))],
    }.values(),
)
def test_no_two_rules_give_alerts_of_the_same_labels(
    objectives: list[tuple[str, tuple[str, ...]]], config: Config
):
    """Alertmanager would take them for one, and either rule's recovery would close it."""
    every = [
        replace(objective(total, *labels), name=f"mine-{number}")
        for number, (total, labels) in enumerate(objectives)
    ]
    group = alerts_group(every, config)
    kinds = [
        (rule.alert, tuple(sorted(rule.labels.items())), frozenset(by.replace(" ", "").split(",")))
        for rule in group.rules
        if isinstance(rule, AlertingRule)
        # The outermost aggregation is what gives the alert its labels.
        for by in re.findall(r"^(?:count|group) by \(([^)]*)\)", rule.expr)
    ]

    assert {"TrafficVanished", "EventsBlind"} <= {alert for alert, *_ in kinds}
    assert sorted(set(kinds), key=str) == sorted(kinds, key=str)
    recorded = {f"mine-{number}" for number in range(len(every))}
    for alert in ("TrafficVanished", "EventsBlind"):
        text = " ".join(rule.expr for rule in group.rules if getattr(rule, "alert", "") == alert)
        assert recorded == set(re.findall(r"mine-\d", text)), alert
    for rule in group.rules:
        for annotation in getattr(rule, "annotations", {}).values():
            for query in queries_of(annotation):
                selectors(query)


OF_ROUTERS = {
    "GpuFaulty", "GpuHung", "GpuLost", "GpuNeedsAttention", "GpuThrottled", "HostDown",
    "RegionCapacityLow", "RegionDown", "ShardGroupDead", "ShardGroupDegraded", "ShardGroupStalled",
    "CanaryWorse", "QueueSnowball", "WeightsSlow",
}  # fmt: skip
OF_TOOLS = {"ToolOutage", "CaptchaWave", "ToolSlow", "AgentsLooping"}
OF_OTHERS = {"RevisionSkew", "DataOutsideRegion", "TokensUnbilled", "SafetyBypassed"}


@pytest.mark.parametrize(
    ("total", "some", "none"),
    [
        (ROUTER, OF_ROUTERS, OF_TOOLS | OF_OTHERS),
        (
            "shardwatch_router_time_to_first_token_seconds_count",
            OF_ROUTERS,
            OF_TOOLS | OF_OTHERS,
        ),
        (
            'shardwatch_tool_calls_total{outcome!="cancelled"}',
            OF_TOOLS,
            OF_ROUTERS | OF_OTHERS,
        ),
        ("vllm:request_success_total", OF_ROUTERS | OF_TOOLS, {"RevisionSkew"}),
        (FOREIGN, set(), OF_ROUTERS | OF_TOOLS | OF_OTHERS),
    ],
)
def test_an_objective_is_explained_by_what_its_events_depend_on(
    total: str, some: set[str], none: set[str]
):
    """A tool does not fail for a lost GPU, nor a shop's checkout for anything of the fleet's."""
    found = {cause.name for cause in explaining(causes(15), objective(total, "region"))}

    assert some <= found
    assert not none & found


@pytest.mark.parametrize("target", ["0.999", "1"])
def test_an_alert_about_anybody_elses_series_blames_no_gpu(config: Config, target: str):
    """Nor does it say that the groups exporter is silent, nor cost a look at the whole fleet."""
    foreign = replace(objective(FOREIGN, "zone"), target=Decimal(target))
    rules = [
        rule
        for group in (*objective_groups(foreign, config), alerts_group([foreign], config))
        for rule in group.rules
    ]
    alerts = [
        rule
        for rule in rules
        if isinstance(rule, AlertingRule)
        and rule.alert in ("ErrorBudgetBurn", "ZeroToleranceBroken", "TrafficVanished")
    ]

    assert "shardwatch:cause:state" not in {getattr(rule, "record", "") for rule in rules}
    assert len(alerts) >= 2
    for alert in alerts:
        assert not {"probable_cause", "groups_hit"} & alert.annotations.keys(), alert.alert
        assert "GPU" not in " ".join(alert.annotations.values()), alert.alert


def test_whoever_knows_better_says_whether_causes_are_named():
    """A gateway of others may stand before the fleet, and a series of ours before nothing of it."""
    asked = replace(objective(FOREIGN, "region"), names_causes=True)
    declined = replace(objective(ROUTER, "region"), names_causes=False)

    every = [each for each in causes(15) if each.explains]
    assert every == list(explaining(causes(15), asked))
    assert () == explaining(causes(15), declined)


def test_the_more_a_cause_explains_the_higher_it_ranks():
    """A page names the highest; two of one rank would take turns."""
    ranks = {cause.name: cause.rank for cause in causes(15)}

    expected = ["GpuLost", "ShardGroupDead", "ShardGroupStalled", "CanaryWorse", "CaptchaWave",
                "ToolOutage", "ToolSlow", "SafetyBypassed", "AnswersDisagree"]  # fmt: skip
    assert expected == sorted(expected, key=lambda name: -ranks[name])
    assert len(ranks) == len(set(ranks.values()))


def test_another_tools_outage_explains_nothing(config: Config, tmp_path: Path):
    """Where the objective is grouped by tool, the page of one tool does not name another's."""
    mine = objective(TOOL, "region", "tool")
    traffic = (
        # 2 in 10 fail: it burns, and is not out.
        ("slow", "ok", "0+120x40"),
        ("slow", "timeout", "0+30x40"),
        ("out", "timeout", "0+150x40"),
    )

    told = told_of_burns(mine, traffic, "10m", config, tmp_path)

    assert NO_CAUSE == told["slow"]["probable_cause"]
    assert OUT in told["out"]["probable_cause"]


def test_a_cause_that_has_just_ended_is_named_and_said_to_have(config: Config, tmp_path: Path):
    """A page comes up to its short window later than its last bad event."""
    mine = objective(TOOL, "region", "tool")
    # At the end 2 of the last 5 minutes were bad: it burns, and half of the calls are good again.
    traffic = (("out", "timeout", "0+150x40 6000x12"), ("out", "ok", "0x40 150+150x12"))

    [told] = told_of_burns(mine, traffic, "13m", config, tmp_path).values()

    assert told["probable_cause"] == f"ToolOutage: {OUT}{ENDED}"
    assert "1970-01-01" in told["cause_since"]
    # Nobody is sent to take down what is well again.
    assert f"{IF_IT_COMES_BACK}let agents do without out, and call its owner" == told["first_step"]


def told_of_burns(
    mine: Objective,
    traffic: Sequence[tuple[str, str, str]],
    at: str,
    config: Config,
    folder: Path,
) -> dict[str, dict[str, str]]:
    """Return by tool the annotations of the pages of an objective of tools, by promtool.

    Args:
        mine: grouped by tool.
        traffic: tools, outcomes and promtool's values of their calls.
        at: when the alerts are looked at.
        config: of the rules.
        folder: for promtool's files.
    """
    groups = [causes_group(config), *objective_groups(mine, config)]
    (folder / "rules.yaml").write_text(render_groups(groups, ["test"]))
    where = 'cluster="demo",region="eu",model="chat",tool'
    content = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [
                    {"series": f'{TOOL}{{{where}="{tool}",outcome="{outcome}"}}', "values": values}
                    for tool, outcome, values in traffic
                ],
                "alert_rule_test": [
                    {"alertname": "ErrorBudgetBurn", "eval_time": at, "exp_alerts": []}
                ],
            }
        ],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(content))
    done = subprocess.run(
        [str(find_program("promtool")), "test", "rules", "test.yaml"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    # promtool shows what it got: every alert with its annotations.
    got = (done.stdout + done.stderr).partition("got:")[2]
    return {
        re.findall(r'tool="(\w+)"', each)[0]: dict(re.findall(r'(\w+)="([^"]*)"', each))
        for each in re.sub(r"\s+", " ", got).split("Labels:")[1:]
    }
