"""The made tests among what ``shardwatch build`` writes."""

from __future__ import annotations

from alerts.build import objective_groups
from alerts.made_tests.files import made_test_files
from exporters.config import Config
from slo.examples.values import NoExampleError
from slo.objectives import read_objectives
from slo.rule_files import AS_PROMETHEUS_TAKES_THEM, RulesForm


def build(config: Config, form: RulesForm = AS_PROMETHEUS_TAKES_THEM) -> dict[str, str]:
    """Return test files for each objective's rules, where they can be made: text by path.

    Raises:
        InputError: if an objective cannot be read.
    """
    names = [each.name for each in config.generated_from]
    interval = config.file.prometheus.scrape_interval
    files: dict[str, str] = {}
    for each in read_objectives(config):
        sources = [*names, *([each.file] if each.file else [])]
        try:
            groups = form.limit(objective_groups(each, config, form))
            made, _ = made_test_files(each, groups, interval, sources, form.lag_seconds(interval))
        except NoExampleError:
            continue
        files |= made
    return files
