"""The made tests among what ``shardwatch build`` writes."""

from __future__ import annotations

from alerts.build import objective_groups
from alerts.made_tests.files import made_test_file, rule_path, test_path
from exporters.config import Config
from slo.examples.values import NoExampleError
from slo.objectives import read_objectives
from slo.rule_files import AS_PROMETHEUS_TAKES_THEM, RulesForm


def build(config: Config, form: RulesForm = AS_PROMETHEUS_TAKES_THEM) -> dict[str, str]:
    """Return a test file for each objective's rules, where one can be made: text by path.

    Raises:
        InputError: if an objective cannot be read.
    """
    names = [each.name for each in config.generated_from]
    interval = config.file.prometheus.scrape_interval
    files = {}
    for each in read_objectives(config):
        sources = [*names, *([each.file] if each.file else [])]
        rules = f"../{rule_path(each)}"
        try:
            groups = form.limit(objective_groups(each, config, form))
            text, _ = made_test_file(each, groups, rules, interval, sources)
        except NoExampleError:
            continue
        files[test_path(each)] = text
    return files
