"""JSON, and where in a file each value stands."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.lint import json_text
from dashboards.lint.json_text import parse_json, read_json
from exporters.problems import InputError

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.sampled_from([None, 1, 4]), st.booleans())
def test_what_is_written_is_read(value, indent, ascii_only):
    """As Python's own reader does, infinite numbers apart, which JSON has none of."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    if "Infinity" in text:
        return
    assert json.loads(text) == parse_json(text, "f").document.data


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='{}[]:,"\\ \n0123456789.eE+-truefalsn\ud83d\ude00u', max_size=40))
def test_any_text_is_read_as_python_reads_it_or_refused(text):
    """What Python takes besides JSON, NaN and the same key twice, is refused."""
    try:
        ours = parse_json(text, "f").document.data
    except InputError:
        with pytest.raises((ValueError, TypeError)):
            json.loads(text, parse_constant=int, object_pairs_hook=_refuse_repeats)
    else:
        assert json.loads(text) == ours


def _refuse_repeats(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands here twice")
    return dict(pairs)


def test_a_place_is_that_of_its_key_and_of_a_character_in_its_text():
    """Escapes count as they are written."""
    file = parse_json('{"a": [1,\n  {"expr": "x\\"\\u00e9\\ud83d\\ude00y"}]}', "f")
    place = ("a", 1, "expr")
    text = file.document.data["a"][1]["expr"]
    assert 'x"\xe9\U0001f600y' == text
    assert (2, 4) == file.position(place)
    assert (2, 4) == file.position((*place, "deeper"))
    assert (2, 13) == file.position_in(place, 0)
    line = file.lines[1]
    assert (2, line.index("y") + 1) == file.position_in(place, text.index("y"))


def test_half_of_a_surrogate_pair_is_no_character():
    """Printing it would fail."""
    assert ["\ufffd", "\ufffdx"] == parse_json('["\\ud83d", "\\ude00x"]', "f").document.data


def test_a_byte_order_mark_is_passed_over():
    """Windows writes it."""
    assert [] == parse_json("\ufeff[]", "f").document.data


def test_a_file_of_too_many_values_is_refused(monkeypatch):
    """Each costs some hundred bytes of memory."""
    monkeypatch.setattr(json_text, "MOST_VALUES", 3)
    assert [1, 2] == parse_json("[1, 2]", "f").document.data
    with pytest.raises(InputError) as refused:
        parse_json("[1, 2, 3, 4]", "f")
    assert "f:1:8: found more than 3 values; split the file" == str(refused.value)


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    """Before it is read."""
    monkeypatch.setattr(json_text, "LARGEST_BYTES", 10)
    (tmp_path / "board.json").write_text('{"panels": []}')
    with pytest.raises(InputError, match="found 14 bytes, expected at most 10"):
        read_json(tmp_path / "board.json")
