"""The command, and Sloth's files beside OpenSLO's."""

import sys

import pytest

import shardwatch
from exporters.problems import InputError
from slo.objectives import ObjectiveFile, read_objective_files
from slo.render import render_groups
from slo.rules import levels_group, objective_group
from slo.testing import check_rules

OPENSLO = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: shop-orders}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  objectives: [{target: 0.99}]
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'orders_total{outcome="error"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: orders_total}}}
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, plain, kubernetes):
    """Runs ``shardwatch slo`` in a folder with specs; gives exit code, output and errors."""
    (tmp_path / "plain.yaml").write_text(plain)
    (tmp_path / "kubernetes.yaml").write_text(kubernetes)
    (tmp_path / "openslo.yaml").write_text(OPENSLO)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["shardwatch", "slo", *arguments])
        with pytest.raises(SystemExit) as ended:
            shardwatch.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_specs_are_imported_into_a_file_for_each_service(run, tmp_path):
    """Which validate takes; what is lost is told and stops nothing."""
    code, out, err = run("import", "plain.yaml", "kubernetes.yaml", "-o", "openslo")

    assert (0, "wrote openslo/shop.yaml\nwrote openslo/shop-web.yaml\n") == (code, out)
    assert "plain.yaml:16:5: slos[0].alerting.name: found the name 'ShopErrors'" in err
    names = "shop-requests, shop-web-probes, shop-web-requests-ok, shop-web-satisfaction"
    assert (0, f"ok: {names}\n") == run("validate", "openslo")[:2]


def test_an_import_is_printed_where_no_folder_is_named(run, tmp_path):
    """The same text."""
    _, out, _ = run("import", "kubernetes.yaml", "--period", "4w")
    run("import", "kubernetes.yaml", "--period", "28d", "-o", "openslo")

    assert (tmp_path / "openslo/shop.yaml").read_text(encoding="utf-8") == out
    assert "duration: 28d" in out


def test_labels_that_shardwatch_sets_itself_are_kept_under_other_names(run, tmp_path):
    """So that routes of Sloth's alerts can go on."""
    code, _, err = run(
        "import", "plain.yaml", "-o", "openslo",
        "--rename-label", "severity=urgency", "--rename-label", "alertname=sloth_alert",
    )  # fmt: skip

    assert (0, False) == (code, "which is lost" in err)
    [read] = [
        each
        for each in read_objective_files(
            [ObjectiveFile(tmp_path / "openslo/shop-web.yaml", "shop-web.yaml")]
        )
        if each.name == "shop-web-requests-ok"
    ]
    page, ticket = (dict(read.extras(each).labels) for each in ("page", "ticket"))
    assert ("critical", "ShopErrors") == (page["urgency"], page["sloth_alert"])
    assert ("warning", "ShopErrors") == (ticket["urgency"], ticket["sloth_alert"])


def test_specs_of_one_service_may_be_imported_into_several_folders(run, tmp_path):
    """Each says that there is such a service, and no more."""
    other = "plain-2.yaml"
    (tmp_path / other).write_text(
        (tmp_path / "plain.yaml").read_text().replace("- name: ", "- name: other-")
    )
    run("import", "plain.yaml", "-o", "one")
    run("import", other, "-o", "two")

    code, out, _ = run("validate", "one", "two")

    assert 0 == code
    assert "shop-web-other-probes" in out


