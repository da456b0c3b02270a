"""What colours and links say: red is worth a look, and each alert leads on."""

from string import Template
from typing import Any

import pytest

from alerts import links
from alerts.causes import queue_signals
from alerts.runbooks import runbook_names, runbook_url
from dashboards.asking import EVERYTHING, every_panel
from dashboards.build import build_boards
from dashboards.links import DAY_TAG, NIGHT_TAG, OF_THE_NIGHT
from dashboards.preview.fields import field_of
from dashboards.queries import Query, queues
from exporters.config import Links
from slo import conventions
from tests.dashboards.recording import CELL, hold, series
from tests.dashboards.test_boards import by_title, by_uid

WITH_ALERTS = ("fleet", "group", "itself", "slo", "slo-detail")


def ask(query: Query) -> str:
    """Return a query for everything there is."""
    return Template(query.expr).substitute(EVERYTHING)


def column_links(panel: dict[str, Any]) -> dict[str, str]:
    """Return where the values of a table's columns lead."""
    return {
        override["matcher"]["options"]: each["value"][0]["url"]
        for override in panel["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "links"
    }


@pytest.mark.parametrize("name", WITH_ALERTS)
def test_an_alert_that_fires_leads_to_its_runbook_and_what_it_is_about_to_its_board(boards, name):
    """At the address that the alert itself names, and with what its row says chosen."""
    found = column_links(by_title(by_uid(boards, name), "Alerts firing"))
    for alert in runbook_names():
        there = found["alertname"].replace("${__data.fields.alertname}", alert)
        assert runbook_url(Links().runbooks, alert) == there
    assert f"/d/{links.SLO_DETAIL_BOARD}?" in found["slo"]
    assert "var-slo=${__data.fields.slo}&var-region=${__data.fields.region}" in found["slo"]
    if name == "fleet":
        boards_of = {"group": links.GROUP_BOARD, "host": links.GPU_BOARD, "tool": links.TOOLS_BOARD}
        for label, board in boards_of.items():
            assert f"/d/{board}?" in found[label]
            assert f"var-{label}=${{__data.fields.{label}}}" in found[label]


def test_runbooks_are_where_the_configuration_says():
    """And nothing is left of what stands in their place."""
    base = 'https://wiki.example/"runbooks"/'
    texts = build_boards(Links(runbooks=base))
    assert r"https://wiki.example/\"runbooks\"/${__data.fields.alertname}.md" in texts["fleet.json"]
    assert not any("runbooks.invalid" in each for each in texts.values())


def colors(panel: dict[str, Any], column: str) -> list[tuple[float | None, str]]:
    """Return the steps of a column's colours."""
    settings = field_of(panel["fieldConfig"], column).settings
    return [(each["value"], each["color"]) for each in settings["thresholds"]["steps"]]


def test_what_fails_and_what_waits_is_coloured_by_what_was_promised(boards):
    """0.1 % may fail; a page fires at 13.44 times that. First tokens are promised in 2.5 s."""
    panel = by_title(by_uid(boards, "fleet"), "Regions and models")
    expected = [(None, "green"), (0.001, "orange"), (0.01344, "red")]
    assert expected == colors(panel, "errors")
    assert [(None, "green"), (2.5, "orange"), (10, "red")] == colors(panel, "TTFT p99")


@pytest.mark.parametrize(
    ("code", "expected"), [(79, "red"), (48, "red"), (94, "orange"), (13, "blue"), (63, "blue")]
)
def test_a_bar_of_xids_has_the_colour_of_what_is_to_be_done(boards, code: int, expected: str):
    """A GPU that fell off the bus is no green bar; a fault of an application is no alarm."""
    panel = by_title(by_uid(boards, "gpu"), "XIDs within a day")
    settings = field_of(panel["fieldConfig"], f"XID {code}").settings
    color = settings["color"]
    fixed = color.get("fixedColor") or settings["thresholds"]["steps"][-1]["color"]
    assert expected == fixed


def test_parts_of_a_whole_have_no_outline(boards):
    """One that is 0 would be a line in its colour around what lies below it."""
    stacked = [
        custom["lineWidth"]
        for board in boards
        for panel in every_panel(board)
        if panel["type"] == "timeseries"
        for custom in (panel["fieldConfig"]["defaults"]["custom"],)
        if custom["stacking"]["mode"] == "normal"
    ]
    assert stacked
    assert {0} == set(stacked)


@pytest.mark.parametrize(
    ("waiting", "expected"),
    {"a queue": (queue_signals.FEWEST_WAITING, 90), "two that wait": (2, 0)}.values(),
)
def test_a_few_requests_are_no_queue_that_drains_too_slowly(tmp_path, waiting, expected):
    """While as many come as end, two would take minutes: the signals call them none either."""
    inputs = {
        series(conventions.CELL_WAITING, CELL): f"{waiting}x20",
        series(conventions.QUEUE_DRAIN, CELL): "90x20",
    }
    hold(tmp_path, [], inputs, {ask(queues.LONGEST_DRAIN): {"{}": expected}}, at="60s")


def test_a_queue_that_becomes_one_within_the_range_is_one_line(tmp_path):
    """Ranked over the range it must be one series, not one before and one after."""
    inputs = {
        series(conventions.CELL_WAITING, CELL): f"2x9 {queue_signals.FEWEST_WAITING}x10",
        series(conventions.QUEUE_DRAIN, CELL): "90x20",
    }
    query = Template(queues.DRAINS.expr).substitute(EVERYTHING, __range="90s", __interval="5s")
    hold(tmp_path, [], inputs, {query: {series("", CELL): 90}}, at="90s")


def test_boards_of_the_night_say_so(boards):
    """By a tag, which Grafana shows and filters by; all others are read by day."""
    for board in boards:
        night = board["uid"] in OF_THE_NIGHT
        assert board["tags"] == ["shardwatch", NIGHT_TAG if night else DAY_TAG]
    assert len(OF_THE_NIGHT) == len({*OF_THE_NIGHT} & {each["uid"] for each in boards})
