"""``slo/adopt/README.md`` says what there is."""

import re

import pytest
import typer

from exporters.sections import section
from slo.adopt.cli import app
from slo.adopt.history import MOST_SAMPLES
from slo.adopt.readme import FILE, TABLES

README = FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_its_tables_are_made_of_what_there_is(name):
    """``python -m slo.adopt.readme`` writes them anew."""
    assert TABLES[name]() == section(README, name)


def test_every_option_is_told_and_there():
    """But for those that every command has."""
    command = typer.main.get_command(app)
    options = {each for parameter in command.params for each in parameter.opts if each != "--help"}

    assert options == set(re.findall(r"`[^`]*?(--?[a-z][a-z-]*|-o)", README.partition("## How")[0]))


def test_its_numbers_are_those_of_the_code():
    """The limit of samples."""
    assert f"{MOST_SAMPLES // 1_000_000} million" in README
