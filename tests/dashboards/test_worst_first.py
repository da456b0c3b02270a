"""Tables and lists that cannot show all show the worst, and show it first."""

from string import Template

import pytest

from dashboards.asking import EVERYTHING
from dashboards.layout import Band
from dashboards.queries import SHOWN_ROWS, Query, alerts, cells
from dashboards.queries.objectives import LIBRARY
from dashboards.signs import opening
from exporters import catalog
from slo import conventions
from tests.dashboards.recording import hold, series
from tests.dashboards.test_boards import by_title, by_uid

CELL = {"cluster": "demo", "region": "eu", "model": "chat"}
HERE = {"slo": "a", "region": "eu", "model": "chat"}
LONGEST_TO_READ_CHARACTERS = 250
"""Of how a board is read: more does not stand in a line of a browser 1920 pixels wide."""


def ask(query: Query) -> str:
    """Return a query for everything there is."""
    return Template(query.expr).substitute(EVERYTHING)


def active(name: str, severity: str, since: int) -> dict[str, str]:
    """Return what Prometheus writes of an alert that fires since a second."""
    labels = {"alertname": name, "severity": severity}
    return {
        series(alerts.ALERTS, labels, alertstate="firing"): "1x100",
        series(alerts.ALERTS_FOR_STATE, labels): f"{since}x100",
    }


def test_of_too_many_alerts_the_pages_and_the_new_ones_are_kept(tmp_path):
    """Half a thousand old tickets hide no page, however old it is."""
    inputs = active("Old", "page", 0)
    for index in range(SHOWN_ROWS):
        inputs |= active(f"T{index}", "ticket", 10 * index)
    kept = {
        series("", {"alertname": f"T{index}", "severity": "ticket"}): 500 - 10 * index
        for index in range(1, SHOWN_ROWS)
    }
    expected = {series("", {"alertname": "Old", "severity": "page"}): 500, **kept}
    hold(tmp_path, [], inputs, {ask(alerts.alert_ages()): expected}, at="500s")


def test_of_too_many_groups_the_dead_are_kept_before_those_that_start(tmp_path):
    """In a fleet that is rolled out hundreds start, while one is dead."""
    inputs = {}
    states = {f"g{index}": "starting" for index in range(SHOWN_ROWS + 5)}
    for name, state in {**states, "dead": "dead", "stalled": "stalled"}.items():
        labels = {**CELL, "group": name}
        inputs[series(catalog.GROUP_STATE.name, labels, state=state)] = "1x20"
        inputs[series(catalog.GROUP_REASON.name, labels, reason="r")] = "1x20"
    rows = ask(cells.GROUPS_NOT_UP_ROWS)
    ranks = cells.STATE_RANKS
    expected = {
        f"count(({rows}) == {ranks['dead']})": {"{}": 1},
        f"count(({rows}) == {ranks['stalled']})": {"{}": 1},
        f"count({rows})": {"{}": SHOWN_ROWS},
    }
    hold(tmp_path, [], inputs, expected, at="60s")


@pytest.mark.parametrize(
    ("capacity", "burn", "expected"),
    {"both": (0.5, 3, 3.5), "no burn": (0.5, None, 0.5), "no groups": (None, 3, 3)}.values(),
)
def test_danger_is_told_of_what_is_known(tmp_path, capacity, burn, expected):
    """A cell whose groups nobody sees is in no less danger."""
    inputs = {}
    if capacity is not None:
        inputs[series(conventions.CELL_CAPACITY, CELL)] = f"{capacity}x20"
        inputs[series(conventions.CELL_GROUPS_KNOWN, CELL)] = "2x20"
    if burn is not None:
        inputs[series(conventions.BURN_RATE, HERE, window="1h")] = f"{burn}x20"
    place = series("", {"region": "eu", "model": "chat"})
    query = ask(cells.Places("1h").danger)
    hold(tmp_path, [], inputs, {query: {place: expected}}, at="60s")


@pytest.mark.parametrize(
    ("left", "burn", "expected"),
    {"in 3h41m": (0.11, 20, 3 * 3600 + 41 * 60), "already gone": (-0.1, 20, 0)}.values(),
)
def test_a_budget_is_gone_when_the_page_says_so(tmp_path, left, burn, expected):
    """The share that is left, over the burn rate of the page's window, in whole minutes."""
    inputs = {
        series(conventions.BUDGET_REMAINING, HERE): f"{left}x20",
        series(conventions.BURN_RATE, HERE, window="1h"): f"{burn}x20",
        series(conventions.PERIOD, {"slo": "a"}): f"{28 * 86400}x20",
    }
    hold(tmp_path, [], inputs, {ask(LIBRARY.gone_in("1h")): {"{}": expected}}, at="60s")


@pytest.mark.parametrize(
    ("board", "title", "expected"),
    [
        ("fleet", "Regions and models", [("danger", True)]),
        ("fleet", "Which groups are not up", [("state", True)]),
        ("fleet", "Alerts firing", [("severity", False), ("active for", False)]),
        ("slo", "Objectives", [("budget left", False), ("burn 1h", True)]),
        ("capacity", "Headroom by region and model", [("headroom", False)]),
    ],
)
def test_tables_are_sorted_by_a_column_that_they_have(boards, board, title, expected):
    """By Grafana's own option, so that a person can sort them otherwise."""
    panel = by_title(by_uid(boards, board), title)
    headings = panel["transformations"][-1]["options"]["renameByName"].values()
    found = [(each["displayName"], each["desc"]) for each in panel["options"]["sortBy"]]
    assert expected == found
    assert {each for each, _ in expected} <= set(headings)


def test_what_opens_a_board_is_two_lines_high_and_no_longer(boards):
    """Question and how it is read; what is empty below would push numbers off the screen."""
    band: Band = opening("?", "")
    assert 2 == band.height
    for board in boards:
        said = board["panels"][0]["options"]["content"]
        assert len(said) <= LONGEST_TO_READ_CHARACTERS, board["uid"]
