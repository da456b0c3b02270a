"""Boards of objectives that somebody brings: their labels, their windows, nothing of ours."""

import json
import re
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from dashboards.asking import EVERYTHING, every_panel, panel_queries
from dashboards.boards.slo_scope import OURS, scope_of
from dashboards.build import build_boards, build_slo_boards
from dashboards.cli import app
from dashboards.queries.objectives import variable_of
from exporters.problems import InputError
from slo.objectives import read_objective_paths
from slo.promql import selectors
from slo.rule_files import AS_PROMETHEUS_TAKES_THEM, rules_text
from tests.dashboards.bounds import is_bounded
from tests.dashboards.test_boards import grids
from tests.dashboards.test_schema import losses, round_trip

SHOP = """
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}, annotations: {annotations}}}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 7d, isRolling: true}}]
  objectives: [{{target: {target}}}]
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: shop_failures_total}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: shop_requests_total}}}}}}
"""


def objective(name: str, labels: str = "", target: float = 0.99) -> str:
    """Return the text of an objective; without grouping labels it is one cell."""
    annotations = {"shardwatch.dev/grouping-labels": labels} if labels else {}
    if target == 1:
        annotations["shardwatch.dev/zero-tolerance"] = "true"
    return SHOP.format(name=name, annotations=json.dumps(annotations), target=target)


VARIABLES = {**EVERYTHING, "team": ".*", "plan": ".*", "datasource_label": ".*"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder of two objectives, each grouped in its own way."""
    folder = tmp_path / "objectives"
    folder.mkdir()
    for name, labels, target in (("checkout", "team,plan", 0.99), ("search", "team", 0.999)):
        (folder / f"{name}.yaml").write_text(objective(name, labels, target))
    return folder


def boards_of(folder: Path) -> list[dict[str, Any]]:
    """Return the boards of the objectives in a folder, as JSON."""
    return [json.loads(text) for text in build_slo_boards(read_objective_paths([folder])).values()]


def test_the_command_writes_the_two_boards_of_the_objectives_alone(shop: Path, tmp_path: Path):
    """Under names of their own."""
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["build", "--slo", str(shop), "-o", str(out)])
    assert 0 == done.exit_code
    assert {"shop-slo.json", "shop-slo-detail.json"} == {each.name for each in out.glob("*.json")}
    assert "grouping labels" not in done.output


@pytest.mark.parametrize("format_", ["json", "kubernetes"])
def test_boards_of_the_cluster_lie_beside_them_in_one_folder(
    shop: Path, tmp_path: Path, format_: str
):
    """Whichever is built first or again, nothing is removed."""
    out = tmp_path / "out"
    brought = ["build", "--slo", str(shop), "-o", str(out), "--format", format_]
    for options in (["build", "-o", str(out)], brought, ["build", "-o", str(out)], brought):
        done = CliRunner().invoke(app, options)
        assert 0 == done.exit_code, done.output
        assert "removed" not in done.output
    ending = "json" if format_ == "json" else "yaml"
    assert {*build_boards()} < {each.name for each in out.iterdir()}
    assert (out / f"shop-slo.{ending}").exists()


def test_their_uids_are_of_their_service_and_lead_to_each_other(shop: Path):
    """Those of the cluster's boards would replace these in the same Grafana."""
    overview, detail = boards_of(shop)
    assert ["shardwatch-shop-slo", "shardwatch-shop-slo-detail"] == [overview["uid"], detail["uid"]]
    assert "shardwatch / SLO overview: shop" == overview["title"]
    for board, other in ((overview, detail), (detail, overview)):
        assert f"/d/{other['uid']}" in [each["url"] for each in board["links"]]
    assert "/d/shardwatch-shop-slo-detail?" in json.dumps(overview["panels"])
    assert "/d/shardwatch-slo" not in json.dumps([overview, detail])


@pytest.mark.parametrize("service", ["shop", "Shop.of-many_things", "x" * 200, "a,b"])
def test_any_service_makes_a_uid_that_grafana_takes(service: str):
    """Others than short ones are told apart by a digest."""
    scope = replace(OURS, services=tuple(service.split(",")))
    uid = scope.uid_of("shardwatch-slo-detail")
    assert re.fullmatch(r"shardwatch-[a-z0-9-]{1,18}-slo-detail", uid)
    assert ("shop" == scope.slug) == (service == "shop")


def test_several_services_have_boards_of_their_own():
    """Titles name three of them."""
    found = replace(OURS, services=tuple("abcde"))
    assert "SLO overview: a, b, c and 2 more" == found.name_of("shardwatch-slo")
    assert found.slug.startswith("a-b-c-d-e-")


def test_objectives_without_grouping_labels_are_named(tmp_path: Path):
    """Else somebody waits for a variable of what the query sums by."""
    (tmp_path / "a.yaml").write_text(objective("a"))
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["build", "--slo", str(tmp_path / "a.yaml"), "-o", str(out)])
    assert done.output.startswith("a: no grouping labels")
    assert "shardwatch.dev/grouping-labels" in done.output


