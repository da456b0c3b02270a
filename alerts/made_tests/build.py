"""The made tests among what ``shardwatch build`` writes."""

from __future__ import annotations

from alerts.build import objective_groups
from alerts.made_tests.files import made_test_files
from exporters.config import Config
from slo.examples.values import NoExampleError
from slo.objectives import read_objectives


def build(config: Config) -> dict[str, str]:
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
            made, _ = made_test_files(each, objective_groups(each, config), interval, sources)
        except NoExampleError:
            continue
        files |= made
    return files
