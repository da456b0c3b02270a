"""The rules that shardwatch writes have nothing wrong with them."""

from dataclasses import replace
from pathlib import Path

import pytest

import shardwatch
from alerts.build import build
from alerts.lint import Setting, lint, read_rule_files
from alerts.lint.checks.unbounded import UNBOUNDED
from alerts.lint.families import find_series, known_names, labels_of
from alerts.lint.names import Names
from alerts.lint.scenarios import read_expected
from exporters.catalog import SERVED_FAMILIES
from exporters.config import read_config
from exporters.generated import write_generated
from slo.rule_files import RulesForm
from slo.rules_format import RulesFormat

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "tests/alerts/demo_like/shardwatch.yaml"
LIBRARY = ROOT / "slo/library"


@pytest.fixture(scope="module", params=RulesFormat)
def rules(request, tmp_path_factory):
    """All that are built for a configuration as the demo's, in each form."""
    folder = tmp_path_factory.mktemp("built")
    form = RulesForm(request.param, None, {})
    write_generated(folder, shardwatch._build_all(read_config(CONFIG), form))
    # A manifest has the same rules as the rule file beside it.
    kind = "manifests" if request.param is RulesFormat.OPERATOR else "rules"
    return read_rule_files(sorted(folder.glob(f"{kind}/*.yaml")))


def test_our_rules_are_clean(rules):
    """Scraped as the demo is, held against its scenarios, with no labels of targets."""
    assert len(rules) > 100
    setting = Setting(
        scrape_interval_seconds=5.0,
        expected=read_expected(ROOT / "demo/scenarios"),
        target_labels=frozenset(),
    )
    found = lint(rules, setting)
    assert [] == [str(each) for each in found]


@pytest.mark.parametrize("library", sorted(each.stem for each in LIBRARY.glob("*.yaml")))
def test_what_is_built_of_each_library_alone_is_clean(library, tmp_path):
    """Nothing reads what only another one's objectives record."""
    config = read_config(CONFIG)
    file = config.file.model_copy(update={"objectives": [f"library:{library}"]})
    write_generated(tmp_path, build(replace(config, file=file)))

    found = lint(
        read_rule_files(sorted(tmp_path.glob("rules/*.yaml"))), Setting(scrape_interval_seconds=5.0)
    )
    assert [] == [str(each) for each in found]


def test_a_mistake_in_our_rules_is_found(rules):
    """So that nothing being found says something."""
    broken = [replace(each, expr=each.expr.replace("cluster, region", "region")) for each in rules]
    found = {each.check for each in lint(broken, Setting(scrape_interval_seconds=5.0))}
    assert {"labels/lost"} <= found


def test_the_scenarios_of_the_demo_can_be_read():
    """What they expect are alerts that there are."""
    assert "GpuLost" in read_expected(ROOT / "demo/scenarios")


def test_no_label_of_ours_is_among_the_unbounded():
    """Ours have bounded sets of values."""
    ours = {label for family in SERVED_FAMILIES.values() for label in family.labels}
    assert set() == ours & UNBOUNDED


def test_every_series_of_ours_is_known_with_its_labels():
    """A histogram by its three series, and not by its own name."""
    names = known_names()
    assert "shardwatch_router_time_to_first_token_seconds_bucket" in names
    assert "shardwatch_router_time_to_first_token_seconds" not in names
    (labels,) = labels_of("shardwatch_router_time_to_first_token_seconds_bucket", frozenset({"x"}))
    assert {"le", "job", "router"} <= labels.sure
    assert labels.is_known
    assert "x" in labels.may - Names.of(labels.sure)


def test_a_scrape_may_attach_any_label_unless_somebody_said_which():
    """Ours are known otherwise; of others' series nobody knows all."""
    (labels,) = labels_of("shardwatch_group_up")
    assert "namespace" in labels.may
    (labels,) = labels_of("shardwatch_group_up", frozenset())
    assert "namespace" not in labels.may
    (labels,) = labels_of("vllm:prompt_tokens_total", frozenset())
    assert "namespace" in labels.may


def test_what_prometheus_makes_is_known():
    """Of a scrape by its target, of an alert by its name."""
    for name, sure in (
        ("up", {"job", "instance"}),
        ("scrape_samples_scraped", {"job", "instance"}),
        ("ALERTS", {"alertname", "alertstate"}),
        ("ALERTS_FOR_STATE", {"alertname"}),
    ):
        (labels,) = labels_of(name)
        assert sure == labels.sure
        assert "gauge" == find_series(name).kind
