"""The made tests of objectives as files, beside the rules that they test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from alerts.made_tests.cases import made_cases, made_period_cases
from alerts.made_tests.counts import HOUR, STEP_SECONDS
from alerts.made_tests.setting import evaluation_interval_seconds
from exporters.generated import header
from slo.objective import Objective
from slo.rule_files import rules_path
from slo.rules import RuleGroup
from slo.testing import RuleTest, rule_tests

RUN_BY_HAND = "# Run it by hand: promtool test rules {name}\n"


def made_test_files(
    objective: Objective,
    groups: Sequence[RuleGroup],
    scrape_interval_seconds: float,
    sources: Iterable[str],
    lag_seconds: float = 0,
) -> tuple[dict[str, str], list[RuleTest]]:
    """Return files for ``promtool test rules``, text by path, and the cases in them.

    Args:
        objective: whose rules are tested.
        groups: its groups, in the order of the rule file.
        scrape_interval_seconds: for which the rules were made.
        sources: names of the files that all was made from, for the header.
        lag_seconds: how late the rules count, where they were made for vmalert.

    Raises:
        NoExampleError: if no series can be made up for its selectors.
    """
    cases = made_cases(objective, scrape_interval_seconds, lag_seconds)
    of_period = made_period_cases(objective, scrape_interval_seconds)
    names = [each.name for each in groups]
    listed = list(sources)
    files = {
        test_path(objective): _content(
            cases, objective, names,
            evaluation_interval_seconds(scrape_interval_seconds), scrape_interval_seconds,
        )
    }  # fmt: skip
    if of_period:
        # The slower rules first: what they recorded an hour ago is not seen any more.
        slower = f"slo-{objective.name}-levels"
        ordered = sorted(names, key=lambda each: not each.startswith(slower))
        files[period_test_path(objective)] = _content(
            of_period, objective, ordered, HOUR, STEP_SECONDS
        )
    made = {path: _text_of(path, content, listed) for path, content in files.items()}
    return made, [*cases, *of_period]


def _content(
    cases: Sequence[RuleTest],
    objective: Objective,
    groups: Sequence[str],
    evaluation_seconds: float,
    sample_seconds: float,
) -> dict[str, Any]:
    rules = f"../{rule_path(objective)}"
    return rule_tests(cases, [rules], groups, evaluation_seconds, sample_seconds)


def _text_of(path: str, content: dict[str, Any], sources: Sequence[str]) -> str:
    body = yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=1_000_000, allow_unicode=True)
    return header(map(Path, sources)) + RUN_BY_HAND.format(name=Path(path).name) + body


def rule_path(objective: Objective) -> str:
    """Return where an objective's rules stand in what is built."""
    return rules_path(f"slo-{objective.name}")


def test_path(objective: Objective) -> str:
    """Return where its tests stand."""
    return f"tests/slo-{objective.name}.yaml"


def period_test_path(objective: Objective) -> str:
    """Return where those of a whole period stand; names of objectives have no dot."""
    return f"tests/slo-{objective.name}.period.yaml"


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as it is, so that expectations can be read in the file."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
