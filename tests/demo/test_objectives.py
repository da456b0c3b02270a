"""What the demo's truth counts is what the library's objectives count."""

import re

import pytest

from demo import objectives
from exporters.catalog import OUTCOMES, TOOL_OUTCOMES
from slo.objectives import LIBRARY, ObjectiveFile, library_names, read_objective_files


@pytest.fixture(scope="module")
def library():
    """The library's objectives by name."""
    files = [ObjectiveFile(LIBRARY / f"{each}.yaml", each) for each in library_names()]
    return {each.name: each for each in read_objective_files(files)}


def _taken(query: str, values: tuple[str, ...]) -> set[str]:
    """Return the outcomes that a query takes."""
    operator, pattern = re.search(r'outcome(!=|!~|=~)"([^"]*)"', query).groups()
    matched = {value for value in values if re.fullmatch(pattern, value)}
    return matched if operator == "=~" else {*values} - matched


def test_requests_are_bad_or_uncounted_as_the_library_says(library):
    """All others are good, also those whose users left."""
    found = library[objectives.AVAILABILITY]
    assert _taken(found.indicator.bad, OUTCOMES) == objectives.BAD_OUTCOMES
    assert {*OUTCOMES} - _taken(found.indicator.total, OUTCOMES) == objectives.UNCOUNTED_OUTCOMES


def test_a_first_token_is_late_as_the_library_says(library):
    """By the bucket whose bound it is."""
    found = library[objectives.FIRST_TOKEN]
    assert f'le="{objectives.FIRST_TOKEN_SECONDS:g}"' in found.indicator.good


def test_calls_of_tools_are_uncounted_as_the_library_says(library):
    """Those that nobody waits for any more."""
    found = library[objectives.TOOL_SUCCESS]
    assert {*TOOL_OUTCOMES} - _taken(
        found.indicator.total, TOOL_OUTCOMES
    ) == objectives.UNCOUNTED_CALLS
