"""The boards that shardwatch writes have nothing wrong with them."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

import shardwatch
from alerts.lint import Setting
from alerts.lint.rules import Rules
from dashboards.build import build_boards
from dashboards.lint import lint
from dashboards.lint.json_text import parse_json
from dashboards.lint.reading import boards_of
from dashboards.lint.recorded import our_rules, with_ours
from exporters.config import read_config
from exporters.generated import write_generated
from slo.objectives import library_names
from slo.rule_files import RulesForm
from slo.rule_reading.files import read_rule_files

ROOT = Path(__file__).parents[3]
LIKE_THE_DEMO = ROOT / "tests/alerts/demo_like"
AS_THE_DEMO = Setting(scrape_interval_seconds=5.0, target_labels=frozenset())


def read(files):
    """Return the boards of texts by file name."""
    return [board for name, text in files.items() for board in boards_of(parse_json(text, name))[0]]


@pytest.fixture(scope="module")
def ours():
    """Every board, read as anybody's."""
    return read(build_boards())


BY_TIER = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: customers}
spec: {}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability-of-each-tier
  annotations: {shardwatch.dev/grouping-labels: "region,model,tier"}
spec:
  service: customers
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  objectives: [{target: 0.999}]
  indicator:
    metadata: {name: availability-of-each-tier}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec: {query: 'shardwatch_router_requests_total{outcome="error"}'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: shardwatch_router_requests_total}
"""
"""Somebody's own, with pages: the library promises its customers' tiers only what tickets tell."""


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """The rules of a cluster as the demo's, with every objective that there is, and one more."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(LIKE_THE_DEMO, folder / "config")
    file = folder / "config/shardwatch.yaml"
    content = yaml.safe_load(file.read_text())
    (folder / "config/by-tier.yaml").write_text(BY_TIER)
    library = [f"library:{each}" for each in library_names()]
    content["objectives"] = [*library, "by-tier.yaml"]
    file.write_text(yaml.safe_dump(content))
    write_generated(folder / "out", shardwatch._build_all(read_config(file), RulesForm()))
    return read_rule_files(sorted(folder.glob("out/rules/*.yaml")))


def test_our_boards_are_clean(ours):
    """Of whichever configuration: what each needs stands in the same place on all."""
    assert [] == [str(each) for each in lint(ours)]


def test_our_boards_are_clean_held_against_the_rules_that_are_built(ours, rules):
    """Every label of theirs is one that the rules record, or that the exporters serve."""
    assert [] == [str(each) for each in lint(ours, rules, AS_THE_DEMO)]


def test_a_label_that_our_rules_do_not_record_is_found(ours, rules):
    """So that nothing being found says something."""
    broken = {
        name: text.replace("slo:budget_remaining:ratio{slo", "slo:budget_remaining:ratio{objective")
        for name, text in build_boards().items()
    }
    found = {each.check for each in lint(read(broken), rules, AS_THE_DEMO)}
    assert "promql/label" in found


@pytest.mark.parametrize(
    ("break_it", "check"),
    [
        (lambda panel: panel.pop("description"), "panels/description"),
        (lambda panel: panel["fieldConfig"]["defaults"].pop("unit"), "panels/unit"),
        (lambda panel: panel.update(title=""), "panels/title"),
        (lambda panel: panel.update(id=1), "panels/duplicate-id"),
        (lambda panel: panel["gridPos"].update(y=0), "panels/overlap"),
        (lambda panel: panel["datasource"].update(uid="abc"), "queries/datasource"),
        (lambda panel: panel["targets"][0].update(expr="shardwatch_group_up"), "panels/unbounded"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_mistake_in_our_boards_is_found(break_it, check):
    """In any panel with data."""
    board = json.loads(build_boards()["fleet.json"])
    break_it(next(each for each in board["panels"] if each["type"] == "timeseries"))
    files = {**build_boards(), "fleet.json": json.dumps(board)}
    assert check in {each.check for each in lint(read(files))}


def test_rules_that_are_given_stand_before_those_that_are_known(rules):
    """Somebody may record the same with other labels."""
    names = [each.name for each in with_ours(rules)]
    assert len(rules) == len(names)
    assert {each.name for each in our_rules()} <= set(names)


def test_what_is_recorded_of_cells_is_known_without_a_configuration():
    """Its labels too."""
    found = Rules(with_ours(())).labels.series_labels("shardwatch:cell_capacity:ratio")
    assert [frozenset({"cluster", "region", "model"})] == [each.may.listed for each in found]
