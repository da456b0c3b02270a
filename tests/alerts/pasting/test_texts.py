"""What is pasted says both, stands in lines of its own, and is gone when it is taken out."""

import pytest
import yaml

from alerts.pasting.texts import CannotPasteError, paste, take_out

PARTS = {
    ("route", "routes"): [{"receiver": "ours", "matchers": ['a=~"b|c"']}],
    ("receivers",): [{"name": "ours", "text": "two\n\nlines: {{ . }}\n"}],
}
THEIRS = """\
# Theirs.
route:
  receiver: theirs   # all
  routes:
      # the first
      - {receiver: db}
      - receiver: more

receivers:
- name: theirs
"""


def test_lists_that_are_there_come_after():
    """With their comments and indentation."""
    pasted = paste(THEIRS, PARTS)

    said = yaml.safe_load(pasted)
    assert [*PARTS["route", "routes"], {"receiver": "db"}, {"receiver": "more"}] == (
        said["route"]["routes"]
    )
    assert [*PARTS["receivers",], {"name": "theirs"}] == said["receivers"]
    assert set(THEIRS.splitlines()) <= set(pasted.splitlines())


def test_taken_out_every_byte_is_as_before():
    """Whatever was changed around it."""
    assert THEIRS == take_out(paste(THEIRS, PARTS))
    changed = paste(THEIRS, PARTS).replace("# all", "# nearly all") + "# more\n"
    assert THEIRS.replace("# all", "# nearly all") + "# more\n" == take_out(changed)


def test_pasted_again_it_is_there_once():
    """In its newest form."""
    once = paste(THEIRS, PARTS)

    assert once == paste(once, PARTS)
    other = {("receivers",): [{"name": "others"}]}
    assert paste(THEIRS, other) == paste(once, other)


def test_keys_that_are_missing_are_made():
    """Where their mapping begins."""
    theirs = "# c\nroute:\n    receiver: a\nreceivers:\n  - name: a\n"
    pasted = paste(theirs, {**PARTS, ("alerting",): {"x": [1]}})

    assert {"x": [1]} == yaml.safe_load(pasted)["alerting"]
    assert PARTS["route", "routes"] == yaml.safe_load(pasted)["route"]["routes"]
    assert theirs == take_out(pasted)


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ("receivers: [{name: a}]\n", "receivers: is no list of dashes"),
        ("{route: {receiver: a}}\n", "the file is no mapping in block style"),
        ("route: {receiver: a}\n", "route: is no mapping in block style"),
        ("receivers:\nroute:\n  a: b\n", "receivers: is no list of dashes"),
        ("- a\n", "the file is no mapping"),
        ("", "the file is no mapping"),
        ("receivers:\n- name: a", "its last line has no end"),
    ],
)
def test_what_cannot_be_pasted_into_safely_is_left_alone(theirs: str, said: str):
    """It is said why."""
    with pytest.raises(CannotPasteError, match=said):
        paste(theirs, PARTS)