def test_an_import_overwrites_nothing(run, tmp_path):
    """What was imported once, people have gone on writing in."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/shop.yaml").write_text("mine\n")

    told = "out/shop.yaml: is there already; move it away or choose another folder\n"
    assert (2, "", told) == run("import", "plain.yaml", "kubernetes.yaml", "-o", "out")
    assert ["shop.yaml"] == [each.name for each in (tmp_path / "out").iterdir()]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["openslo.yaml", "--period", "30x"],
            "--period: '30x' is no duration such as 15s, 1h30m or 28d\n",
        ),
        (
            ["kubernetes.yaml", "--period", "90m"],
            "--period: found '90m', expected whole hours, a day at least, such as 30d\n",
        ),
        (
            ["plain.yaml", "--rename-label", "severity=slo"],
            "--rename-label: found the alert label 'slo', which rules and alerts set themselves; "
            "write severity=urgency\n",
        ),
        (
            ["plain.yaml", "--rename-label", "severity"],
            "--rename-label: found 'severity', expected OLD=NEW; write severity=urgency\n",
        ),
        (["nowhere.yaml"], "nowhere.yaml: no such file or folder\n"),
        (["kubernetes.yaml", "-o", "plain.yaml"], "plain.yaml: cannot be written: File exists\n"),
    ],
)
def test_an_import_that_cannot_be_is_told(run, arguments, expected):
    """Exit 2."""
    assert (2, "", expected) == run("import", *arguments)


def test_what_is_no_spec_of_sloths_cannot_be_imported(run):
    """It may well be OpenSLO already."""
    code, _, err = run("import", "openslo.yaml")

    expected = (
        "openslo.yaml:1:1: found no spec of Sloth, expected version: prometheus/v1, or apiVersion: "
        "sloth.slok.dev/v1 with kind: PrometheusServiceLevel; leave the document out\n"
    )
    assert (2, expected) == (code, err.splitlines(keepends=True)[0])


def test_a_folder_may_have_both_formats(run):
    """Sloth's are read as they are."""
    code, out, err = run("validate", ".")

    names = "shop-orders, shop-requests, shop-web-probes, shop-web-requests-ok, "
    assert (0, f"ok: {names}shop-web-satisfaction\n") == (code, out)
    assert "plain.yaml:23:3: every-moment-equal: shop-web-probes: found a ratio without" in err


def test_hung_requests_that_vllms_counters_miss_are_told_of(run, tmp_path, kubernetes):
    """Sloth's spec of a cluster without exporters of ours."""
    raw = kubernetes.replace("requests_total", "vllm:request_success_total")
    (tmp_path / "raw.yaml").write_text(raw)

    code, _, err = run("validate", "raw.yaml")

    assert code == 0
    assert err.startswith("raw.yaml:7:5: raw-vllm: shop-requests: found vllm:request_success_total")


def test_an_objective_of_one_name_in_both_formats_is_refused(tmp_path, kubernetes):
    """They would record the same series."""
    (tmp_path / "a.yaml").write_text(OPENSLO.replace("shop-orders", "shop-requests"))
    (tmp_path / "b.yaml").write_text(kubernetes)

    with pytest.raises(InputError) as refused:
        read_objective_files(ObjectiveFile(tmp_path / each, each) for each in ("a.yaml", "b.yaml"))

    expected = (
        "b.yaml:7: equal-series: found an objective called 'shop-requests', as another in "
        "a.yaml:7, expected each once; rename or remove one of them"
    )
    assert [expected] == [str(each) for each in refused.value.problems]


def test_problems_of_both_formats_are_told_at_once(tmp_path, kubernetes):
    """One round of mending for all."""
    (tmp_path / "a.yaml").write_text(OPENSLO.replace("target: 0.99", "target: 2"))
    (tmp_path / "b.yaml").write_text(kubernetes.replace("99.9", "0"))

    with pytest.raises(InputError) as refused:
        read_objective_files(ObjectiveFile(tmp_path / each, each) for each in ("a.yaml", "b.yaml"))

    assert ["a.yaml", "b.yaml"] == [each.file.split("/")[-1] for each in refused.value.problems]


def test_rules_of_sloths_specs_are_rules(promtool, tmp_path, plain, kubernetes):
    """Promtool accepts them."""
    (tmp_path / "sloth.yaml").write_text(f"{plain}---\n{kubernetes}")
    objectives = [
        each
        for each in read_objective_files([ObjectiveFile(tmp_path / "sloth.yaml", "sloth.yaml")])
        if each.name != "shop-web-probes"
    ]

    groups = [group(each, 15) for each in objectives for group in (objective_group, levels_group)]

    check_rules(promtool, render_groups(groups, ["sloth.yaml"]), tmp_path)
