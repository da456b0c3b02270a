"""The tables of ``demo/README.md`` that follow from what there is: ``python -m demo.readme``.

Each stands between two comments that name it. The table of deviations is measured, which takes
minutes: ``python -m demo.sim.bench --table`` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from demo.faults import FAULTS, LEVELS, FaultKind
from demo.scenario import FOLDER, Scenario, read_scenario

FILE = Path(__file__).with_name("README.md")


def main() -> None:
    """Write the tables anew."""
    text = FILE.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        text = replace_section(text, name, make())
    FILE.write_text(text, encoding="utf-8")


def fault_table() -> str:
    """Return all faults: what, where, how much."""
    head = ["| fault | what happens | place | strength | on |", "|---|---|---|---|---|"]
    return _joined(head + [_fault_row(each) for each in FAULTS.values()])


def _fault_row(kind: FaultKind) -> str:
    place = [f"`{key}`" for key in sorted(kind.needs, key=LEVELS.index)]
    place += [f"(`{key}`)" for key in sorted(kind.allows, key=LEVELS.index)]
    strength = ""
    if kind.strength:
        low, usual, high = kind.strength.lowest, kind.strength.usual, kind.strength.highest
        strength = f"{kind.strength.means}: {usual:g} ({low:g} to {high:g})"
    on = "itself" if kind.by_stack else ", ".join(sorted(kind.engines))
    return f"| `{kind.name}` | {kind.summary} | {' '.join(place)} | {strength} | {on} |"


def scenario_table() -> str:
    """Return all scenarios: how each begins, and at which strengths it must be seen."""
    found = [read_scenario(path) for path in sorted(FOLDER.glob("*.yaml"))]
    head = ["| scenario | how it begins | faults | strengths |", "|---|---|---|---|"]
    return _joined(head + [_scenario_row(each) for each in found])


def _scenario_row(scenario: Scenario) -> str:
    first = scenario.story.partition(". ")[0].rstrip(".")
    faults = ", ".join(f"`{name}`" for name in dict.fromkeys(f.fault for f in scenario.faults))
    strengths = ", ".join(f"{each:g}" for each in scenario.strengths)
    return f"| `{scenario.name}` | {first} | {faults} | {strengths} |"


TABLES: Mapping[str, Callable[[], str]] = {"faults": fault_table, "scenarios": scenario_table}


def section(text: str, name: str) -> str:
    """Return what stands between the comments of a name."""
    begin, end = _comments(name)
    return text.partition(begin)[2].partition(end)[0]


def replace_section(text: str, name: str, content: str) -> str:
    """Return the text with this between the comments of a name.

    Raises:
        ValueError: the text has no such comments.
    """
    begin, end = _comments(name)
    if begin not in text or end not in text:
        raise ValueError(f"found no {begin.strip()} and {end.strip()}, expected both")
    return text.partition(begin)[0] + begin + content + end + text.partition(end)[2]


def first_cells(table: str) -> Iterator[tuple[str, str]]:
    """Yield the first two cells of each row of a table in Markdown."""
    for line in table.splitlines():
        if line.startswith("| `"):
            _, first, second, *_ = (cell.strip() for cell in line.split("|"))
            yield first.strip("`"), second


def _comments(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
