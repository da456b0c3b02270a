"""``demo/README.md`` says what there is."""

import pytest

from demo.faults import FAULTS
from demo.readme import FILE, TABLES, first_cells, replace_section, section
from demo.scenario import scenario_names
from demo.sim.deviations import Effort, measure_deviations, table

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


def test_a_section_is_replaced_and_the_rest_is_not():
    """A text without its comments is refused."""
    text = "before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n"
    replaced = replace_section(text, "x", "new\n")
    assert replaced == "before\n<!-- x -->\nnew\n<!-- end of x -->\nafter\n"
    with pytest.raises(ValueError, match="found no <!-- y -->"):
        replace_section(text, "y", "new\n")
