"""``shardwatch dashboards build``."""

from typer.testing import CliRunner

from dashboards.build import build_boards
from dashboards.cli import app
from exporters.problems import InputError


def test_build_writes_every_board_and_says_so(tmp_path):
    """The files are those of the build, nothing more."""
    done = CliRunner().invoke(app, ["build", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert done.stdout.endswith(f"{len(build_boards())} of them changed\n")
    written = {path.name: path.read_text() for path in (tmp_path / "out").glob("*.json")}
    assert build_boards() == written


def test_build_twice_changes_nothing(tmp_path):
    """And says that too."""
    CliRunner().invoke(app, ["build", "-o", str(tmp_path)])
    done = CliRunner().invoke(app, ["build", "-o", str(tmp_path)])
    assert f"{len(build_boards())} boards in {tmp_path}, 0 of them changed\n" == done.stdout


def test_somebody_elses_board_of_that_name_is_not_overwritten(tmp_path):
    """One problem, and nothing is changed."""
    (tmp_path / "fleet.json").write_text("{}")
    done = CliRunner().invoke(app, ["build", "-o", str(tmp_path)])
    assert isinstance(done.exception, InputError)
    (problem,) = done.exception.problems
    assert str(tmp_path / "fleet.json") == problem.file
    assert {"fleet.json"} == {path.name for path in tmp_path.iterdir()}
