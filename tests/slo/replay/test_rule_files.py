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
        ("sum by (job) (up)", "sum by (job (up)", "rules.yaml:7:18: groups[0].rules[0].expr"),
        ("sum by (job) (up)", "up[5m]", "found a range or a text"),
        ("sum by (job) (up)", "up offset -5m", "a negative offset, which would see what is yet"),
        ("sum by (job) (up)", "up @ 1000", "found @ 1000.000, a fixed time"),
        ("record: job:up:sum", "recrd: job:up:sum", "groups[0].rules[0].recrd: unknown field"),
        ("record: job:up:sum", "record: a\n    alert: b", "found alert and record"),
        ("    labels: {team: 7}", "    for: 5m", "found it on a rule that records"),
        ("{{ $labels.job }}", "{{ $labels.job | title }}", "of labels nothing else is rendered"),
        ("for: 5m", "for: five", "'five' is no duration"),
        ("limit: 10", "query_offset: 90s", "rules.yaml:4:3: groups[0].query_offset: found 1m30s"),
        ("limit: 10", "evaluation_delay: 1m", "groups[0].evaluation_delay: found 1m; replay"),
        ("limit: 10", "eval_delay: 1m", "groups[0].eval_delay: found 1m; replay"),
        ("limit: 10", "eval_offset: 1m", "groups[0].eval_offset: found 1m; replay"),
        ("limit: 10", "type: graphite", "groups[0].type: found 'graphite'; replay"),
        ("groups:", "grupps:", "is no rule file"),
    ],
)  # fmt: skip
def test_what_cannot_be_replayed_is_said_with_its_place(
    tmp_path: Path, found: str, replaced: str, expected: str
):
    """One thing is wrong at a time."""
    assert expected in "\n".join(problems(tmp_path, FILE.replace(found, replaced)))


def test_what_is_put_off_by_nothing_and_evaluated_as_usual_can_be_replayed(tmp_path: Path):
    """Zeros are what the fields are by themselves."""
    zeros = "query_offset: 0s\n  eval_offset: 0s\n  type: prometheus"
    groups = read(tmp_path, FILE.replace("limit: 10", zeros).replace("30s", "0s"))
    assert [60, 60] == [each.interval_seconds for each in groups]


def test_labels_of_a_group_are_on_its_rules(tmp_path: Path):
    """Unless a rule sets them itself."""
    (group, _) = read(tmp_path, FILE.replace("limit: 10", "labels: {team: a, severity: ticket}"))
    assert [
        {"team": "7", "severity": "ticket"},
        {"team": "a", "severity": "page", "where": "job {{ $labels.job }}"},
    ] == [each.labels for each in group.rules]


def test_a_label_of_a_group_that_cannot_be_rendered_is_told_where_it_stands(tmp_path: Path):
    """Not at the rule, which does not name it."""
    text = FILE.replace("limit: 10", "labels: {team: '{{ now }}'}")
    assert problems(tmp_path, text)[0].startswith("rules.yaml:4:12: groups[0].labels.team: found")


def test_problems_of_all_files_are_told_at_once(tmp_path: Path):
    """One is missing, one is no YAML."""
    (tmp_path / "b.yaml").write_text("groups: [")
    with pytest.raises(InputError) as raised:
        read_rule_files([tmp_path / "a.yaml", tmp_path / "b.yaml"])

    assert 2 == len(raised.value.problems)
