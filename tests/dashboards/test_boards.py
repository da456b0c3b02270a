"""What every board owes to the person on call."""

import re
from collections import Counter
from collections.abc import Iterator
from string import Template
from typing import Any

import pytest
import yaml

from alerts import links
from alerts.build import build as build_alerts
from dashboards.asking import EVERYTHING, every_panel
from dashboards.layout import COLUMNS, FIRST_SCREEN_HEIGHT
from dashboards.variables import DATASOURCE_REF
from exporters import catalog
from exporters.config import Links
from slo.objectives import LIBRARY, read_objective_paths
from slo.windows import read_tiers
from tests.dashboards.bounds import CHOSEN_ONE, is_bounded

WITHOUT_DATA = ("row", "text")
KNOWN_TYPES = (
    "bargauge", "gauge", "heatmap", "row", "stat", "state-timeline", "table", "text", "timeseries",
)  # fmt: skip


def panels_with_data(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels that show data."""
    return [each for each in every_panel(board) if each["type"] not in WITHOUT_DATA]


def by_uid(boards: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the board of a name."""
    return next(each for each in boards if each["uid"] == f"shardwatch-{name}")


def by_title(board: dict[str, Any], title: str) -> dict[str, Any]:
    """Return the panel with a title."""
    return next(each for each in every_panel(board) if each["title"] == title)


def test_the_uids_never_change(boards):
    """Alerts and bookmarks are made of them: they stand here as they are written there."""
    expected = {
        "shardwatch-cache", "shardwatch-capacity", "shardwatch-fleet", "shardwatch-gpu",
        "shardwatch-group", "shardwatch-itself", "shardwatch-latency", "shardwatch-metering",
        "shardwatch-queue", "shardwatch-regions", "shardwatch-rollout", "shardwatch-slo",
        "shardwatch-slo-detail", "shardwatch-tenants", "shardwatch-tools",
    }  # fmt: skip
    assert expected == {each["uid"] for each in boards}


def test_every_alert_leads_to_a_board_that_exists_and_has_what_it_chooses(boards, config):
    """Alerts are built before dashboards, and name the boards and variables by themselves."""
    variables = {
        each["uid"]: {one["name"] for one in each["templating"]["list"]} for each in boards
    }
    urls = {
        rule["alert"]: rule["annotations"]["dashboard_url"]
        for path, text in build_alerts(config).items()
        if path.startswith("rules/")
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert {"ErrorBudgetBurn", "GpuLost", "ToolOutage", "Watchdog"} <= urls.keys()
    for alert, url in urls.items():
        uid = url.partition("/d/")[2].partition("?")[0]
        assert uid in variables, alert
        assert set(re.findall(r"var-(\w+)=", url)) <= variables[uid], alert


def test_alerts_of_an_objective_lead_to_it_with_all_that_its_cell_is_of(boards):
    """Also the tier or the tool, which a few have; the board offers each."""
    variables = {each["name"] for each in by_uid(boards, "slo-detail")["templating"]["list"]}
    for objective in read_objective_paths([LIBRARY]):
        found = links.objective_link_annotations(Links(), "ErrorBudgetBurn", objective)
        chosen = re.findall(r"var-(\w+)=", found["dashboard_url"])
        assert {"cluster", "slo", *objective.grouping_labels} == set(chosen) <= variables


def test_causes_lead_to_the_board_that_shows_them():
    """With what is said of the place chosen there."""
    found = links.cause_link_annotations(Links(), "GpuLost", (*catalog.GROUP_LABELS, "host"))
    board, _, chosen = found["dashboard_url"].partition("?")
    assert board.endswith("/d/shardwatch-gpu")
    assert ["cluster", "region", "model", "host"] == re.findall(r"var-(\w+)=", chosen)


def test_a_boards_first_panel_asks_the_question_that_the_board_answers(boards):
    """The same sentence describes the board in lists."""
    for board in boards:
        first = board["panels"][0]
        assert ("text", board["description"]) == (first["type"], first["title"])
        assert board["description"].endswith("?")


def test_every_panel_says_what_it_is(boards):
    """Title, description, unit and what stands there when there is nothing."""
    silent = [
        (board["uid"], panel["title"], key)
        for board in boards
        for panel in panels_with_data(board)
        for key, said in {
            "title": panel["title"],
            "description": panel["description"],
            "unit": panel["fieldConfig"]["defaults"]["unit"],
            "noValue": panel["fieldConfig"]["defaults"]["noValue"],
        }.items()
        if not said
    ]
    assert [] == silent
    assert all(panel["title"] for board in boards for panel in every_panel(board))


def test_every_panel_and_query_takes_its_data_source_from_the_variable(boards):
    """A board moves to another Prometheus by one choice at its top."""
    sources = [
        source["datasource"]
        for board in boards
        for panel in panels_with_data(board)
        for source in (panel, *panel["targets"])
    ]
    sources += [each["datasource"] for board in boards for each in board["annotations"]["list"]]
    assert [DATASOURCE_REF] * len(sources) == sources


def test_panel_ids_are_unique_and_given_by_hand(boards):
    """A link to a panel survives that another is put before it."""
    for board in boards:
        counts = Counter(each["id"] for each in every_panel(board))
        assert {1} == set(counts.values())


def test_no_two_panels_of_a_board_have_the_same_title(boards):
    """People say to each other which one they look at."""
    for board in boards:
        counts = Counter(each["title"] for each in every_panel(board))
        assert {} == {title: number for title, number in counts.items() if number > 1}


def test_boards_are_made_of_modern_panels_only(boards):
    """Grafana's old graph panel is gone, and our preview draws these."""
    types = {panel["type"] for board in boards for panel in every_panel(board)}
    assert types <= set(KNOWN_TYPES)


def test_variables_are_the_same_on_all_boards_and_the_data_source_comes_first(boards):
    """A link from board to board carries each of them."""
    expected = ["datasource", "cluster", "slo", "region", "model"]
    for board in boards:
        names = [each["name"] for each in board["templating"]["list"]]
        assert expected == names[: len(expected)]


def test_several_values_or_all_can_be_chosen_and_all_is_the_start(boards):
    """All matches what has no such label too."""
    for board in boards:
        for variable in board["templating"]["list"][1:]:
            if variable["name"] in ("group", "host"):
                continue
            assert variable["multi"]
            assert variable["includeAll"]
            assert (".*", ["$__all"]) == (variable["allValue"], variable["current"]["value"])


def test_of_groups_and_hosts_one_is_chosen_for_all_that_it_serves_is_shown(boards):
    """All of them at once would be every series there is."""
    for board in boards:
        for variable in board["templating"]["list"]:
            if variable["name"] in ("group", "host"):
                assert (False, False) == (variable["multi"], variable["includeAll"])


def test_objectives_are_of_the_tool_and_tier_that_is_chosen_and_say_which(boards):
    """A few are grouped by one of them: without it, four bars have one name."""
    of_some = {
        board["uid"].removeprefix("shardwatch-"): names
        for board in boards
        if (names := {each["name"] for each in board["templating"]["list"]} & {"tool", "tier"})
    }
    both = {"tool", "tier"}
    assert {"slo": both, "slo-detail": both, "tools": {"tool"}, "tenants": {"tier"}} == of_some
    for name, labels in of_some.items():
        selected = [
            (panel["title"], target["legendFormat"], matchers)
            for panel in panels_with_data(by_uid(boards, name))
            for target in panel["targets"]
            for matchers in re.findall(r"\bslo:[\w:]+{([^}]*region[^}]*)}", target["expr"])
        ]
        assert selected
        for title, legend, matchers in selected:
            assert [] == [each for each in labels if f'{each}=~"${each}|"' not in matchers], title
            if "{{region}}" in legend and "{{slo}}" in legend:
                assert [] == [each for each in labels if f"{{{{{each}}}}}" not in legend], title


def test_each_board_leads_to_others_that_there_are_and_keeps_variables_and_time(boards):
    """Whoever follows a link goes on looking at the same thing."""
    addresses = {f"/d/{each['uid']}" for each in boards}
    for board in boards:
        *following, menu = board["links"]
        assert following
        assert ("dashboards", ["shardwatch"]) == (menu["type"], menu["tags"])
        assert {each["url"] for each in following} <= addresses - {f"/d/{board['uid']}"}
        assert {(True, True)} == {
            (each["includeVars"], each["keepTime"]) for each in board["links"]
        }


def test_every_board_can_be_reached_from_another(boards):
    """By a link at its top, and not by the menu alone."""
    reached = {each["url"] for board in boards for each in board["links"]}
    assert {f"/d/{each['uid']}" for each in boards} == reached - {""}


def test_alerts_and_rollouts_are_drawn_on_the_graphs(boards):
    """Pages and new revisions always, tickets when asked for."""
    for board in boards:
        drawn = [(each["name"], each["enable"]) for each in board["annotations"]["list"]]
        assert [("Pages", True), ("Tickets", False), ("Rollouts", True)] == drawn


def grids(board: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Give the panels that stand on the board, and those of each row that is closed."""
    yield board["panels"]
    yield from (each["panels"] for each in board["panels"] if each.get("panels"))


def test_panels_fill_the_width_and_never_overlap(boards):
    """Every cell of the grid belongs to one panel."""
    for grid in (grid for board in boards for grid in grids(board)):
        cells = Counter(
            (x, y)
            for panel in grid
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        )
        rows = range(min(y for _, y in cells), max(y for _, y in cells) + 1)
        assert {(x, y): 1 for x in range(COLUMNS) for y in rows} == dict(cells)


def test_the_fleets_first_screen_shows_what_is_on_fire(boards):
    """Pages, budgets, burns, groups, capacity and GPUs, without scrolling."""
    fleet = by_uid(boards, "fleet")
    seen = {
        panel["title"]
        for panel in fleet["panels"]
        if panel["gridPos"]["y"] + panel["gridPos"]["h"] <= FIRST_SCREEN_HEIGHT
    }
    expected = {
        "Pages firing", "Lowest budget left", "Budgets left", "Regions and models", "Groups not up",
        "Worst group of each cell", "Capacity", "Groups not up, by state", "GPUs missing",
        "Alerts firing",
    }  # fmt: skip
    assert set() == expected - seen


def test_every_query_gives_a_bounded_number_of_series(boards):
    """A rank limits it, it is of one group or host, or it is aggregated to one number or to few."""
    unbounded = [
        (board["uid"], panel["title"], target["expr"])
        for board in boards
        for panel in panels_with_data(board)
        for target in panel["targets"]
        if not is_bounded(target["expr"], Template(target["expr"]).safe_substitute(EVERYTHING))
    ]
    assert [] == unbounded


@pytest.mark.parametrize(
    ("template", "expected"),
    {
        "a series of each group": ("shardwatch_group_up", False),
        "of one group": ('shardwatch_group_up{group=~"$group"}', True),
        "of a host on one side only": ('a{host=~"$host"} or b{region=~"$region"}', False),
        "ranked": ("topk(12, a)", True),
        "ranked too far": ("topk(500, a)", False),
        "by few": ("sum by (outcome, region) (a)", True),
        "by cells": ("sum by (cluster, region, model) (a)", False),
        "without some": ("sum without (le) (a)", False),
        "among those that are ranked": ("a and topk(12, a @ end())", True),
        "a quantile of few": ("histogram_quantile(0.9, sum by (le) (rate(a[1m]))) >= 0", True),
    }.values(),
)
def test_the_bound_is_seen(template: str, *, expected: bool):
    """The test above is not green for nothing."""
    assert expected == is_bounded(template, Template(template).substitute(EVERYTHING))


def test_a_graphs_rank_is_taken_once_and_not_at_every_step(boards):
    """Else a range holds every series that was ever among the worst."""
    drifting = [
        (panel["title"], target["refId"])
        for board in boards
        for panel in panels_with_data(board)
        for target in panel["targets"]
        if "topk" in target["expr"] or "bottomk" in target["expr"]
        if target["range"] and "@ end()" not in target["expr"]
    ]
    assert [] == drifting


def test_burn_rates_are_drawn_tier_by_tier_with_the_tiers_threshold(boards):
    """Both windows, and the dashed line that both have to cross."""
    detail = by_uid(boards, "slo-detail")
    for tier in read_tiers():
        title = f"Burn over {tier.long_window} and {tier.short_window}: {tier.severity}"
        panel = by_title(detail, title)
        long, short, threshold = (each["expr"] for each in panel["targets"])
        assert f'window="{tier.long_window}"' in long
        assert f'window="{tier.short_window}"' in short
        assert (f"/ {tier.long_seconds}, 1" if tier.factor is None else "vector(1)") in threshold
        (dashed,) = panel["fieldConfig"]["overrides"]
        assert panel["targets"][2]["legendFormat"] == dashed["matcher"]["options"]


def test_no_graph_of_a_fleet_reads_the_series_of_every_group_host_or_gpu(boards):
    """Tables and bars do, for one moment; one group or host that is chosen is no fleet."""
    every = {
        f"{family.name}{suffix}"
        for family in catalog.FAMILIES.values()
        if {catalog.GROUP, catalog.HOST, catalog.UUID} & set(family.labels)
        for suffix in ("", "_bucket", "_sum", "_count")
    }
    read = {
        (board["uid"], panel["title"], bool(target.get("instant")))
        for board in boards
        for panel in panels_with_data(board)
        for target in panel["targets"]
        if not CHOSEN_ONE.search(target["expr"]) and every & set(re.findall(r"\w+", target["expr"]))
    }
    assert read
    assert set() == {each for each in read if not each[-1]}


def test_colours_of_burn_rates_change_where_pages_fire_over_28_days(boards):
    """0.02 x 672 h / 1 h = 13.44 and 0.05 x 672 h / 6 h = 5.6."""
    panel = by_title(by_uid(boards, "slo"), "Highest burn, 1h")
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [None, 1, 5.6, 13.44] == [each["value"] for each in steps]


@pytest.mark.parametrize("state", catalog.GROUP_STATES)
def test_every_state_of_a_group_has_a_word_and_a_colour(boards, state: str):
    """A state that the timeline does not know would be a bare number."""
    panel = by_title(by_uid(boards, "fleet"), "Worst group of each cell")
    (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
    assert state in {each["text"] for each in mapping["options"].values()}


def test_a_click_on_a_budget_opens_its_objective_and_cell(boards):
    """With the data source, the cluster and the time that were chosen."""
    panel = by_title(by_uid(boards, "fleet"), "Budgets left")
    (link,) = panel["fieldConfig"]["defaults"]["links"]
    expected = (
        "/d/shardwatch-slo-detail?${datasource:queryparam}&${cluster:queryparam}"
        "&var-slo=${__field.labels.slo}&var-region=${__field.labels.region}"
        "&var-model=${__field.labels.model}&${__url_time_range}"
    )
    assert expected == link["url"]
