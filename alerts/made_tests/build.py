"""The made tests among what ``shardwatch build`` writes."""

from __future__ import annotations

from alerts.build import objective_groups
from alerts.made_tests.files import made_test_file, rule_path, test_path
from exporters.config import Config
from slo.examples.values import NoExampleError
from slo.objectives import read_objectives


def build(config: Config) -> dict[str, str]:
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
            text, _ = made_test_file(each, objective_groups(each, config), rules, interval, sources)
        except NoExampleError:
            continue
        files[test_path(each)] = text
    return files
