"""Rule files are read as Prometheus would read them; folders hold other files, too."""

from pathlib import Path

import pytest

from exporters.problems import InputError
from slo.rule_reading.files import read_groups, read_rule_files

RULES = "groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: up\n"
OTHERS = {
    "prometheus.yml": "global: {}\nrule_files: [rules/*.yaml]\n",
    "alertmanager.yml": "route: {receiver: a}\n",
    "tests.yaml": "rule_files: [rules.yaml]\ntests: []\n",
    "grafana.yaml": "apiVersion: 1\ngroups:\n- orgId: 1\n  name: g\n  folder: f\n  rules: []\n",
    "service.yaml": "apiVersion: v1\nkind: Service\n",
    "list.yaml": "- a\n",
    "empty.yaml": "",
}


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files into a folder."""
    for name, text in files.items():
        (folder / name).write_text(text)


def problems(*paths: Path) -> list[str]:
    """Return what is wrong with files, without their folder."""
    with pytest.raises(InputError) as raised:
        read_rule_files(paths)
    return [str(each).replace(f"{paths[0].parent}/", "") for each in raised.value.problems]


def test_of_a_folder_only_rule_files_are_read(tmp_path: Path):
    """Prometheus's configuration, tests and other tools' files stand beside them."""
    write(tmp_path, {**OTHERS, "rules.yaml": RULES})
    assert ["a:b"] == [each.name for each in read_rule_files([tmp_path])]


def test_a_file_named_twice_is_read_once(tmp_path: Path):
    """By itself and by its folder."""
    write(tmp_path, {"rules.yaml": RULES})
    assert 1 == len(read_rule_files([tmp_path / "rules.yaml", tmp_path]))


def test_a_wrong_rule_file_in_a_folder_is_told(tmp_path: Path):
    """It is not passed over."""
    write(tmp_path, {**OTHERS, "rules.yaml": RULES.replace("expr", "exp")})
    assert 2 == len(problems(tmp_path))


def test_a_folder_without_rule_files_is_told(tmp_path: Path):
    """Though it has files."""
    write(tmp_path, OTHERS)
    assert "found no rule file among its files" in problems(tmp_path)[0]


@pytest.mark.parametrize("name", OTHERS)
def test_a_named_file_that_holds_no_rules_is_told_once(tmp_path: Path, name: str):
    """However much of it no rule file has."""
    write(tmp_path, OTHERS)
    (told,) = problems(tmp_path / name)
    assert told.startswith(f"{name}: is no rule file")


def test_other_manifests_in_a_file_of_rules_are_passed_over(tmp_path: Path):
    """As they stand in one file for kubectl."""
    inner = "".join(f"  {line}\n" for line in RULES.splitlines())
    manifest = f"kind: PrometheusRule\nspec:\n{inner}"
    write(tmp_path, {"all.yaml": f"{OTHERS['service.yaml']}---\n{manifest}---\n"})
    assert ["a:b"] == [each.name for each in read_rule_files([tmp_path / "all.yaml"])]


def test_scalars_are_labels_as_they_are_written(tmp_path: Path):
    """Prometheus takes them for text."""
    write(tmp_path, {"a.yaml": f"{RULES}    labels: {{pager: true, team: 7, version: 1.10}}\n"})
    (rule,) = read_rule_files([tmp_path / "a.yaml"])
    assert {"pager": "true", "team": "7", "version": "1.10"} == rule.labels


@pytest.mark.parametrize("zero", ["0", "0s", "0h0m", "0ms"])
def test_no_interval_is_the_servers(tmp_path: Path, zero: str):
    """As Prometheus has it."""
    write(tmp_path, {"a.yaml": RULES.replace("name: g", f"name: g\n  interval: {zero}")})
    ((group, _),) = read_groups([tmp_path / "a.yaml"])
    assert group.interval_seconds is None


def test_what_puts_a_group_off_is_kept(tmp_path: Path):
    """In seconds, by the field that says so."""
    shifts = "query_offset: 1m\n  eval_offset: 0s\n  evaluation_delay: 30s"
    text = RULES.replace("name: g", f"name: g\n  {shifts}")
    write(tmp_path, {"a.yaml": f"namespace: n\n{text}"})
    ((group, _),) = read_groups([tmp_path / "a.yaml"])
    assert {"query_offset": 60, "evaluation_delay": 30} == group.shifts_seconds


@pytest.mark.parametrize(
    ("found", "replaced", "expected"),
    [
        ("a:b", "a-b", "a.yaml:4:5: groups[0].rules[0].record: found 'a-b', expected text that"),
        ("expr: up", "expr: up\n    labels: {a-b: x}", "labels.a-b: found 'a-b', expected text"),
        ("expr: up", "expr: up\n    labels: {__name__: x}", "found the label __name__, which"),
        ("name: g", "name: g\n  eval_offset: soon", "groups[0].eval_offset: 'soon' is no duration"),
        ("name: g", "name: g\n- name: g", "found a second group of the name 'g'"),
    ],
)
def test_what_prometheus_would_refuse_is_told_with_its_place(
    tmp_path: Path, found: str, replaced: str, expected: str
):
    """One thing is wrong at a time."""
    write(tmp_path, {"a.yaml": RULES.replace(found, replaced)})
    assert expected in "\n".join(problems(tmp_path / "a.yaml"))
