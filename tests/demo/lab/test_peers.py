"""Peers are told from each other, and from ours, by names."""

from pathlib import Path

import pytest

from demo.lab.peers import doubts_about, read_peers
from exporters.problems import InputError

RULES = "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A rule file called as ours are."""
    path = tmp_path / "shardwatch.yaml"
    path.write_text(RULES)
    return path


def refused(*texts: str) -> list[str]:
    """Return what is said of peers that are refused."""
    with pytest.raises(InputError) as error:
        read_peers(texts)
    return [str(each) for each in error.value.problems]


def test_a_peer_may_not_be_called_as_ours(file: Path) -> None:
    """It would be taken for ours, or ours for it; a name of its own helps."""
    said = f"found the name 'shardwatch', by which others than peers are called; name it: --peer NAME={file}"  # noqa: E501
    assert [f"{file}: {said}"] == refused(str(file))
    assert "found the name 'given'" in refused(f"given={file}")[0]

    (peer,) = read_peers([f"theirs={file}"])
    assert ("theirs", [file]) == (peer.name, peer.files)


def test_two_peers_of_one_name_are_refused(file: Path) -> None:
    """With what to do about it."""
    said = refused(f"theirs={file}", f"theirs={file}")

    assert said[0].endswith(f"another peer is called 'theirs' too; name it: --peer NAME={file}")


def test_a_peer_without_a_name_is_refused(file: Path) -> None:
    """Its row would have none."""
    assert "found no name, expected NAME=PATH" in refused(f"={file}")[0]


def test_a_folder_is_one_peer_by_its_whole_name(tmp_path: Path) -> None:
    """Of all rule files in it, in whatever way it is named."""
    folder = tmp_path / "sloth.v0.11"
    folder.mkdir()
    for name in ("b.yml", "a.yaml", "notes.txt"):
        (folder / name).write_text(RULES)
    (peer,) = read_peers([f"{folder}/."])

    assert "sloth.v0.11" == peer.name
    assert ["a.yaml", "b.yml"] == [each.name for each in peer.files]


def test_a_path_may_have_an_equals_sign(tmp_path: Path) -> None:
    """If it is there as a whole."""
    path = tmp_path / "a=b.yaml"
    path.write_text(RULES)

    assert ["a=b"] == [each.name for each in read_peers([str(path)])]


def test_a_folder_without_rule_files_is_refused(tmp_path: Path) -> None:
    """There is nothing to play."""
    assert "found no rule file, expected .yaml or .yml" in refused(f"empty={tmp_path}")[0]


@pytest.mark.parametrize("of", ["sloth", "pyrra"])
def test_nothing_is_in_doubt_of_what_generators_write_of_our_series(of: str) -> None:
    """All that they read is served in the lab, and no name of theirs is ours."""
    file = Path(__file__).with_name("fixtures") / f"{of}-rules.yaml"
    (peer,) = read_peers([str(file)])

    assert [] == list(doubts_about(peer))
