"""What is pasted says both, stands in lines of its own, and is gone when it is taken out."""

import pytest
import yaml

from alerts.pasting import marks, texts
from alerts.pasting.texts import Keys
from exporters.problems import InputError

PARTS = {
    ("route", "routes"): [{"receiver": "ours", "matchers": ['a=~"b|c"']}],
    ("receivers",): [{"name": "ours", "text": "two\n\nlines: {{ . }}\n"}],
}
OTHERS = {("receivers",): [{"name": "others"}]}
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


def paste(text: str, parts: dict[Keys, list], cluster: str = "a") -> str:
    """Paste for a cluster."""
    return texts.paste(text, "f.yml", marks.Source(cluster, "/out"), parts)


def take_out(text: str, cluster: str = "a") -> str:
    """Take out what was pasted for it."""
    return marks.take_out(text, "f.yml", cluster)


def test_lists_that_are_there_come_after():
    """With their comments and indentation."""
    pasted = paste(THEIRS, PARTS)

    said = yaml.safe_load(pasted)
    assert [*PARTS["route", "routes"], {"receiver": "db"}, {"receiver": "more"}] == (
        said["route"]["routes"]
    )
    assert [*PARTS["receivers",], {"name": "theirs"}] == said["receivers"]
    assert set(THEIRS.splitlines()) <= set(pasted.splitlines())


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["\n", ""])
def test_taken_out_every_byte_is_as_before(line_end: str, last: str):
    """Whatever was changed around it, and however lines end: what is pasted ends so too."""
    theirs = (THEIRS.removesuffix("\n") + last).replace("\n", line_end)
    pasted = paste(theirs, PARTS)
    assert theirs == take_out(pasted)
    assert yaml.safe_load(paste(THEIRS, PARTS)) == yaml.safe_load(pasted)
    assert pasted.count("\n") == pasted.count(line_end)
    changed = pasted.replace("# all", "# nearly all")
    assert theirs.replace("# all", "# nearly all") == take_out(changed)


def test_pasted_again_it_is_there_once():
    """In its newest form."""
    once = paste(THEIRS, PARTS)

    assert once == paste(once, PARTS)
    assert paste(THEIRS, OTHERS) == paste(once, OTHERS)


@pytest.mark.parametrize("name", ["b", 'a "b"; \u2028# shardwatch: end "a"', "ab"])
def test_another_clusters_lines_stay_and_go_by_themselves(name: str):
    """Whichever was first, and whatever it is called."""
    first = paste(THEIRS, PARTS)
    both = paste(first, OTHERS, name)

    names = [each["name"] for each in yaml.safe_load(both)["receivers"]]
    assert ["others", "ours", "theirs"] == names
    assert first == take_out(both, name)
    assert paste(THEIRS, OTHERS, name) == take_out(both)
    assert THEIRS == take_out(take_out(both), name)


def test_a_list_that_another_cluster_made_is_not_built_upon():
    """It would go with the other's."""
    first = paste("route: {receiver: a}\n", OTHERS, "b")
    with pytest.raises(InputError) as refused:
        paste(first, {("receivers",): [{"name": "ours"}]})
    assert (
        "f.yml:2: found receivers: among the lines of the cluster b, expected it above them; "
        'take those out (--undo --cluster "b"), write receivers: with nothing after it, and paste '
        "both"
    ) == str(refused.value)


def test_keys_that_are_missing_are_made():
    """Where their mapping begins."""
    theirs = "# c\nroute:\n    receiver: a\nreceivers:\n  - name: a\n"
    pasted = paste(theirs, {**PARTS, ("alerting", "x"): [1]})

    assert {"x": [1]} == yaml.safe_load(pasted)["alerting"]
    assert PARTS["route", "routes"] == yaml.safe_load(pasted)["route"]["routes"]
    assert theirs == take_out(pasted)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("key", "empty"),
    [
        *(("receivers", each) for each in ("[]  # none yet", "[ ]", "~", "null")),
        *(("alerting", each) for each in ("{}", "~  # none yet")),
    ],
)
def test_an_empty_list_or_mapping_is_replaced_and_comes_back(key: str, empty: str, line_end: str):
    """Byte for byte, pasted once or twice, in the first line or in another."""
    parts = {**OTHERS, ("alerting", "x"): [1]}
    for theirs in (f"{key}: {empty}\nroute: {{receiver: a}}\n",
                   f"a: 1\n# c\n{key}:   {empty}\n\nother:\n- a\n"):  # fmt: skip
        text = theirs.replace("\n", line_end)
        pasted = paste(text, parts)

        said = yaml.safe_load(pasted)
        assert OTHERS["receivers",] == said["receivers"]
        assert {"x": [1]} == said["alerting"]
        assert text == take_out(pasted)
        assert pasted == paste(pasted, parts)
        assert text == take_out(paste(pasted, {**parts, ("alerting", "x"): [2]}))


@pytest.mark.parametrize("rest", ["", "  # - first\n\nother:\n- a\n"])
@pytest.mark.parametrize("key", ["receivers", "alerting"])
def test_a_key_with_nothing_after_it_is_an_empty_list_or_mapping(key: str, rest: str):
    """As in the file that Prometheus comes with: comments stay where they are."""
    theirs = f"route: {{receiver: a}}\n{key}:  # none yet\n{rest}"
    parts = {**OTHERS, ("alerting", "x"): [1]}
    pasted = paste(theirs, parts)

    said = yaml.safe_load(pasted)
    assert OTHERS["receivers",] == said["receivers"]
    assert {"x": [1]} == said["alerting"]
    assert theirs == take_out(pasted)
    assert pasted == paste(pasted, parts)


