"""The demo's options: what is passed on, and what is refused before anything starts."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

import demo.cli
from demo.cli import app
from demo.scenario import scenario_names
from demo.stack.compare import Row
from demo.stack.run import Options
from exporters.problems import InputError

SCENARIO = """\
name: slow
engine: sim
story: A GPU is slow.
starts_at: fri 19:30
faults:
- {fault: straggler, at: 1s, length: 9s, strength: 0.8, place: {group: eu-chat-0}}
strengths: [0.8, 0.4]
watch: 10s
"""


@dataclass
class Runs:
    """Stands in for the demo: keeps what it was asked for."""

    options: list[Options] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    async def __call__(self, options: Options, terminal: object) -> list[str]:
        """Run at once."""
        self.options.append(options)
        return self.missed


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """The demo is not started."""
    runs = Runs()
    monkeypatch.setattr(demo.cli, "run_demo", runs)
    return runs


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A scenario with two strengths."""
    path = tmp_path / "slow.yaml"
    path.write_text(SCENARIO)
    return str(path)


def _up(*options: str) -> int:
    """Run `demo up`; return its exit code."""
    done = CliRunner().invoke(app, ["up", *options])
    if isinstance(done.exception, InputError):
        raise done.exception
    return done.exit_code


def test_without_options_the_usual_cluster_plays_the_usual_scenario(runs: Runs):
    """18 groups, in real time, at the strengths that the file has."""
    assert 0 == _up()
    [options] = runs.options
    assert "gpu-lost" == options.scenario.name
    assert (18, 1, 1.0, False) == (options.groups, options.seed, options.speed, options.stay)


def test_options_are_passed_on(runs: Runs, file: str, tmp_path: Path):
    """Size, seed, strength, folders."""
    given = ["--groups", "4", "--seed", "7", "--strength", "0.4", "--stay", "--dir", str(tmp_path)]
    assert 0 == _up("--scenario", file, *given)
    [options] = runs.options
    assert (4, 7, True, tmp_path) == (
        options.groups, options.seed, options.stay, options.folder
    )  # fmt: skip
    assert 0.4 == options.scenario.strength
    assert "fri 19:30" == options.scenario.starts_at


def test_another_speed_is_for_looking_around(runs: Runs):
    """It stays up and plays nothing."""
    assert 0 == _up("--speed", "60", "--stay")
    assert 60.0 == runs.options[0].speed


def test_what_was_not_as_expected_is_exit_code_1(runs: Runs):
    """For scripts."""
    runs.missed = ["GpuLost did not fire"]
    assert 1 == _up("--once")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--engine", "ray"], "--engine: found 'ray', expected sim or vllm"),
        (
            ["--scenario", "watch-ails"],
            "watch-ails: is for the lab alone, which plays it in virtual time; "
            "shardwatch lab --scenario watch-ails -o DIR",
        ),
        (
            ["--engine", "vllm", "--scenario", "gpu-lost"],
            "gpu-lost: is a scenario for sim, not for vllm; add --engine sim",
        ),
        (["--groups", "1"], "--groups: found 1, expected 2 or more"),
        (["--seed", "-1"], "--seed: found -1, expected 0 or more"),
        (["--speed", "0", "--stay"], "--speed: found 0, expected a number above 0"),
        (["--speed", "nan", "--stay"], "--speed: found nan, expected a number above 0"),
        (
            ["--speed", "60"],
            "--speed: Prometheus's rules run in real time, so no scenario can be played at another "
            "speed; add --stay to look around, or leave it out",
        ),
        (
            ["--engine", "vllm", "--groups", "4"],
            "--groups: is for the simulator, and frozen-worker is for vllm",
        ),
        (
            ["--engine", "vllm", "--speed", "2"],
            "--speed: is for the simulator, and frozen-worker is for vllm",
        ),
        (
            ["--strength", "0.5"],
            "--strength: gpu-lost begins with lost-gpu, which has no strength",
        ),
        (
            ["--scenario", "FILE", "--strength", "0.5"],
            "--strength: found 0.5, expected a strength of straggler at which slow must be seen; "
            "take one of: 0.8, 0.4",
        ),
    ],
)
def test_what_cannot_be_is_refused(runs: Runs, file: str, options: list[str], message: str):
    """With what to do, and nothing is started."""
    with pytest.raises(InputError) as refused:
        _up(*(file if each == "FILE" else each for each in options))
    assert str(refused.value) == message
    assert [] == runs.options


def test_a_cluster_that_does_not_fit_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch):
    """Before a folder is made."""
    monkeypatch.setattr("demo.stack.run.read_available_bytes", lambda: 1000)
    with pytest.raises(InputError, match=r"--groups: 50 groups need .* GiB of memory, found 0.0"):
        _up("--groups", "50")


def test_every_scenario_is_listed_with_its_story():
    """A line each."""
    done = CliRunner().invoke(app, ["scenarios"])
    assert scenario_names() == [line.split()[0] for line in done.output.splitlines()]


@pytest.mark.parametrize(("deviation", "code"), [(0.5, 0), (1.5, 1), (None, 1)])
def test_the_truth_is_told_and_judged(
    monkeypatch: pytest.MonkeyPatch, deviation: float | None, code: int
):
    """0 where the stack agrees with it, 1 where not."""

    async def look(folder: Path, within: float) -> list[Row]:
        assert (Path("here"), 7.0) == (folder, within)
        return [Row("budget", "s", "1 bad", "2 bad", deviation)]

    monkeypatch.setattr(demo.cli, "look", look)
    done = CliRunner().invoke(app, ["truth", "--dir", "here", "--within", "7"])
    assert code == done.exit_code
    assert "budget s" in done.output
    done = CliRunner().invoke(app, ["truth", "--dir", "here", "--within", "7", "--json"])
    assert code == done.exit_code
    assert done.output.startswith("{")
