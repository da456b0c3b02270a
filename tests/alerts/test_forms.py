"""What is built for others than Prometheus has every alert, and is what they take."""

import subprocess

import pytest
import yaml

from alerts.build import build
from alerts.made_tests.build import build as build_tests
from dashboards.build import build as build_dashboards
from demo.setup.programs import find_program
from exporters.config import read_config
from exporters.generated import write_generated
from slo.rule_files import RulesForm
from slo.rules_format import RulesFormat
from slo.testing import check_rules_by_vmalert
from tests.alerts.conftest import PROMTOOL_TESTS

MIMIR = 20


@pytest.fixture(scope="session")
def config():
    """The configuration that promtool's tests are about."""
    return read_config(PROMTOOL_TESTS / "config" / "shardwatch.yaml")


def groups_in(files, folder="rules/"):
    """Return every rule group in a folder of what was built, in order."""
    contents = [yaml.safe_load(files[path]) for path in sorted(files) if path.startswith(folder)]
    return [group for each in contents for group in each.get("spec", each)["groups"]]


def rules_in(groups):
    """Return all rules, in order."""
    return [rule for group in groups for rule in group["rules"]]


def test_manifests_hold_the_groups_of_the_rule_files_alerts_included(config, built):
    """Beside them, for tests are run on rule files; each with the labels of the selector."""
    form = RulesForm(RulesFormat.OPERATOR, labels={"release": "monitoring"})
    files = build(config, form) | build_dashboards(config, form)

    assert groups_in(files) == groups_in(files, "manifests/")
    assert any("alert" in rule for rule in rules_in(groups_in(files, "manifests/")))
    assert built.items() <= files.items()
    manifests = {
        path: yaml.safe_load(text)["metadata"]
        for path, text in files.items()
        if path.startswith("manifests/")
    }
    assert {
        "manifests/alerts.yaml": "shardwatch-alerts",
        "manifests/causes.yaml": "shardwatch-causes",
        "manifests/cells.yaml": "shardwatch-cells",
        "manifests/slo-chat-availability.yaml": "slo-chat-availability",
        "manifests/slo-chat-ttft.yaml": "slo-chat-ttft",
        "manifests/slo-tool-success.yaml": "slo-tool-success",
    } == {path: each["name"] for path, each in manifests.items()}
    assert all(each["labels"] == {"release": "monitoring"} for each in manifests.values())


def test_groups_are_split_for_mimir_and_lose_no_rule(config, built):
    """Alerts are in them, and no two groups have one name."""
    groups = groups_in(built)
    limited = groups_in(build(config, RulesForm(most_rules=MIMIR)))

    assert max(len(each["rules"]) for each in groups) > MIMIR
    assert max(len(each["rules"]) for each in limited) <= MIMIR
    assert rules_in(groups) == rules_in(limited)
    assert len({each["name"] for each in limited}) == len(limited)


def test_rules_for_vmalert_wait_and_alert(config, built, tmp_path):
    """Counts wait, and bad events are read without what was just recorded; vmalert takes all."""
    files = build(config, RulesForm(RulesFormat.VMALERT))
    write_generated(tmp_path, files)

    late = [
        (ours, theirs)
        for ours, theirs in zip(rules_in(groups_in(files)), rules_in(groups_in(built)), strict=True)
        if ours != theirs
    ]
    assert late
    assert all("record" in theirs for _, theirs in late)
    waiting = [ours for ours, theirs in late if "timestamp(slo:events:rate" not in theirs["expr"]]
    assert waiting
    assert all("offset" in ours["expr"] for ours in waiting)
    check_rules_by_vmalert(find_program("vmalert"), sorted(tmp_path.glob("rules/*.yaml")))


@pytest.mark.parametrize(
    "form",
    [RulesForm(RulesFormat.VMALERT), RulesForm(RulesFormat.OPERATOR, MIMIR)],
    ids=["vmalert", "operator"],
)
def test_what_is_built_in_another_form_passes_its_own_tests(config, form, tmp_path):
    """Which name the groups as they were split."""
    write_generated(tmp_path, build(config, form) | build_tests(config, form))

    done = subprocess.run(
        [str(find_program("promtool")), "test", "rules", "slo-tool-success.yaml"],
        cwd=tmp_path / "tests", capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stdout + done.stderr
