"""The command refuses what it cannot play in sentences, before it plays anything."""

import json

import pytest
import typer

from demo.lab import cli
from demo.lab.options import Options
from demo.lab.running import Job, jobs_of
from demo.scenario import find_scenario, read_scenario
from exporters.problems import EXIT_PROBLEMS_FOUND, InputError
from tests.demo.lab.outcomes import alert, outcome, shown

RULES = """
groups:
- name: g
  rules:
  - {alert: A, expr: up == 0}
"""


@pytest.fixture
def played(monkeypatch) -> list[Job]:
    """The jobs that the command would have played; each goes as it should."""
    jobs: list[Job] = []

    def run(asked, at_once, tell, note):
        jobs.extend(asked)
        good = outcome(alert("GpuLost", "expected", 20.0))
        return [(each, [good]) for each in asked]

    monkeypatch.setattr(cli, "run_jobs", run)
    return jobs


def test_all_simulated_scenarios_are_played_at_all_their_strengths(tmp_path, played) -> None:
    """Those of real vLLM cannot be: nobody speeds up its time."""
    cli.lab(tmp_path / "out")

    names = [each.name for each in played]
    assert "gpu-lost" in names
    assert {"bad-canary at 1", "bad-canary at 0.5", "bad-canary at 0.2"} <= set(names)
    assert {"sim", "lab"} == {each.scenario.engine for each in played}


def test_results_are_a_table_a_page_and_json(tmp_path, played, capsys) -> None:
    """The table stands on stdout as well."""
    cli.lab(tmp_path, scenario=["gpu-lost"])

    assert (tmp_path / "RESULTS.md").read_text() == capsys.readouterr().out
    assert ["gpu-lost"] == [
        each["scenario"] for each in json.loads((tmp_path / "results.json").read_text())
    ]
    assert (tmp_path / "index.html").read_text().startswith("<!doctype html>")


def test_a_board_that_does_not_show_its_fault_is_a_problem_found(
    tmp_path, monkeypatch, capsys
) -> None:
    """Though all alerts came; the table says which panel, and what it had."""
    blind = outcome(
        alert("GpuLost", "expected", 20.0), boards=[shown(None, "0 at the most"), shown(15.0)]
    )
    monkeypatch.setattr(cli, "run_jobs", lambda asked, *_: [(each, [blind]) for each in asked])
    with pytest.raises(typer.Exit) as ended:
        cli.lab(tmp_path, scenario=["gpu-lost"])

    assert EXIT_PROBLEMS_FOUND == ended.value.exit_code
    assert "| Lost or hung | at least 1 | NOT SHOWN: 0 at the most |" in capsys.readouterr().out
    assert ["gpu: Lost or hung: at least 1: not shown: 0 at the most"] == blind.not_shown


def test_a_query_of_a_board_that_fails_in_a_play_is_a_problem_found(tmp_path, monkeypatch) -> None:
    """A panel that breaks during an incident, though all alerts came."""
    broken = outcome(alert("GpuLost", "expected", 20.0), queries_failed=["cache: refused"])
    monkeypatch.setattr(cli, "run_jobs", lambda asked, *_: [(each, [broken]) for each in asked])
    with pytest.raises(typer.Exit) as ended:
        cli.lab(tmp_path, scenario=["gpu-lost"])

    assert EXIT_PROBLEMS_FOUND == ended.value.exit_code
    assert ["cache: refused"] == broken.board_failures


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scenario": ["frozen-worker"]}, "is a scenario for vllm, expected one for sim"),
        ({"scenario": ["nonsense"]}, "no such scenario"),
        ({"at_once": 0}, "found 0, expected 1 or more"),
        ({"seed": -1}, "found -1, expected 0 or more"),
    ],
)
def test_what_cannot_be_played_is_refused(tmp_path, played, options, said) -> None:
    """Nothing is written then."""
    with pytest.raises(InputError) as refused:
        cli.lab(tmp_path / "out", **options)

    assert said in " ".join(str(each) for each in refused.value.problems)
    assert not (tmp_path / "out").exists()
    assert [] == played


def test_others_rules_that_do_not_parse_are_refused_with_their_place(tmp_path, played) -> None:
    """Before anything is played."""
    bad = tmp_path / "peer.yaml"
    bad.write_text(RULES.replace("up == 0", "up =="), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        cli.lab(tmp_path / "out", peer=[str(bad)])

    (found,) = refused.value.problems
    assert str(bad) == found.file
    assert 5 == found.line
    assert [] == played


def test_a_peer_that_reads_what_nobody_serves_or_clashes_with_ours_is_told_of_and_played(
    tmp_path, played, capsys
) -> None:
    """Before it is played, with its place."""
    path = tmp_path / "peer.yaml"
    rules = RULES.replace("alert: A", "labels: {severity: page}, alert: GpuLost")
    path.write_text(rules.replace("up == 0", "node_nonsense > 3"), encoding="utf-8")
    cli.lab(tmp_path / "out", scenario=["calm"], peer=[str(path)])

    told = capsys.readouterr().err
    assert f"{path}:5:" in told
    assert "promql/unknown: GpuLost: asks for node_nonsense, which is unknown here; nobody" in told
    clash = "found the alert GpuLost with severity page, which shardwatch writes, too"
    assert f"alerts/clash: GpuLost: {clash}" in told
    assert 1 == len(played)


def test_what_was_played_is_kept_though_a_later_play_fails(tmp_path, monkeypatch) -> None:
    """As data, and without tables of an earlier lab beside it."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "RESULTS.md").write_text("of yesterday")

    def run(asked, at_once, tell, note):
        note([outcome(scenario="one")])
        note([outcome(scenario="two")])
        raise RuntimeError

    monkeypatch.setattr(cli, "run_jobs", run)
    with pytest.raises(RuntimeError):
        cli.lab(out, scenario=["calm"])

    kept = json.loads((out / "results.json").read_text())
    assert ["one", "two"] == [each["scenario"] for each in kept]
    assert ["results.json"] == [each.name for each in out.iterdir()]


def test_a_sweep_goes_below_what_a_scenario_promises_and_above_no_effect() -> None:
    """Of a factor, no effect is 1."""
    scenario = read_scenario(find_scenario("black-friday"))
    jobs = jobs_of([scenario], Options(), sweep=True)

    promised = [each.scenario.strength for each in jobs if not each.is_swept]
    weaker = [each.scenario.strength for each in jobs if each.is_swept]
    assert [3, 2] == promised
    assert all(1 < each < 3 for each in weaker)
    assert weaker == sorted(weaker, reverse=True)
    assert not set(weaker) & set(promised)


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_played(
    tmp_path, played
) -> None:
    """An hour of plays would be for nothing."""
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError) as refused:
        cli.lab(file, scenario=["calm"])

    assert str(file) in str(refused.value)
    assert [] == played
