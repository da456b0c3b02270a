"""Aliases and merged mappings are read as servers read them, as far as they can be held."""

import pytest
import yaml

from exporters.documents import parse_documents
from exporters.problems import InputError
from exporters.yaml_events import MOST_LEVELS, MOST_OF_ALIASES

SERVERS = """\
defaults: &defaults {scrape_interval: 15s, scheme: https}
more: &more
  <<: *defaults
  scheme: http
  timeout: 5s
jobs:
- name: a
  <<: *defaults
- <<: [{timeout: 1s}, *more]
  name: b
  labels: &labels {team: x}
- {name: c, labels: *labels}
"""


def read(text: str) -> object:
    """Return what a text says, as plain data."""
    [document] = parse_documents(text, "f.yml")
    return document.data


def said_of(text: str) -> str:
    """Return the problems of a text."""
    with pytest.raises(InputError) as raised:
        read(text)
    return "\n".join(str(each) for each in raised.value.problems)


def test_aliases_and_merges_say_what_another_reader_finds():
    """What a mapping says itself holds; of several that are merged, the first."""
    assert yaml.safe_load(SERVERS) == read(SERVERS)


def test_a_problem_in_an_alias_is_where_the_value_stands():
    """A user mends it there."""
    [document] = parse_documents(SERVERS, "f.yml")
    assert "f.yml:11:" in str(document.problem(("jobs", 2, "labels", "team"), "x"))


def test_what_is_merged_is_a_mapping():
    """A list of values is none."""
    assert said_of("a: &a [1, 2]\nb: {<<: *a}") == (
        "f.yml:1:8: b.<<: expected a mapping, or a list of mappings\n"
        "f.yml:1:11: b.<<: expected a mapping, or a list of mappings"
    )


def test_an_alias_is_not_within_what_it_stands_for():
    """That would never end."""
    assert said_of("a: &a [1, *a]") == (
        "f.yml:1:11: found the alias *a in what it stands for; write the value out"
    )


def test_a_few_lines_do_not_fill_the_memory():
    """Ten levels of ten aliases each are ten thousand million values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    said = said_of("\n".join(lines))
    assert f"found aliases that stand for more than {MOST_OF_ALIASES} values" in said
    assert said.startswith("f.yml:5:")


def test_levels_of_aliases_count():
    """Each alone would be flat enough."""
    half = MOST_LEVELS // 2
    deep = "[" * half + "]" * half
    assert read(f"a: &a {deep}\nb: {'[' * (half - 2)}*a{']' * (half - 2)}")
    assert "nested too deeply" in said_of(f"a: &a {deep}\nb: {'[' * half}*a{']' * half}")
