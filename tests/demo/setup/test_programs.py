"""Programs are taken from where the user says, else PATH, else what was fetched."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from demo.setup import programs
from demo.setup.programs import find_program, provide_programs
from exporters.problems import InputError

Maker = Callable[..., Path]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty PATH and empty tools; no program is named by the environment."""
    for name in ("path", "tools/bin", "else"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(programs, "tools_directory", lambda: tmp_path / "tools")
    for program in (*programs.PROGRAMS.values(), *programs.TEST_PROGRAMS.values()):
        monkeypatch.delenv(program.variable, raising=False)
    return tmp_path


def make(path: Path, name: str = "prometheus", version: str = "2.42.0+ds") -> Path:
    """Write a program that tells a version and return its path."""
    path.write_text(f'#!/bin/sh\necho "{name}, version {version} (branch: HEAD)"\n')
    path.chmod(0o755)
    return path


def messages(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    """Return what a user would read."""
    return [str(problem) for problem in error.value.problems]


def test_an_option_wins_over_all_else(places: Path, monkeypatch: pytest.MonkeyPatch):
    """What somebody says now counts more than what the shell was told before."""
    option = make(places / "else/option")
    monkeypatch.setenv("SHARDWATCH_PROMETHEUS", str(make(places / "else/variable")))
    make(places / "path/prometheus")

    assert option == find_program("prometheus", option)


def test_the_environment_wins_over_path(places: Path, monkeypatch: pytest.MonkeyPatch):
    """SHARDWATCH_PROMETHEUS names the program to use."""
    named = make(places / "else/prometheus")
    make(places / "path/prometheus")
    monkeypatch.setenv("SHARDWATCH_PROMETHEUS", str(named))

    assert named == find_program("prometheus")


def test_debian_has_postgresql_beside_path(places: Path, monkeypatch: pytest.MonkeyPatch):
    """Of several versions the newest is taken: nothing is fetched of what is there."""
    for version in ("15.13", "17.5"):
        folder = places / f"lib/{version[:2]}/bin"
        folder.mkdir(parents=True)
        program = folder / "postgres"
        program.write_text(f'#!/bin/sh\necho "postgres (PostgreSQL) {version} (Debian)"\n')
        program.chmod(0o755)
    beside = str(places / "lib/*/bin/postgres").removeprefix("/")
    found = replace(programs.TEST_PROGRAMS["postgres"], also_at=beside)
    monkeypatch.setitem(programs._EVERY, "postgres", found)

    assert places / "lib/17/bin/postgres" == find_program("postgres")


def test_path_wins_over_what_was_fetched(places: Path):
    """A system's own programs are preferred."""
    on_path = make(places / "path/prometheus")
    make(places / "tools/bin/prometheus")

    assert on_path == find_program("prometheus")


def test_debian_calls_alertmanager_by_another_name(places: Path):
    """On PATH it is prometheus-alertmanager."""
    debians = make(places / "path/prometheus-alertmanager", "alertmanager", "0.25.0")

    assert debians == find_program("alertmanager")


@pytest.mark.parametrize("said", ["", "vmalert-20230101-000000-tags-v1.87.0-0-gabc"])
def test_a_build_that_tells_no_version_is_taken(places: Path, said: str):
    """Debian's VictoriaMetrics prints an empty line."""
    program = places / "path/vmalert"
    program.write_text(f'#!/bin/sh\necho "{said}"\n')
    program.chmod(0o755)

    assert program == find_program("vmalert")


def test_programs_of_tests_are_fetched_apart(places: Path, monkeypatch: pytest.MonkeyPatch):
    """Into a folder of their own, so that a tree that is there stays as it is."""
    folder = places / "tools/victoria-metrics"
    (folder / "bin").mkdir(parents=True)
    asked: list[Path] = []

    def provide(directory: Path, _tell: object, **_: object) -> None:
        asked.append(directory)
        (directory / "bin/vmalert").write_text("#!/bin/sh\necho\n")
        (directory / "bin/vmalert").chmod(0o755)

    monkeypatch.setattr(programs, "provide_tree", provide)

    assert {"vmalert": folder / "bin/vmalert"} == provide_programs(["vmalert"])
    assert [folder] == asked


def test_a_program_on_path_that_is_too_old_is_passed_over(places: Path):
    """Prometheus before 2.42 does not read our rules."""
    make(places / "path/prometheus", version="2.30.3")
    fetched = make(places / "tools/bin/prometheus")

    assert fetched == find_program("prometheus")


def test_what_was_passed_over_is_told_where_nothing_else_is_found(places: Path):
    """The user sees why the one that is there does not count."""
    old = make(places / "path/prometheus", version="2.30.3")

    with pytest.raises(InputError) as error:
        find_program("prometheus")

    assert [
        f"{old}: is prometheus 2.30; 2.42 or later is needed",
        "prometheus: is neither on PATH nor under .tools/bin; run `python3 -m demo.setup.programs`",
    ] == messages(error)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda _: None, "there is no such file"),
        (lambda path: make(path, version="2.41.0"), "is prometheus 2.41; 2.42 or later is needed"),
        (lambda path: make(path, "git", "2.50.0"), "is no prometheus: git, version 2.50.0 "),
        (lambda path: path.write_text("x"), "does not run: "),
    ],
)
def test_a_chosen_program_that_will_not_do_is_an_error(
    places: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], object], expected: str
):
    """It is never replaced by another in silence."""
    named = places / "else/prometheus"
    made(named)
    make(places / "path/prometheus")
    monkeypatch.setenv("SHARDWATCH_PROMETHEUS", str(named))

    with pytest.raises(InputError) as error:
        find_program("prometheus")

    (message,) = messages(error)
    assert message.startswith(f"{named}: {expected}")
    assert message.endswith("; name another one, or unset SHARDWATCH_PROMETHEUS")


def test_nothing_is_fetched_where_path_has_all(places: Path, monkeypatch: pytest.MonkeyPatch):
    """Four programs on PATH, no download."""
    expected = {
        name: make(places / "path" / name, name, "9.9.9") for name in sorted(programs.PROGRAMS)
    }
    monkeypatch.setattr(programs, "provide_tree", lambda *_, **__: pytest.fail("fetched"))

    assert expected == provide_programs(sorted(programs.PROGRAMS))


def test_without_apt_one_message_names_what_is_missing_and_the_ways_to_get_it(places: Path):
    """PATH holds no apt here; Prometheus is there, but not Alertmanager."""
    make(places / "path/prometheus")

    with pytest.raises(InputError) as error:
        provide_programs(["prometheus", "alertmanager", "amtool"])

    (message,) = messages(error)
    assert "`brew install prometheus alertmanager`" in message
    assert "release archives of prometheus.io/download" in message
    assert "container of `debian:12`" in message
    assert message.endswith(
        "put alertmanager, amtool on PATH or name them by "
        "SHARDWATCH_ALERTMANAGER, SHARDWATCH_AMTOOL"
    )


def test_what_is_passed_over_is_said_before_something_is_fetched(
    places: Path, monkeypatch: pytest.MonkeyPatch
):
    """Else it would look as if the program on PATH had not been seen."""
    old = make(places / "path/prometheus", version="2.30.3")
    monkeypatch.setattr(
        programs, "provide_tree", lambda tools, _tell, **_: make(tools / "bin/prometheus")
    )
    said: list[str] = []

    provide_programs(["prometheus"], said.append)

    assert [f"{old}: is prometheus 2.30; 2.42 or later is needed; passed over"] == said
