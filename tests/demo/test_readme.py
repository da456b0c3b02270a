"""``demo/README.md`` says what there is."""

import json

import pytest

from demo.faults import FAULTS
from demo.places import check_places
from demo.readme import FILE, TABLES
from demo.scenario import Expectation, Fault, Forbidden, Scenario, read_scenario, scenario_names
from demo.sim.deviations import Effort, measure_deviations, table
from demo.sim.plan import plan_simulator
from demo.stack.layout import DEFAULT_PORTS
from exporters.documents import read_document
from exporters.sections import first_cells, section

README = FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_code_makes_of_it(name):
    """If not: python -m demo.readme."""
    assert section(README, name) == TABLES[name]()


def test_every_fault_and_every_scenario_has_a_row():
    """By its name, in its table."""
    assert [name for name, _ in first_cells(section(README, "faults"))] == list(FAULTS)
    assert {name for name, _ in first_cells(section(README, "scenarios"))} == {*scenario_names()}


def test_the_deviations_are_of_the_figures_that_are_published_now():
    """Names and published values; what was measured is as old as the table."""
    short = Effort(days=0.02, tool_days=0.02, gpu_hours=1_000_000)
    made = list(first_cells(table(measure_deviations(short))))
    assert list(first_cells(section(README, "deviations"))) == made


def test_the_scenario_of_the_readme_has_every_key_and_can_be_played(tmp_path):
    """On the usual cluster."""
    text = README.partition("```yaml\n")[2].partition("```")[0]
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    scenario = read_scenario(file)
    check_places(file, scenario, plan_simulator(19820, directory=tmp_path))
    content = read_document(file).data
    assert content.keys() == Scenario.model_fields.keys()
    for key, model in (("faults", Fault), ("expect", Expectation), ("forbid", Forbidden)):
        assert {name for each in content[key] for name in each} == model.model_fields.keys()


def test_the_requests_of_the_readme_strike_a_fault_that_there_is():
    """With a place and a strength that it takes."""
    body = json.loads(README.partition("curl -d '")[2].partition("'")[0])
    kind = FAULTS[body["name"]]
    assert kind.needs <= body["place"].keys() <= kind.needs | kind.allows
    assert kind.strength.lowest <= body["strength"] <= kind.strength.highest
    assert README.count(f"http://127.0.0.1:{DEFAULT_PORTS['engine']}/control/") == 3