def test_their_grouping_labels_are_the_variables(shop: Path):
    """Of all of them together, after the data source and the objective."""
    for board in boards_of(shop):
        variables = board["templating"]["list"]
        assert ["datasource", "slo", "team", "plan"] == [each["name"] for each in variables]
        assert 'label_values(slo:events:rate{slo=~"$slo"}, team)' == variables[2]["definition"]


def test_a_label_that_is_called_like_a_variable_of_ours_gets_another_one(tmp_path: Path):
    """The label itself keeps its name."""
    (tmp_path / "a.yaml").write_text(objective("a", "datasource", 0.9))
    board, _ = boards_of(tmp_path)
    names = [each["name"] for each in board["templating"]["list"]]
    assert ["datasource", "slo", "datasource_label"] == names
    assert any(
        'datasource=~"$datasource_label|"' in target["expr"]
        for panel in every_panel(board)
        for target in panel.get("targets", [])
    )


def test_no_two_variables_have_one_name_whatever_labels_are_called(tmp_path: Path):
    """Nor does one have that of what Grafana fills in itself."""
    (tmp_path / "a.yaml").write_text(objective("a", "datasource,datasource_label,timeFilter", 0.9))
    own = ["datasource", "slo"]
    expected = [*own, "datasource_label", "datasource_label_label", "labeltimeFilter"]
    for board in boards_of(tmp_path):
        assert expected == [each["name"] for each in board["templating"]["list"]]
    labels = ("__rate_interval", "label__rate_interval", "labeltimeFilter", "region")
    chosen = [variable_of(each) for each in labels]
    assert ["label__rate_interval", "labellabel__rate_interval"] == chosen[:2]
    assert ["labellabeltimeFilter", "region"] == chosen[2:]


def test_they_ask_for_nothing_but_what_the_rules_of_the_objectives_record(shop: Path):
    """And for alerts, and whether there is traffic, which are recorded with alerts."""
    objectives = read_objective_paths([shop])
    rules = yaml.safe_load(rules_text(objectives, 15, ("shop",), AS_PROMETHEUS_TAKES_THEM))
    recorded = {rule["record"] for group in rules["groups"] for rule in group["rules"]}
    asked = {
        each.name
        for board in boards_of(shop)
        for query in panel_queries(board, VARIABLES)
        for each in selectors(query.expr)
    }
    with_alerts = {"ALERTS", "ALERTS_FOR_STATE", "slo:events_blind:state"}
    assert {"slo:traffic_vanished:state"} | with_alerts == asked - recorded


def test_links_from_values_use_no_variable_that_the_boards_do_not_have(shop: Path):
    """There is no cluster at their top."""
    for board in boards_of(shop):
        assert "${cluster" not in json.dumps(board)


def test_windows_are_those_of_the_objectives_burn_alerts(shop: Path):
    """One graph a tier."""
    _, detail = boards_of(shop)
    titles = [each["title"] for each in every_panel(detail) if each["title"].startswith("Burn")]
    tiers = scope_of(read_objective_paths([shop])).tiers
    expected = [
        f"Burn over {each.long_window} and {each.short_window}: {each.severity}" for each in tiers
    ]
    assert expected == titles
    assert expected


def test_objectives_without_groups_or_budgets_have_boards_as_well(tmp_path: Path):
    """One cell; and of zero tolerance there is no burn to draw."""
    (tmp_path / "a.yaml").write_text(objective("a", "", 1))
    for board in boards_of(tmp_path):
        assert ["datasource", "slo"] == [each["name"] for each in board["templating"]["list"]]
        assert not any("Burn" in each["title"] for each in every_panel(board))


@pytest.mark.parametrize("labels", ["", "team", "a,b,c,d,e,f"])
def test_they_are_boards_like_ours(tmp_path: Path, labels: str):
    """Bounded, without overlap, known to Grafana, each panel with a title of its own."""
    (tmp_path / "a.yaml").write_text(objective("a", labels, 0.9))
    variables = {**VARIABLES, **dict.fromkeys("abcdef", ".*")}
    for board in boards_of(tmp_path):
        assert [] == list(losses(board, round_trip(board)))
        titles = [each["title"] for each in every_panel(board)]
        assert sorted(set(titles)) == sorted(titles)
        for grid in grids(board):
            areas = [each["gridPos"]["w"] * each["gridPos"]["h"] for each in grid]
            height = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in grid)
            assert 24 * height == sum(areas)
        for panel in every_panel(board):
            for target in panel.get("targets", []):
                expr = Template(target["expr"]).substitute(variables)
                assert is_bounded(target["expr"], expr), expr


def test_bad_input_is_told_as_the_rules_command_tells_it(tmp_path: Path):
    """With the file and the place, and nothing is written."""
    (tmp_path / "a.yaml").write_text("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\n")
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["build", "--slo", str(tmp_path / "a.yaml"), "-o", str(out)])
    assert isinstance(done.exception, InputError)
    assert {str(tmp_path / "a.yaml")} == {each.file for each in done.exception.problems}
    assert not out.exists()
