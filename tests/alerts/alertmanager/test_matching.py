"""Matchers are read as Alertmanager reads them."""

import pytest

from alerts.alertmanager.matching import match_all, parse_matchers, read_matchers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('severity="page"', ['severity="page"']),
        ("severity = page", ['severity="page"']),
        ('{a="b", c=~"d|e,f",g!="", h!~i}', ['a="b"', 'c=~"d|e,f"', 'g!=""', 'h!~"i"']),
        (r'a="say \"x\""', [r'a="say \"x\""']),
    ],
)
def test_texts_hold_matchers(text: str, expected: list[str]):
    """With or without braces, quotes and space."""
    assert expected == list(map(str, parse_matchers(text)))


@pytest.mark.parametrize("text", ["severity", "=x", 'a="b" c="d'])
def test_what_is_no_matcher_is_refused(text: str):
    """With what was found."""
    with pytest.raises(ValueError, match="expected matchers"):
        parse_matchers(text)


def test_old_forms_and_new_are_one():
    """Sorted by label, as keys of groups have them."""
    config = {"match": {"b": 1}, "match_re": {"c": "x|y"}, "matchers": ['a!=""']}
    found = read_matchers(config)

    assert ['a!=""', 'b="1"', 'c=~"x|y"'] == list(map(str, found))
    assert match_all(found, {"a": "1", "b": "1", "c": "y"})
    assert not match_all(found, {"a": "1", "b": "1", "c": "yy"})
    assert not match_all(found, {"b": "1", "c": "y"})
