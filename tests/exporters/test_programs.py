"""Programs are found in the order in which somebody chose them, or it is said what to do."""

from pathlib import Path

import pytest

from exporters import programs
from exporters.problems import InputError
from exporters.programs import locate_program


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes a program in a folder of a machine that has none."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv("SHARDWATCH_PROMTOOL", raising=False)
    monkeypatch.setattr(programs, "tools_directory", lambda: tmp_path / "tools")

    def make(folder):
        path = tmp_path / folder / "promtool"
        path.parent.mkdir(parents=True)
        path.touch(mode=0o755)
        return path

    return make


def test_what_the_set_up_fetched_is_found_behind_all_else(make, monkeypatch):
    """An option first, the environment, PATH, and then what `make setup` left."""
    own_folder = make("tools/chromium/bin")
    assert own_folder == locate_program("promtool")
    fetched = make("tools/bin")
    assert fetched == locate_program("promtool")
    on_path = make("path")
    assert on_path == locate_program("promtool")
    named = make("named")
    monkeypatch.setenv("SHARDWATCH_PROMTOOL", str(named))
    assert named == locate_program("promtool")
    chosen = make("chosen")
    assert chosen == locate_program("promtool", chosen)


def test_a_program_is_named_from_where_the_command_runs(make, tmp_path, monkeypatch):
    """And may then be run in another folder."""
    chosen = make("chosen")
    monkeypatch.chdir(tmp_path)
    assert chosen == locate_program("promtool", Path("chosen/promtool"))
    monkeypatch.chdir(chosen.parent)
    assert chosen == locate_program("promtool", Path("./promtool"))


def test_a_program_that_is_nowhere_is_bad_input(make, tmp_path):
    """With what to do. What was named and is not there is not replaced by another."""
    with pytest.raises(InputError, match=r"^promtool: no such program; run `make setup`"):
        locate_program("promtool")
    make("path")
    with pytest.raises(InputError, match="nowhere: no such program"):
        locate_program("promtool", tmp_path / "nowhere")
