"""At which strength faults are still caught, as tables."""

import pytest

from demo.lab import strengths
from demo.lab.strengths import strengths_text
from demo.scenario import Scenario
from tests.demo.lab.test_matrix import alert, outcome


def rows(text: str, heading: str) -> list[str]:
    """Return the rows of the first table after a heading, without its head."""
    lines = text.partition(heading)[2].splitlines()
    table = [each for each in lines if each.startswith("|")]
    return table[2:]


def test_the_weakest_fault_that_is_caught_is_told_with_the_next_that_is_not() -> None:
    """What is caught below a gap was luck."""
    text = strengths_text([
        outcome(alert("GpuLost", "expected", 21.4), strength=1.0),
        outcome(alert("GpuLost", "expected", 51.4, paged_seconds=80.0), strength=0.5),
        outcome(strength=0.25),
        outcome(alert("GpuLost", "expected", 99.0), strength=0.1),
    ])  # fmt: skip

    assert "| gpu-lost | GpuLost | 0.5 | 51 s | 80 s | 0.25 |" in rows(text, "# How weak")
    assert "| gpu-lost | 0.25 | GpuLost | not |  |" in rows(text, "## All strengths")
    assert "| gpu-lost | 0.1 | GpuLost | 99 s |  |" in rows(text, "## All strengths")


def test_a_fault_that_is_caught_at_all_strengths_has_none_at_which_it_is_not() -> None:
    """And one that is never caught has none at which it is."""
    always = strengths_text([outcome(alert("GpuLost", "expected", 21.4), strength=0.5)])
    never = strengths_text([outcome(strength=0.5)])

    assert "| gpu-lost | GpuLost | 0.5 | 21 s |  |  |" in always
    assert "| gpu-lost | GpuLost |  |  |  | 0.5 |" in never


def test_what_an_alert_is_not_expected_for_is_no_catch() -> None:
    """Of another group, say."""
    text = strengths_text([outcome(alert("GpuLost", "allowed", 21.4), strength=0.5)])

    assert "| gpu-lost | GpuLost |  |  |  | 0.5 |" in text


def test_every_scenario_with_a_strength_is_played_at_weaker_ones(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But those of real vLLM, and those whose fault has none; the file is written at the end."""
    played: list[Scenario] = []

    def run(jobs, at_once, tell):
        played.extend(each.scenario for each in jobs)
        return [(each, [outcome(strength=each.scenario.strength)]) for each in jobs]

    monkeypatch.setattr(strengths, "run_jobs", run)
    strengths.main(tmp_path / "STRENGTHS.md")

    storm = [each.strength for each in played if each.name == "retry-storm"]
    assert {4.0, 3.0} < set(storm)
    assert all(each.strength is not None and each.is_simulated for each in played)
    assert "# How weak a fault may be" in (tmp_path / "STRENGTHS.md").read_text()
