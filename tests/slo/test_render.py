"""Rules as text: headers, and manifests of the Prometheus Operator."""

import pytest
import yaml

from slo.calendars import horizon_note
from slo.render import render_groups, render_manifests
from slo.rules import levels_group, objective_group
from slo.testing import check_rules


def groups_of(objective):
    """Return both groups."""
    return [objective_group(objective, 15), levels_group(objective, 15)]


def test_manifests_hold_the_very_groups_of_a_rule_file(objective, promtool, tmp_path):
    """And promtool accepts them."""
    text = render_manifests({"slo-a": groups_of(objective)}, ["test"], labels={"b": "2", "a": "1"})
    manifest = yaml.safe_load(text)

    assert {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "slo-a", "labels": {"a": "1", "b": "2"}},
    } == {key: value for key, value in manifest.items() if key != "spec"}
    assert yaml.safe_load(render_groups(groups_of(objective), ["test"])) == manifest["spec"]
    check_rules(promtool, yaml.safe_dump(manifest["spec"]), tmp_path)


def test_manifests_are_documents_of_one_file(objective):
    """One an objective, under a common header."""
    text = render_manifests({name: groups_of(objective) for name in ("a", "b")}, ["x", "y"])

    assert ["a", "b"] == [each["metadata"]["name"] for each in yaml.safe_load_all(text)]
    assert text.splitlines()[0].endswith(" from x, y; do not edit.")
    assert 1 == text.count("do not edit")


def test_notes_stand_under_the_header(objective):
    """As comments."""
    text = render_groups(groups_of(objective), ["x"], ["known until then", "and more"])

    assert ["# known until then", "# and more", "groups:"] == text.splitlines()[1:4]
    assert horizon_note(objective) is None


def test_no_manifest_and_no_group_are_refused(objective):
    """Empty output hides a mistake."""
    for manifests in ({}, {"a": []}):
        with pytest.raises(ValueError, match=r"at least one|one at least"):
            render_manifests(manifests, ["test"])
