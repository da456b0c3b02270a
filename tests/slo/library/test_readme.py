"""The page about the library says what its files say: ``python -m slo.library.readme``."""

import pytest

from slo.library.readme import BEGIN, FILE, fill, target_sources
from slo.objectives import LIBRARY, ObjectiveFile, library_names, read_objective_files

TEXT = FILE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_files():
    """Every objective, with its series, target and source."""
    assert TEXT == fill(TEXT)


def test_a_page_without_a_place_for_them_is_refused():
    """It is nobody's page."""
    with pytest.raises(ValueError, match="not one place for the objectives"):
        fill(TEXT.replace(BEGIN, ""))


def test_objectives_that_the_demos_routers_alone_can_feed_are_marked():
    """Nobody else would ever see an event of them."""
    marked = {line.split("`")[1] for line in TEXT.splitlines() if "(`demo` only)" in line}

    expected = {
        "data-locality",
        "safety-coverage",
        "safety-time",
        "tokens-overbilled",
        "tokens-unbilled",
        "weight-load-time",
    }
    assert expected == marked


@pytest.mark.parametrize("name", library_names())
def test_every_objective_says_what_counts_and_where_its_target_comes_from(name):
    """Each file by itself, in a row of its own; who owns it is the users' to say."""
    path = LIBRARY / f"{name}.yaml"
    objectives = read_objective_files([ObjectiveFile(path, f"library:{name}")])

    assert [] == [each.name for each in objectives if not (each.description and each.title)]
    assert [] == [each.name for each in objectives if each.owner]
    assert all(target_sources(path)[each.name] for each in objectives)
    assert [1] * len(objectives) == [TEXT.count(f"\n| `{each.name}` |") for each in objectives]
