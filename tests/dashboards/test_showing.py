"""Every fault has a board that shows it, and what is expected of boards can be asked."""

from dashboards.asking import EVERYTHING, every_panel
from dashboards.links import TAG
from demo.scenario import FOLDER as SCENARIOS
from tests.dashboards.showing import read_showings

SHOWINGS = read_showings()


def test_what_is_expected_of_a_board_is_asked_of_a_panel_and_a_scenario_that_exist(boards):
    """With a query of that name, and variables that the board has."""
    by_name = {each["uid"].removeprefix(f"{TAG}-"): each for each in boards}
    known = {path.stem for path in SCENARIOS.glob("*.yaml")}
    for name, showings in SHOWINGS.items():
        refs = {
            (panel["title"], target["refId"])
            for panel in every_panel(by_name[name])
            for target in panel.get("targets", [])
        }
        variables = {each["name"] for each in by_name[name]["templating"]["list"]}
        for each in showings:
            assert each.scenario in known, each
            assert (each.panel, each.ref) in refs, each
            assert each.variables.keys() <= variables & EVERYTHING.keys(), each
            assert (each.at_least is None) != (each.at_most is None), each
