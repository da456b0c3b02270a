"""Files are written all or none, and never over one that is there."""

import os

import pytest

from exporters.problems import InputError, problem
from slo.adopt.writing import write_new

FILES = {"a.yaml": "a\n", "objectives/b.yaml": "b\n"}


def nothing(folder):
    """Find nothing wrong."""


def there(folder):
    """Return what is in a folder."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


def test_files_are_there_with_their_folders_and_nothing_else(tmp_path):
    """No trace is left of how they came."""
    write_new(tmp_path / "new" / "out", FILES, nothing)

    assert ["a.yaml", "objectives", "objectives/b.yaml"] == there(tmp_path / "new/out")
    assert "b\n" == (tmp_path / "new/out/objectives/b.yaml").read_text()


def test_they_are_looked_at_before_they_are_in_place(tmp_path):
    """As they will be, and what is wrong is told of where they would be; nothing is left."""
    out = tmp_path / "out"

    def refuse(folder):
        assert ["a.yaml", "objectives", "objectives/b.yaml"] == there(folder)
        raise InputError([problem(folder / "a.yaml", "is wrong")])

    with pytest.raises(InputError) as refused:
        write_new(out, FILES, refuse)

    assert f"{out}/a.yaml: is wrong" == str(refused.value)
    assert not out.exists()


@pytest.mark.parametrize("in_the_way", ["a.yaml", "objectives/b.yaml"])
def test_a_file_that_is_there_is_not_written_over(tmp_path, in_the_way):
    """Nor is anything beside it."""
    (tmp_path / in_the_way).parent.mkdir(exist_ok=True)
    (tmp_path / in_the_way).write_text("mine")
    before = there(tmp_path)

    with pytest.raises(InputError) as refused:
        write_new(tmp_path, FILES, nothing)

    assert [str(tmp_path / in_the_way)] == [each.file for each in refused.value.problems]
    assert before == there(tmp_path)


def test_a_link_that_leads_nowhere_is_in_the_way_too(tmp_path):
    """Somebody meant something by it."""
    (tmp_path / "a.yaml").symlink_to("nowhere")

    with pytest.raises(InputError):
        write_new(tmp_path, FILES, nothing)

    assert ["a.yaml"] == there(tmp_path)


def test_a_file_that_comes_in_between_is_kept_and_the_others_are_taken_back(tmp_path, monkeypatch):
    """Two commands at the same moment."""

    def come_in_between(folder):
        (tmp_path / "objectives").mkdir()
        (tmp_path / "objectives/b.yaml").write_text("mine")

    with pytest.raises(InputError):
        write_new(tmp_path, FILES, come_in_between)

    assert ["objectives", "objectives/b.yaml"] == there(tmp_path)
    assert "mine" == (tmp_path / "objectives/b.yaml").read_text()


def test_a_file_system_without_links_will_do(tmp_path, monkeypatch):
    """Such as some that are mounted from elsewhere."""

    def refuse(*_: object):
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    write_new(tmp_path, FILES, nothing)

    assert "a\n" == (tmp_path / "a.yaml").read_text()


def test_a_folder_that_is_a_file_is_told(tmp_path):
    """With what to do."""
    (tmp_path / "out").write_text("")

    with pytest.raises(InputError, match=r"out: cannot be written: .*; mend that, or name another"):
        write_new(tmp_path / "out", FILES, nothing)
