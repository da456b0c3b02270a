"""The command itself, on a small cluster: a play, others' rules beside ours, weaker faults."""

import json
from functools import partial
from pathlib import Path

import pytest
import typer
import yaml

from demo.lab import cli
from demo.lab.options import Options
from demo.stack.files import LIVE
from exporters.problems import EXIT_PROBLEMS_FOUND, InputError
from tests.demo.lab.conftest import GROUPS

SLOTH, PYRRA = (
    Path(__file__).with_name("fixtures") / f"{each}-rules.yaml" for each in ("sloth", "pyrra")
)


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    """Chat alone on nine groups, after five healthy minutes."""
    options = partial(
        Options, timing=LIVE, groups=GROUPS, healthy_seconds=300.0, objectives=("library:chat",)
    )
    monkeypatch.setattr(cli, "Options", options)


def scenario(tmp_path: Path, fault: dict[str, object], **expected: object) -> str:
    """Write a scenario of one fault; return its file's name."""
    content = {
        "name": "short",
        "engine": "sim",
        "story": "Something happens.",
        "starts_at": "tue 21:00",
        "faults": [{"at": "10s", **fault}],
        "watch": "3m",
        "expect": [expected],
        "allow": [{"labels": {"region": "eu", "model": "chat"}}],
    }
    file = tmp_path / "short.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(file)


def lost_gpu(tmp_path: Path, **expected: object) -> str:
    """Write a scenario in which the only group of a cell is gone."""
    fault = {"fault": "lost-gpu", "length": "150s", "place": {"group": "eu-chat-0"}}
    return scenario(tmp_path, fault, **{"alert": "GpuLost", "within": "15s", **expected})


def section(text: str, heading: str) -> list[list[str]]:
    """Return the rows of a section's table."""
    lines = text.split(f"## {heading}\n\n")[1].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_others_rules_are_scored_beside_ours(tmp_path, capsys) -> None:
    """On the same readings: they fire after the fault, and know nothing of causes."""
    out = tmp_path / "out"
    peers = [str(SLOTH), f"pyrra={PYRRA}"]
    cli.lab(out, scenario=[lost_gpu(tmp_path)], peer=peers, at_once=1)

    ours, *theirs = section((out / "RESULTS.md").read_text(), "Beside others' rules")
    assert ["short", "shardwatch"] == ours[:2]
    assert [["short", "pyrra"], ["short", "sloth-rules"]] == [each[:2] for each in theirs]
    assert ours[3].endswith(" s"), "it pages"
    for each in theirs:
        first, page, false, read = each[2], each[3], each[6], each[7]
        assert float(ours[2].split()[0]) < float(first.split()[0]), "a cause comes before a burn"
        assert "0" == false
        assert page.endswith(" s"), "it pages"
        assert 0 < int(read.replace(",", "")) < int(ours[7].replace(",", ""))
    written = {each["rules"]: each for each in json.loads((out / "results.json").read_text())}
    for name, alert in (("sloth-rules", "ChatRequestsFail"), ("pyrra", "ErrorBudgetBurn")):
        assert {alert} == {each["alert"] for each in written[name]["alerts"]}
        assert f"by the rules of {name}" in (out / "index.html").read_text()
    assert "1 of 1: short: as expected" in capsys.readouterr().err


def test_others_rules_instead_of_ours_are_held_against_the_scenario(tmp_path) -> None:
    """Exit code 1 if they do not see what is expected."""
    out = tmp_path / "out"
    with pytest.raises(typer.Exit) as missed:
        cli.lab(out, scenario=[lost_gpu(tmp_path)], rules=[SLOTH], at_once=1)

    assert EXIT_PROBLEMS_FOUND == missed.value.exit_code
    ((_, said),) = section((out / "RESULTS.md").read_text(), "Not as expected")
    assert "GpuLost" in said


@pytest.mark.scenario
def test_a_sweep_tells_at_which_strength_a_fault_is_still_seen(tmp_path, monkeypatch) -> None:
    """The weaker ones are judged by nobody."""
    monkeypatch.setattr("demo.lab.running.SWEPT_SHARES", (0.02,))
    fault = {
        "fault": "nvlink-error", "length": "150s", "place": {"group": "eu-chat-0"}, "strength": 1.0
    }  # fmt: skip
    expected = {"alert": "ShardGroupStalled", "within": "90s"}
    out = tmp_path / "out"
    cli.lab(out, scenario=[scenario(tmp_path, fault, **expected)], sweep=True, at_once=1)

    strong, weak = section((out / "RESULTS.md").read_text(), "Strengths")
    assert ["short", "1", "ShardGroupStalled"] == strong[:3]
    assert "not" != strong[3]
    assert ["short", "0.02", "ShardGroupStalled", "not"] == weak[:4]


def test_a_fault_that_has_no_place_is_refused_before_anything_is_written(tmp_path) -> None:
    """Only the simulated cluster knows its places."""
    fault = {"fault": "lost-gpu", "length": "20s", "place": {"group": "none"}}
    with pytest.raises(InputError) as refused:
        cli.lab(
            tmp_path / "out", scenario=[scenario(tmp_path, fault, alert="GpuLost", within="9s")]
        )

    assert "none" in str(refused.value)
