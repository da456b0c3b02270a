"""Every check has an id, a severity and a line of documentation, and every finding has a check.

``python -m slo.checks.readme`` writes the table of ``slo/checks/README.md`` anew.
"""

import ast
from pathlib import Path

import pytest

from exporters.problems import Problem
from exporters.sections import first_cells, section
from slo import doubts
from slo.checks import CHECKS, has_errors, severity_of
from slo.checks.readme import FILE, TABLES

SLO = Path(__file__).resolve().parents[3] / "slo"


def test_the_table_on_the_page_is_that_of_the_checks():
    """All of them, sorted."""
    text = FILE.read_text(encoding="utf-8")

    assert TABLES["checks"]() == section(text, "checks")
    assert dict(first_cells(section(text, "checks"))) == {
        name: each.severity for name, each in CHECKS.items()
    }


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda each: each.id)
def test_a_check_says_in_a_line_what_it_finds(check):
    """A sentence, and an id of lower case and dashes."""
    assert check.about.endswith(".")
    assert "\n" not in check.about
    assert check.id.replace("-", "").isalpha()
    assert check.id.islower()


def test_every_id_that_is_used_is_in_the_table():
    """And every id in the table is used, outside of it."""
    texts = {
        node.value
        for path in SLO.rglob("*.py")
        if path.name != "table.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert [] == [name for name in CHECKS if name not in texts]
    assert [] == [name for name in _ids_given() if name not in CHECKS]
    assert doubts.WARNINGS.keys() < CHECKS.keys()


def _ids_given():
    """Give the ids that calls of ``finding`` have as texts."""
    for path in SLO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id == "finding" and isinstance(node.args[1], ast.Constant):
                yield node.args[1].value


def test_warnings_stop_nothing_unless_one_is_strict():
    """What has no check was refused, and is an error."""
    warning = Problem("x.yaml", 1, 1, "a", "found", check="burn-escapes")
    error = Problem("x.yaml", 1, 1, "a", "found", check="tier-cannot-fire")

    assert ["warning", "error", "error"] == [
        severity_of(each) for each in (warning, error, Problem("x.yaml", 1, 1, "a", "found"))
    ]
    assert (False, True) == (has_errors([warning]), has_errors([warning], strict=True))
    assert (True, False) == (has_errors([warning, error]), has_errors([], strict=True))
