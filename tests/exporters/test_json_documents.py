"""JSON is read faster than YAML, and to the same."""

import json
import time

import pytest

from exporters import documents
from exporters.documents import WrittenFloat, parse_documents
from exporters.problems import InputError

TEXT = """{"version": 1, "share": 0.10, "when": "2026-01-01", "none": null,
 "groups": [{"name": "a\\u00e9", "gpus": []},
            {"name": 7, "is": true}]}
"""


def test_both_readers_say_the_same(monkeypatch):
    """Numbers keep how they were written, and dates are text."""
    [fast] = parse_documents(TEXT, "t.json")
    [slow] = documents._parse_yaml(TEXT, "t.json")

    assert slow.data == fast.data
    assert dict(slow.positions) == dict(fast.positions)
    assert isinstance(fast.data["share"], WrittenFloat)
    assert "0.10" == fast.data["share"].text


def test_a_problem_says_where_it_is_although_nobody_looked_before():
    """Line and column are looked for then."""
    [document] = parse_documents(TEXT, "t.json")

    assert "t.json:3:14: groups[1].name: odd" == str(document.problem(("groups", 1, "name"), "odd"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "a": 2}', "t.json:2:2: a: the key 'a' stands here twice"),
        ('{"a": [1, }', "t.json:1:11: not YAML"),
    ],
)
def test_what_is_wrong_is_said_as_of_yaml(text, said):
    """With its place."""
    with pytest.raises(InputError) as error:
        parse_documents(text, "t.json")
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["{a: b}", "[a, b]", '{"a": 1}\n---\n{"b": 2}', '{"a": .inf}'])
def test_what_only_looks_like_json_is_read_as_yaml(text):
    """Flow style, or several documents."""
    slow = [each.data for each in documents._parse_yaml(text, "t")]
    assert slow == [each.data for each in parse_documents(text, "t")]


def test_ten_thousand_groups_are_read_within_a_second():
    """Which takes a reader of YAML more than ten."""
    groups = [{"name": f"g{i}", "members": [{"host": f"h{i}", "gpus": [f"GPU-{i}"] * 8}]}
              for i in range(10_000)]  # fmt: skip
    text = json.dumps({"groups": groups})
    begun = time.process_time()
    [document] = parse_documents(text, "t.json")
    assert time.process_time() - begun < 1
    assert 10_000 == len(document.data["groups"])


def test_a_place_shows_what_is_not_printable_escaped():
    """A key that turns the direction of text would turn the whole message."""
    place = ("groups", 3, "a\u202eb", "é")

    assert "groups[3].a\\u202eb.é" == documents.format_place(place)
