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
from slo.windows import read_tiers
from tests.dashboards.recording import hold, series
from tests.dashboards.test_boards import by_title, by_uid

CELL = {"cluster": "demo", "region": "eu", "model": "chat"}
HERE = {"slo": "a", "region": "eu", "model": "chat"}
FASTEST, *_ = read_tiers()
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


def told(
    region: str, capacity: float | None, burn: float | None, *, vanished: bool = False
) -> dict[str, str]:
    """Return what is recorded of a region's model: of its groups, its objective and its traffic."""
    place = {"region": region, "model": "chat"}
    found = {}
    if capacity is not None:
        found[series(conventions.CELL_CAPACITY, place)] = f"{capacity}x20"
        found[series(conventions.CELL_GROUPS_KNOWN, place)] = "2x20"
    if burn is not None:
        found[series(conventions.BURN_RATE, place, slo="a", window="1h")] = f"{burn}x20"
    if vanished:
        found[series(conventions.VANISHED_STATE, place, slo="a")] = "1x20"
    return found


@pytest.mark.parametrize(
    ("worse", "better", "standing"),
    {
        "dead an hour ago, burning": ((0, 0), (1, 1.1), cells.DOWN),
        "dead, burning as fast as can be": ((0, 0), (1, 1000), cells.DOWN),
        "dead without an objective, burning": ((0, None), (1, 20), cells.DOWN),
        "vanished, burning": ((1, 0, True), (1, 1000), cells.VANISHED),
        "vanished and unseen, burning": ((None, None, True), (1, 20), cells.VANISHED),
        "dead, vanished": ((0, 0), (1, 0, True), cells.DOWN),
        "burning, half dead": ((1, 20), (0.5, 0), cells.SERVES),
        "burning unseen, half dead": ((None, 20), (0.5, 0), cells.SERVES),
        "half dead, whole": ((0.5, 0), (1, 0.1), cells.SERVES),
    }.values(),
)
def test_of_two_cells_the_worse_one_is_kept(tmp_path, monkeypatch, worse, better, standing):
    """A dead cell burns nothing once its users have left, and stands above all that burn."""
    monkeypatch.setattr(cells, "SHOWN_ROWS", 1)
    inputs = {}
    for region, (capacity, burn, *vanished) in {"eu": worse, "us": better}.items():
        inputs |= told(region, capacity, burn, vanished=bool(vanished))
    kept = {series("", {"region": "eu", "model": "chat"}): standing}
    hold(tmp_path, [], inputs, {ask(cells.Places(FASTEST).standing): kept}, at="60s")


@pytest.mark.parametrize(
    ("long", "short", "expected"),
    {
        "both windows": (20, 20, cells.BURNING),
        "what is over": (20, 0, cells.SERVES),
        "what has just begun": (1, 20, cells.SERVES),
        "slow": (2, 2, cells.SERVES),
    }.values(),
)
def test_a_cell_burns_while_a_page_would_fire(tmp_path, long: float, short: float, expected: int):
    """A cell of which half fails does not simply serve; the factor is the objective's own."""
    inputs = {
        **told("eu", 1, long),
        series(conventions.BURN_RATE, HERE, window=FASTEST.short_window): f"{short}x20",
        series(conventions.PERIOD, {"slo": "a"}): f"{28 * 86400}x20",
    }
    here = {series("", {"region": "eu", "model": "chat"}): expected}
    hold(tmp_path, [], inputs, {ask(cells.Places(FASTEST).standing): here}, at="60s")


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


def test_regions_and_models_are_ranked_once_and_others_have_no_rows(boards):
    """To rank them costs more than all that is told of them; the table leaves out the others."""
    panel = by_title(by_uid(boards, "fleet"), "Regions and models")
    first, *others = (each["expr"] for each in panel["targets"])
    assert ("topk(" in first, [each for each in others if "topk(" in each]) == (True, [])
    (kept,) = [each for each in panel["transformations"] if each["id"] == "filterByValue"]
    assert ["Value #A"] == [each["fieldName"] for each in kept["options"]["filters"]]


@pytest.mark.parametrize(
    ("board", "title", "expected"),
    [
        ("fleet", "Regions and models", [("state", True), ("burn 1h", True)]),
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


@pytest.mark.parametrize(
    ("board", "title", "first"),
    [
        ("fleet", "Alerts firing", ["alertname", "severity", "active for", "slo", "group"]),
        ("fleet", "Which groups are not up", ["group", "state", "reason"]),
        ("fleet", "Regions and models", ["region", "model", "state", "burn 1h", "budget left"]),
        ("group", "What it is, and why it is so", ["reason"]),
        ("gpu", "GPUs with a fault, and what to do", ["action", "reason", "severity", "group"]),
    ],
)
def test_what_is_wrong_and_what_to_do_stands_where_no_screen_cuts_it_off(
    boards, board, title, first
):
    """In the first columns: what is chosen at the top anyway comes last."""
    panel = by_title(by_uid(boards, board), title)
    arranged = panel["transformations"][-1]["options"]
    headings = sorted(arranged["indexByName"], key=arranged["indexByName"].__getitem__)
    assert first == [arranged["renameByName"][each] for each in headings][: len(first)]


def test_what_opens_a_board_is_two_lines_high_and_no_longer(boards):
    """Question and how it is read; what is empty below would push numbers off the screen."""
    band: Band = opening("?", "")
    assert 2 == band.height
    for board in boards:
        said = board["panels"][0]["options"]["content"]
        assert len(said) <= LONGEST_TO_READ_CHARACTERS, board["uid"]
