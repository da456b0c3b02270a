"""Anyone's rule files are read; what cannot be replayed is said with its place."""

from pathlib import Path

import pytest

from exporters.problems import InputError
from slo.replay.rule_files import read_rule_files
from slo.rule import AlertingRule, RecordingRule, RuleGroup

FILE = """\
groups:
- name: g
  interval: 30s
  limit: 10
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: {team: 7}
  - alert: Down
    expr: job:up:sum == 0
    for: 5m
    keep_firing_for: 1m
    labels: {severity: page, where: 'job {{ $labels.job }}'}
    annotations: {summary: '{{ $value | humanize }}'}
- name: usual
  rules: []
"""


def read(folder: Path, text: str) -> list[RuleGroup]:
    """Read a file of this text."""
    file = folder / "rules.yaml"
    file.write_text(text)
    return read_rule_files([file])


def problems(folder: Path, text: str) -> list[str]:
    """Return what is wrong with a file of this text, without its path."""
    with pytest.raises(InputError) as raised:
        read(folder, text)
    return [str(each).removeprefix(f"{folder}/") for each in raised.value.problems]


def test_groups_rules_and_alerts_are_read(tmp_path: Path):
    """With the usual interval where none is said."""
    where = "job {{ $labels.job }}"
    alert = AlertingRule(
        "Down", "job:up:sum == 0", {"severity": "page", "where": where},
        {"summary": "{{ $value | humanize }}"}, 300, 60,
    )  # fmt: skip
    recording = RecordingRule("job:up:sum", "sum by (job) (up)", {"team": "7"})
    expected = [RuleGroup("g", 30, (recording, alert)), RuleGroup("usual", 60, ())]

    assert expected == read(tmp_path, FILE)


def test_manifests_of_the_operator_are_read(tmp_path: Path):
    """As Sloth and Pyrra write them, several in a file; problems have their places in it."""
    lines = "".join(f"  {line}\n" for line in FILE.splitlines())
    manifest = f"kind: PrometheusRule\nmetadata: {{name: x}}\nspec:\n{lines}"

    assert 2 * read(tmp_path, FILE) == read(tmp_path, f"{manifest}---\n{manifest}")
    wrong = manifest.replace("up:sum == 0", "up:sum ==")
    assert problems(tmp_path, wrong)[0].startswith("rules.yaml:13:")


@pytest.mark.parametrize(
    ("found", "replaced", "expected"),
    [
        ("sum by (job) (up)", "sum by (job (up)", "rules.yaml:7:5: groups[0].rules[0].expr"),
        ("sum by (job) (up)", "up[5m]", "found a range or a text"),
        ("sum by (job) (up)", "up offset -5m", "a negative offset, which would see what is yet"),
        ("sum by (job) (up)", "up @ 1000", "found @ 1000.000, a fixed time"),
        ("record: job:up:sum", "recrd: job:up:sum", "groups[0].rules[0].recrd: unknown field"),
        ("record: job:up:sum", "record: a\n    alert: b", "found both record and alert"),
        ("    labels: {team: 7}", "    for: 5m", "a recording rule has no for"),
        ("{{ $labels.job }}", "{{ $labels.job | title }}", "of labels nothing else is rendered"),
        ("for: 5m", "for: five", "'five' is no duration"),
        ("interval: 30s", "interval: 0s", "expected a duration above it"),
        ("groups:", "grupps:", "grupps: unknown field"),
    ],
)  # fmt: skip
def test_what_cannot_be_replayed_is_said_with_its_place(
    tmp_path: Path, found: str, replaced: str, expected: str
):
    """One thing is wrong at a time."""
    assert expected in "\n".join(problems(tmp_path, FILE.replace(found, replaced)))


def test_problems_of_all_files_are_told_at_once(tmp_path: Path):
    """One is missing, one is no YAML."""
    (tmp_path / "b.yaml").write_text("groups: [")
    with pytest.raises(InputError) as raised:
        read_rule_files([tmp_path / "a.yaml", tmp_path / "b.yaml"])

    assert 2 == len(raised.value.problems)
