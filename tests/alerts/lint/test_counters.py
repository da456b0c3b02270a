"""Counters whose value is taken: where it counts, and not where it need only be there."""

from pathlib import Path

import pytest

from alerts.lint import lint, read_rule_files

NAME = "vllm:prompt_tokens_total"


def found(folder: Path, expr: str) -> bool:
    """Tell whether an expression takes a counter's value."""
    file = folder / "rules.yaml"
    file.write_text(f"groups: [{{name: g, rules: [{{alert: A, expr: '{expr}'}}]}}]")
    return "promql/counter" in {each.check for each in lint(read_rule_files([file]))}


@pytest.mark.parametrize(
    "expr",
    [f"{NAME} > 5", f"up == 0 and on (job) {NAME} > 5", f"up and on (job) (5 < sum({NAME}))",
     f"up and on (job) (up and {NAME} > 5)"],
)  # fmt: skip
def test_a_threshold_of_a_counter_is_found_on_each_side_of_and(tmp_path, expr):
    """It is of all events since a process began, wherever it stands."""
    assert found(tmp_path, expr)


@pytest.mark.parametrize(
    "expr",
    [f"up == 0 and on (job) {NAME}", f"up == 0 and on (job) {NAME} > 0",
     f"up and on (job) rate({NAME}[5m]) > 5", f"up unless on (job) {NAME} > 5",
     f"up > 0 or NaN * sum({NAME})", f"up > 0 or sum({NAME}) + NaN"],
)  # fmt: skip
def test_a_counter_that_need_only_be_there_is_not(tmp_path, expr):
    """Nor one that was born, nor one of which NaN is made."""
    assert not found(tmp_path, expr)
