"""The rules do what tests/promtool says, by Prometheus's own promtool."""

import json
import subprocess
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.setup.programs import find_program
from tests.alerts.conftest import PROMTOOL_TESTS
from tests.alerts.reading_rules import Rules, rules_for

FILES = sorted(PROMTOOL_TESTS.glob("*.yaml"))


ORDER = "group_eval_order"
"""Of groups, by their names. Without it promtool takes them in an order of its own, another one
each time, and so it does those that it does not name; names that no group has it passes over."""


def run_promtool(
    file: Path, rules: Rules, folder: Path, *, reverse: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a file of rule tests, each with the rules that it reads, groups in the file's order.

    Args:
        file: of tests; without an order of its own, groups are evaluated as they are built.
        rules: what is built.
        folder: to write to.
        reverse: the last group first.
    """
    content = yaml.safe_load(file.read_text())
    content[ORDER] = order_of(content, rules)[:: -1 if reverse else 1]
    texts = yaml.load(file.read_text(), yaml.BaseLoader)  # noqa: S506 - texts alone; else 0x80 is 128
    for test, text in zip(content["tests"], texts["tests"], strict=True):
        test["input_series"] = text["input_series"]
    tests = []
    for number, test in enumerate(content["tests"]):
        own = folder / f"{file.stem}-{number}"
        (own / "rules").mkdir(parents=True)
        for path, part in rules_for(test, rules).items():
            (own / path).write_text(json.dumps(part), encoding="utf-8")  # YAML, and at once
        tests.append(own / "test.yaml")
        tests[-1].write_text(json.dumps({**content, "tests": [test]}), encoding="utf-8")
    return subprocess.run(
        [str(find_program("promtool")), "test", "rules", *map(str, tests)],
        capture_output=True,
        text=True,
        check=False,
    )


def order_of(content: dict[str, Any], rules: Rules) -> list[str]:
    """Return the names of the groups that a file of tests reads, in the order that it asks for."""
    return content.get(ORDER) or groups_read(content, rules)


def groups_read(content: dict[str, Any], rules: Rules) -> list[str]:
    """Return the names of the groups in a test file's files of rules, as they are built."""
    return [
        group["name"]
        for path, held in rules.items()
        if any(fnmatch(path, each) for each in content["rule_files"])
        for group in held["groups"]
    ]


def read_cases() -> list[dict[str, Any]]:
    """Return every case of every file that asks for alerts."""
    return [
        case
        for file in FILES
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test.get("alert_rule_test", [])
    ]


@pytest.fixture(scope="module")
def rules(built: dict[str, str]) -> Rules:
    """What the built files of rules hold, by their path."""
    # libyaml's loader: the other one takes seconds for them.
    return {
        path: yaml.load(text, yaml.CSafeLoader)
        for path, text in built.items()
        if path.startswith("rules/")
    }


@pytest.mark.parametrize("test", FILES, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(test: Path, rules: Rules, tmp_path: Path):
    """Silence, then firing, with exact labels and annotations."""
    done = run_promtool(test, rules, tmp_path)

    assert (0, "") == (done.returncode, done.stderr), done.stdout


def test_an_order_of_groups_names_all_of_them(rules: Rules):
    """And no other: promtool would take the rest in any order, and say nothing."""
    for file in FILES:
        content = yaml.safe_load(file.read_text())
        assert sorted(groups_read(content, rules)) == sorted(order_of(content, rules)), file.name


@pytest.mark.scenario  # the minutes that the tests take, once more
@pytest.mark.parametrize("test", FILES, ids=lambda path: path.stem)
def test_groups_may_be_evaluated_in_any_order_but_where_it_is_said(
    test: Path, rules: Rules, tmp_path: Path
):
    """Each is evaluated at a moment of its own: whoever needs one before another says so."""
    says_so = ORDER in yaml.safe_load(test.read_text())

    done = run_promtool(test, rules, tmp_path, reverse=True)

    assert says_so == (done.returncode != 0), done.stdout + done.stderr


def test_rules_and_configuration_pass_promtools_checks(built_folder: Path):
    """Also its lint: no rule stands there twice."""
    promtool = str(find_program("promtool"))
    checks = (
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "--lint-fatal", *sorted(map(str, built_folder.glob("rules/*.yaml")))],
    )
    for check in checks:
        done = subprocess.run(
            [promtool, *check], cwd=built_folder, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stdout + done.stderr


def test_every_alert_is_tested_firing_and_silent(alerts: list[dict[str, Any]]):
    """An alert without both is not known to work; the watchdog is never silent."""
    cases = read_cases()
    names = {alert["alert"] for alert in alerts}

    assert names == {case["alertname"] for case in cases if case["exp_alerts"]}
    silent = {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert names - {"Watchdog"} == silent


SLOW = ("blackout", "burn", "routers", "vanished")
"""Tests whose rules take promtool ten seconds or more."""


@dataclass(frozen=True)
class Spoil:
    """Something taken out of the rules, and the test that must then fail."""

    what: str
    found: str
    replaced: str
    test: str


SPOILS = (
    Spoil(
        "the cause query of pages",  # behind that of a region's causes, which have no model
        " or shardwatch:cause:state{cause=~",
        " or up{cause=~",
        "burn",
    ),
    Spoil(
        "the cause query of a tool's page", "topk(1, shardwatch:cause:state", "topk(1, up", "tools"
    ),
    Spoil(
        "the hold in a blackout",
        '(slo:traffic_vanished:state{slo="chat-availability"} == 1 or ',
        "(up == 7 and ",
        "blackout",
    ),
    Spoil(
        "the hold while nothing comes",
        "unless ignoring (window)\nslo:burn_rate:ratio",
        "and ignoring (window)\nslo:burn_rate:ratio",
        "blackout",
    ),
    Spoil(
        "the guard against blind cells",
        "unless ignoring (window)\nslo:events_blind:state",
        "unless ignoring (window)\nup",
        "vanished",
    ),
    Spoil("the rank of a lost GPU", "940 * (", "9 * (", "causes"),
    Spoil("that a cause tells of a dead group", '{group!=""}', '{group="nobody"}', "watch"),
    Spoil("that only our rules are looked at", ".*;(shardwatch|slo)-.+", ".*", "watch"),
    Spoil("that a budget is back only with some left", "< 0.02", "< 0", "budget"),
    Spoil("what a router sees end well", 'outcome="ok"', 'outcome="none"', "regions"),
    Spoil(
        "the silence over parts of a region that is down",
        'unless on (cluster, region)\nshardwatch:cause:state{cause="RegionDown"}',
        "unless on (cluster, region)\nup",
        "regions",
    ),
    Spoil(
        "what is away on purpose",
        "deadline_seconds > time())",
        "deadline_seconds > 1e12)",
        "groups",
    ),
    Spoil("a page of engines that answer no more", "shardwatch_group_up == 1", "up == 7", "groups"),
    Spoil("heat on one GPU", ">= 2\n", ">= 1\n", "gpus"),
    Spoil("what the queue's growth asks", "deriv(", "-deriv(", "queues"),
    Spoil(
        "the guard of missing capacity",
        "[2m]) < on (cluster, region, model) 0.9",
        "[2m]) < on (cluster, region, model) 0.1",
        "queues",
    ),
    Spoil("how long the trigger is gone", "[3m]", "[30s]", "queues"),
    Spoil("how many retries are a sign", ":ratio > 1.1\n", ":ratio > 5\n", "queue-signals"),
    Spoil(
        "what feeds a queue that stays",
        'signal=~"amplification|degradation"} > 0',
        'signal=~"amplification|degradation"} >= 0',
        "queue-signals",
    ),
    Spoil("the preemptions of a group", "[5m])) > 0.1)", "[5m])) > 9)", "queue-signals"),
    Spoil("the points that hits fall", "- 0.2)", "- 0.1)", "caches"),
    Spoil("the age of what is evicted", "* 300 < 30", "* 300 < 9000", "caches"),
    Spoil("the growth of all others", "> 3 * clamp_min(", "> 3 + 0 * clamp_min(", "tenants"),
    Spoil("how often limits turn away otherwise", "median > 0.2)", "median > -1)", "tenants"),
    Spoil("the share of a flood", "rate) > 0.5\n", "rate) > 0.01\n", "tenants"),
    Spoil("the share of paid requests", "> 0.05", "> 0.01", "tenants"),
    Spoil("the fewest calls of a tool", ">= 10 / 60", ">= 0 / 60", "tools"),
    Spoil("the fewest requests of a revision", ">= 50", ">= 0", "rollouts"),
    Spoil(
        "that a revision may be on its way out",
        "< 0.5 *",
        "< 0 *",
        "rollouts",
    ),
    Spoil("that a difference may be chance", "> 4\n", "> -4\n", "rollouts"),
    Spoil("the points that a revision is worse", '"error"} > 0.02\n', '"error"} > 0\n', "rollouts"),
    Spoil("the fewest bad requests", '"error"} >= 10\n', '"error"} >= 0\n', "rollouts"),
    Spoil("how often as long loads take", "> 3 * (sum", "> 0 * (sum", "rollouts"),
    Spoil("the fewest loads that make a usual time", ">= 3)", ">= 0)", "rollouts"),
    Spoil(
        "how long revisions may stay apart", "[1d:15m]) > 1", "[1h:15m]) > 1 or vector(0)", "skew"
    ),
    Spoil("the share of captchas", "> 0.1\nand\nsum", "> 0.01\nand\nsum", "agents"),
    Spoil("that captchas are most of what fails", ">= 0.5 * sum", ">= 0 * sum", "agents"),
    Spoil("what chance does to a tool's times", "> 3 / sqrt(", "> 0 / sqrt(", "agents"),
    Spoil(
        "that failures are no slowness",
        " - (sum by (cluster, region, tool)",
        " - (0 * sum by (cluster, region, tool)",
        "agents",
    ),
    Spoil(
        "that a tool is out already",
        "unless on (cluster, region, tool)",
        "unless on (cluster, region, tool) up == 7 and on ()",
        "agents",
    ),
    Spoil("that failing requests are not billed", "> 0.02)", "> 2)", "governance"),
    Spoil("engines that are not seen", "(1 - 2 * (1 -", "(1 - 0 * (1 -", "governance"),
    Spoil("the share of a cell that answers wrongly", ">= 0.2", ">= 0", "answers"),
    Spoil(
        "groups in a roll-out",
        "unless on (cluster, region, model, group)\n(",
        "unless on (cluster, region, model, group) up == 7 and on () (",
        "answers",
    ),
    Spoil("users that tell of a cell themselves", ">= 5)", ">= 500)", "answers"),
    Spoil(
        "that a cell that was told before speaks for itself",
        "shardwatch:cell_pages:state[10m] offset 15s",
        "shardwatch:cell_pages:state[5m] offset 1d",
        "failing-regions",
    ),
    Spoil(
        "that a region's page stands while its cells burn",
        'shardwatch:cause:state{cause="RegionFailing"}\nand on (cluster, region)\n'
        "shardwatch:cell_pages:state",
        'shardwatch:cause:state{cause="RegionFailing"}\nand on (cluster, region)\nup',
        "failing-regions",
    ),
    Spoil(
        "that a region that failed for long is news when it goes down",
        'shardwatch:cause:state{cause="RegionFailing"} offset 10m',
        'shardwatch:cause:state{cause="RegionFailing"} offset 1d',
        "failing-regions",
    ),
    Spoil(
        "that a region that goes down again within minutes is no news",
        'unless on (cluster, region)\nlast_over_time(shardwatch:cause:state{cause="RegionFailing",',
        'unless on (cluster, region)\nlast_over_time(up{cause="RegionFailing",',
        "failing-regions",
    ),
    Spoil("how much lost routers saw", ">= 0.6\n", ">= 0.01\n", "routers"),
    Spoil(
        "that lost routers are judged together",
        "sum by (cluster, region, model) (shardwatch:router_lost:ratio)",
        "max by (cluster, region, model) (shardwatch:router_lost:ratio)",
        "routers",
    ),
    Spoil("what others took over", "(1 + 0.5 *", "(9 + 0.5 *", "routers"),
    Spoil(
        "that routers are one and all",
        "max by (region) (shardwatch_router_up)",
        "min by (region) (shardwatch_router_up)",
        "routers",
    ),
    Spoil(
        "a region that is empty on purpose",
        "(shardwatch:cell_groups_known:count) and sum",
        "(shardwatch:cell_groups_known:count) > 1e9 and sum",
        "regions",
    ),
    Spoil("that a dark region blinds its cells", "+ 180 > on (", "+ 180 < on (", "blackout"),
    Spoil("what was blind before its region", "+ 180 > on (", "+ 86400 > on (", "blackout"),
    Spoil(
        "the other cluster that has the region",
        "(shardwatch:cell_groups_known:count\nunless on (cluster, region)\nALERTS_FOR_STATE",
        "(shardwatch:cell_groups_known:count > 1e9\nunless on (cluster, region)\nALERTS_FOR_STATE",
        "blackout",
    ),
    Spoil(
        "the time in which users come back",
        'alertname="RegionDown",alertstate="firing"}[5m]',
        'alertname="RegionDown",alertstate="firing"}[15s]',
        "vanished",
    ),
    Spoil(
        "that vanished traffic that was told before its region goes on",
        'and on (region, model)\nALERTS{alertname="TrafficVanished"',
        'and on (region, model)\nALERTS{alertname="none"',
        "vanished",
    ),
    Spoil("how long vanished traffic is its region's", "} offset 1h", "} offset 1w", "vanished"),
    Spoil("the wait for a cause", "offset 15s == 1", "offset 15s < 2", "late"),
    Spoil(
        "the causes that end the wait",
        '"page"} and on (region, model)',
        '"nobody"} and on (region, model)',
        "late",
    ),
    Spoil(
        "that bills of idle times even out",
        "< 0.1 * max_over_time",
        "< 0 * max_over_time",
        "metering",
    ),
)


def param_of(spoil: Spoil) -> Any:
    """Return a spoil as a case, which is no change's to pass where its test takes long."""
    marks = [pytest.mark.scenario] if spoil.test in SLOW else []
    return pytest.param(spoil, marks=marks, id=spoil.what)


@pytest.mark.parametrize("spoil", [param_of(each) for each in SPOILS])
def test_rules_without_it_fail_their_tests(spoil: Spoil, rules: Rules, tmp_path: Path):
    """What makes the difference is really tested."""
    spoiled = deepcopy(rules)
    changes = 0
    for content in spoiled.values():
        for rule in (rule for group in content["groups"] for rule in group["rules"]):
            texts = [rule["expr"], *rule.get("annotations", {}).values()]
            changes += sum(spoil.found in each for each in texts)
            rule["expr"] = rule["expr"].replace(spoil.found, spoil.replaced)
            for name, each in rule.get("annotations", {}).items():
                rule["annotations"][name] = each.replace(spoil.found, spoil.replaced)
    assert changes

    done = run_promtool(PROMTOOL_TESTS / f"{spoil.test}.yaml", spoiled, tmp_path)

    assert 1 == done.returncode
    # It ran, and found alerts or samples to be others than expected.
    assert "got:" in done.stdout + done.stderr
