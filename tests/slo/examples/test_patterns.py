"""Texts are made up for the regular expressions that people write in matchers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.examples.patterns import texts_matching


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("error", ["error"]),
        ("error|timeout", ["error", "timeout"]),
        ("5..", ["5aa", "5a0", "50a", "500"]),
        ("[45]\\d\\d", ["400"]),
        ("eu-(west|east)-[0-9]+", ["eu-west-0", "eu-east-0"]),
        ("(?:a|b)?c{2,3}", ["acc", "bcc"]),
        ("[^a-z].*", ["0a", "00"]),
        ("v1\\.2", ["v1.2"]),
        ("", [""]),
    ],
)
def test_each_alternative_gives_a_text(pattern: str, expected: list[str]):
    """In their order, the parts that may be anything as little as they can be."""
    assert expected == texts_matching(pattern)


@pytest.mark.parametrize("pattern", ["(a", "[", "a{", "\\", "*a", "a{99999999}", "(?!x)y"])
def test_what_cannot_be_read_gives_none(pattern: str):
    """No error: then the matcher has no example."""
    assert [] == texts_matching(pattern)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@given(st.text(alphabet="ab01.|()[]?*+{}\\^$-", max_size=12))
def test_every_text_that_is_made_matches(pattern: str):
    """Whatever the expression is."""
    made = texts_matching(pattern)

    assert all(re.compile(pattern).fullmatch(each) for each in made)
    assert len(made) <= 100
