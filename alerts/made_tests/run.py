"""Making the tests of objectives and running them, several at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from alerts.build import groups_at
from alerts.made_tests.annotations import CASE as ANNOTATIONS
from alerts.made_tests.annotations import NEEDED, silent_alerts
from alerts.made_tests.files import made_test_files, rule_path
from alerts.made_tests.promtool import Failure, run_tests, said_by
from exporters.config import Links
from slo.examples.values import NoExampleError
from slo.objective import Objective
from slo.render import render_groups
from slo.testing import RuleTest


@dataclass(frozen=True)
class MadeCase:
    """One case, and what it holds."""

    name: str
    held: tuple[str, ...]


@dataclass(frozen=True)
class MadeTests:
    """The rules of one objective and their tests."""

    objective: Objective
    files: dict[str, str]
    """Texts by path: the rules, and the tests if any could be made."""
    tests: tuple[str, ...] = ()
    """The paths of the tests."""
    cases: tuple[MadeCase, ...] = ()
    silent: tuple[Failure, ...] = ()
    """Alerts that do not say enough: of these promtool knows nothing."""
    not_tested: str = ""
    """Why there are no tests; empty if there are."""


@dataclass(frozen=True)
class Outcome:
    """What came of an objective's tests."""

    made: MadeTests
    failures: tuple[Failure, ...]


def make_tests(
    objectives: Sequence[Objective],
    scrape_interval_seconds: float,
    links: Links,
    sources: Sequence[str],
) -> list[MadeTests]:
    """Return each objective's rules, as they are built, and the tests made for them."""
    return [_make(each, scrape_interval_seconds, links, sources) for each in objectives]


def run_made_tests(promtool: Path, folder: Path, made: Sequence[MadeTests]) -> Iterator[Outcome]:
    """Yield what comes of the tests that were written into a folder, in their order.

    Raises:
        InputError: if promtool cannot run them.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = [
            [pool.submit(run_tests, promtool, folder / path) for path in each.tests]
            for each in made
        ]
        for each, files in zip(made, running, strict=True):
            failed = chain.from_iterable(file.result() for file in files)
            yield Outcome(each, (*failed, *each.silent))


def _make(
    objective: Objective, scrape_interval_seconds: float, links: Links, sources: Sequence[str]
) -> MadeTests:
    groups = groups_at(objective, scrape_interval_seconds, links)
    names = sorted({*sources, *([objective.file] if objective.file else [])})
    files = {rule_path(objective): render_groups(groups, names)}
    try:
        tests, cases = made_test_files(objective, groups, scrape_interval_seconds, names)
    except NoExampleError as error:
        return MadeTests(objective, files, not_tested=str(error))
    return MadeTests(
        objective,
        files | tests,
        tuple(tests),
        (*map(_case, cases), MadeCase(ANNOTATIONS, NEEDED)),
        silent_alerts(groups),
    )


def _case(test: RuleTest) -> MadeCase:
    held = (said_by(each.expr)[1] for each in test.expectations)
    return MadeCase(test.name, tuple(held))