def test_two_clusters_share_a_key_with_nothing_after_it():
    """The second stands above the first, and each goes alone."""
    theirs = "receivers:\n  # - name: a\n"
    first = paste(theirs, OTHERS, "b")
    both = paste(first, {("receivers",): PARTS["receivers",]})

    assert ["ours", "others"] == [each["name"] for each in yaml.safe_load(both)["receivers"]]
    assert first == take_out(both)
    assert theirs == take_out(take_out(both, "b"))


def test_aliases_and_what_is_merged_stay():
    """Of lists that nothing is pasted into."""
    theirs = "a: &a {name: db}\nreceivers:\n- *a\n- <<: *a\n  x: 1\n"
    pasted = paste(theirs, OTHERS)
    assert [{"name": "others"}, {"name": "db"}, {"name": "db", "x": 1}] == (
        yaml.safe_load(pasted)["receivers"]
    )
    assert theirs == take_out(pasted)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("added", ["  # mine", "- {name: mine}"])
def test_what_somebody_has_written_between_the_lines_is_not_thrown_away(added: str, line_end: str):
    """Neither by another paste, nor when it is taken out; another cluster's may be so."""
    pasted = paste(THEIRS, OTHERS).replace("- name: others\n", f"- name: others\n{added}\n")
    pasted = pasted.replace("\n", line_end)
    for change in (take_out, lambda text: paste(text, OTHERS)):
        with pytest.raises(InputError) as refused:
            change(pasted)
        assert "f.yml:10: found lines of others, or changed ones" in str(refused.value)
        assert "move what is yours below or above it" in str(refused.value)
    assert pasted == take_out(paste(pasted, PARTS, "b"), "b")


def test_numbers_that_are_none_stay():
    """They are not equal to themselves."""
    theirs = "x: .nan\nreceivers:\n- name: a\n"
    assert theirs == take_out(paste(theirs, OTHERS))


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ("receivers: [{name: a}]\n", "1: receivers: is no list of dashes"),
        ("{route: {receiver: a}}\n", "1: the file is no mapping in block style"),
        ("\nroute: {receiver: a}\n", "2: route: is no mapping in block style"),
        ("receivers:\n  []\n", "1: receivers: is no list of dashes; write the key alone"),
        ("receivers:\n  ~\n", "1: receivers: is no list of dashes"),
        ("receivers: {}\n", "1: receivers: is no list of dashes"),
        ("a: {b: 1}\n? receivers\n: []\n", "2: receivers: is no list of dashes"),
        ("receivers: []", "1: the last line does not end"),
        ("receivers:", "1: the last line does not end; end it, and paste again"),
        ("- a\n", "1: the file is no mapping"),
        ("", " found an empty file, expected a configuration; name the file that the server reads"),
        ("# a\n", " found nothing but comments, expected a configuration; name the file that"),
        ("a: &a [{receiver: x}]\nroute:\n  routes: *a\n", "3: route: routes: is no list of dashes"),
        (
            "route: &r\n  routes: &a\n  - {a: b}\nb: *a\n",
            "2: line 2 holds more than one key, dash or anchor",
        ),
        ("a: b\n---\na: b\n", "3:1: found a second document"),
        ("a: b\na: c\n", "2:1: a: the key 'a' stands here twice"),
        ("a: 2024-13-45\n", "1:1: a: cannot read '2024-13-45'"),
        (f"a: {'[' * 500}{']' * 500}\n", "1:203: nested too deeply"),
    ],
)
def test_what_cannot_be_pasted_into_safely_is_left_alone(theirs: str, said: str):
    """It is said why, and where."""
    with pytest.raises(InputError) as refused:
        paste(theirs, PARTS)
    assert str(refused.value).startswith(f"f.yml:{said}")


BEGIN, END = marks.begin(marks.Source("a", "/out"), []), marks.end("a")
ANY = '# shardwatch: begin "{}" ...`'


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([BEGIN, "- a", "- theirs"], f"1: found '{BEGIN}', expected `{END}` after it"),
        (
            ["- theirs", "- a", END],
            f"3: found '{END}', expected `{ANY.format('a')}",
        ),
        ([BEGIN, BEGIN, END], f"2: found '{BEGIN}', expected the end of what begins in line 1"),
        (
            [BEGIN, marks.end("b")],
            f"2: found '{marks.end('b')}', expected `{ANY.format('b')}",
        ),
        (
            ["- x", "# shardwatch: begin; ours", END],
            "2: found '# shardwatch: begin; ours', expected a",
        ),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lines_that_are_not_as_they_were_written_are_refused(lines, said: str, line_end: str):
    """What would be taken out might be anybody's."""
    text = "".join(f"{each}{line_end}" for each in lines)
    with pytest.raises(InputError) as refused:
        take_out(text)
    # What is long is told in part.
    found, _, expected = said.partition("', ")
    assert str(refused.value).startswith(f"f.yml:{found[:60]}")
    assert expected in str(refused.value)
    assert "put the line back as it was" in str(refused.value)


def test_what_would_say_something_else_as_well_is_not_pasted():
    """Another key has the same value by its name, and would have ours too."""
    text = "receivers: &none\nothers: *none\n"
    with pytest.raises(InputError, match="written in a way that lines cannot be put between"):
        paste(text, {("receivers",): [{"name": "ours"}]})
