"""What the page about rules promises is there."""

import re
from pathlib import Path

from slo.calendars import LAST
from slo.grouping import FEWEST

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "slo/README.md").read_text(encoding="utf-8")


def test_every_pitfall_names_tests_that_exist():
    """A test that is renamed takes its line with it."""
    rows = PAGE.partition("## Pitfalls")[2].splitlines()[3:]
    named = re.findall(r"`(tests/\S+\.py)::(\w+)`", PAGE)

    assert 24 <= len(rows) <= len(named)
    assert all("::test_" in row for row in rows)
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_numbers_are_those_of_the_code():
    """The horizon of calendars, the least limit of a group."""
    assert f"until {LAST:%Y};" in PAGE.replace("\n", " ")
    assert f"{FEWEST} is the least" in PAGE
