"""The made tests of objectives as files, beside the rules that they test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from alerts.made_tests.cases import made_cases
from alerts.made_tests.setting import evaluation_interval_seconds
from exporters.generated import header
from slo.objective import Objective
from slo.rule_files import rules_path
from slo.rules import RuleGroup
from slo.testing import RuleTest, rule_tests

RUN_BY_HAND = "# Run it by hand: promtool test rules {name}\n"


def made_test_file(
    objective: Objective,
    groups: Iterable[RuleGroup],
    rule_file: str,
    scrape_interval_seconds: float,
    sources: Sequence[str],
) -> tuple[str, list[RuleTest]]:
    """Return the text of a file for ``promtool test rules``, and the cases in it.

    Args:
        objective: whose rules are tested.
        groups: its groups, in the order of the rule file.
        rule_file: the path of its rules, as seen from the test file's folder.
        scrape_interval_seconds: for which the rules were made.
        sources: names of the files that all was made from, for the header.

    Raises:
        NoExampleError: if no series can be made up for its selectors.
    """
    cases = made_cases(objective, scrape_interval_seconds)
    content = rule_tests(
        cases,
        [rule_file],
        [each.name for each in groups],
        evaluation_interval_seconds(scrape_interval_seconds),
        scrape_interval_seconds,
    )
    body = yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=1_000_000, allow_unicode=True)
    name = Path(test_path(objective)).name
    return header(map(Path, sources)) + RUN_BY_HAND.format(name=name) + body, cases


def rule_path(objective: Objective) -> str:
    """Return where an objective's rules stand in what is built."""
    return rules_path(f"slo-{objective.name}")


def test_path(objective: Objective) -> str:
    """Return where its tests stand."""
    return f"tests/slo-{objective.name}.yaml"


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as it is, so that expectations can be read in the file."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
