"""The tables of ``demo/README.md`` that follow from what there is: ``python -m demo.readme``.

Each stands between two comments that name it. The table of deviations is measured, which takes
minutes: ``python -m demo.sim.bench --table`` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from demo.fault_kinds import LAB, LEVELS, FaultKind
from demo.faults import FAULTS
from demo.scenario import FOLDER, Scenario, read_scenario
from exporters.sections import table, write_sections

FILE = Path(__file__).with_name("README.md")


def main() -> None:
    """Write the tables anew."""
    write_sections(FILE, TABLES)


def fault_table() -> str:
    """Return all faults: what, where, how much."""
    head = ("fault", "what happens", "place", "strength", "on")
    return table(head, [_fault_row(each) for each in FAULTS.values()])


def _fault_row(kind: FaultKind) -> tuple[str, ...]:
    place = [f"`{key}`" for key in sorted(kind.needs, key=LEVELS.index)]
    place += [f"(`{key}`)" for key in sorted(kind.allows, key=LEVELS.index)]
    strength = ""
    if kind.strength:
        low, usual, high = kind.strength.lowest, kind.strength.usual, kind.strength.highest
        strength = f"{kind.strength.means}: {usual:g} ({low:g} to {high:g})"
    if kind.engines == LAB:
        on = "itself, in the lab"
    else:
        on = "itself" if kind.by_stack else ", ".join(sorted(kind.engines - LAB))
    return (f"`{kind.name}`", kind.summary, " ".join(place), strength, on)


def scenario_table() -> str:
    """Return all scenarios: how each begins, and at which strengths it must be seen."""
    found = [read_scenario(path) for path in sorted(FOLDER.glob("*.yaml"))]
    head = ("scenario", "how it begins", "faults", "strengths")
    return table(head, [_scenario_row(each) for each in found])


def _scenario_row(scenario: Scenario) -> tuple[str, ...]:
    first = scenario.story.partition(". ")[0].rstrip(".")
    faults = ", ".join(f"`{name}`" for name in dict.fromkeys(f.fault for f in scenario.faults))
    strengths = ", ".join(f"{each:g}" for each in scenario.strengths)
    return (f"`{scenario.name}`", first, faults, strengths)


TABLES: Mapping[str, Callable[[], str]] = {"faults": fault_table, "scenarios": scenario_table}


if __name__ == "__main__":
    main()
