"""PrometheusRule manifests are no larger than anybody takes."""

import pytest
import yaml

from alerts.build import RuleSet
from alerts.kubernetes import rules
from alerts.kubernetes.rules import rule_manifests
from exporters.problems import InputError
from slo.rule import RecordingRule, RuleGroup
from slo.rule_files import AS_PROMETHEUS_TAKES_THEM, RulesForm
from slo.rules_format import RulesFormat

GROUPS = tuple(
    RuleGroup(f"g{number}", 15, (RecordingRule("a:b:c", "x" * 300),) * 3) for number in range(4)
)
SETS = [RuleSet("cells", GROUPS, ("shardwatch.yaml",))]


def groups_of(files: dict[str, str]) -> dict[str, list[str]]:
    """Return the names of the groups in each manifest."""
    loaded = {name: yaml.safe_load(text) for name, text in files.items()}
    return {
        name: [group["name"] for group in each["spec"]["groups"]] for name, each in loaded.items()
    }


def test_a_file_of_rules_is_one_object_where_it_can_be():
    """Called as the file is."""
    (name, text), = rule_manifests(SETS, AS_PROMETHEUS_TAKES_THEM).items()  # fmt: skip
    assert ("rules-cells.yaml", "shardwatch-cells") == (
        name,
        yaml.safe_load(text)["metadata"]["name"],
    )


def test_groups_that_are_too_much_together_are_several_objects(monkeypatch):
    """In their order, none lost, each under a name of its own."""
    monkeypatch.setattr(rules, "WANTED_BYTES", 2500)
    files = rule_manifests(SETS, AS_PROMETHEUS_TAKES_THEM)
    parts = {"rules-cells.yaml": ["g0", "g1"], "rules-cells-2.yaml": ["g2", "g3"]}
    assert parts == groups_of(files)
    names = [yaml.safe_load(text)["metadata"]["name"] for text in files.values()]
    assert ["shardwatch-cells", "shardwatch-cells-2"] == names


def test_a_group_that_the_operator_refuses_is_a_problem_with_a_way_out(monkeypatch):
    """Groups are cut by the option for it alone: what is read of another one is late."""
    monkeypatch.setattr(rules, "MOST_BYTES", 1000)
    with pytest.raises(InputError) as refused:
        rule_manifests(SETS, AS_PROMETHEUS_TAKES_THEM)
    assert (
        "rule group g0: found 1027 bytes, expected at most 1000, which the operator takes; split "
        "groups by --max-rules-per-group"
    ) in str(refused.value)


def test_groups_of_a_limited_size_are_cut_as_ever(monkeypatch):
    """The same limit as for rule files."""
    many = [RuleSet("cells", (RuleGroup("g", 15, (RecordingRule("a:b:c", "x"),) * 40),), ("a",))]
    form = RulesForm(RulesFormat.OPERATOR, 20)
    assert groups_of(rule_manifests(many, form)) == {"rules-cells.yaml": ["g", "g-2"]}
