"""Made tests pass on the rules that are built, and fail where something is taken out of these."""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from alerts.build import groups_at
from alerts.made_tests.annotations import silent_alerts
from alerts.made_tests.promtool import run_tests
from alerts.made_tests.run import make_tests
from demo.setup.programs import find_program
from exporters.config import Links
from slo.burn import Tier
from slo.objective import Calendar, Objective, Ratio, RawRatio, Slices, Threshold
from slo.rules import AlertingRule

PAGES = (
    Tier("page", 3600, 300, Decimal("0.02")),
    Tier("page", 6 * 3600, 1800, Decimal("0.05")),
)
"""The two that end soon, so that tests are short."""
BAD = Objective(
    name="answers",
    service="things",
    target=Decimal("0.99"),
    period_seconds=28 * 86400,
    grouping_labels=("cell",),
    indicator=Ratio(
        total="rate(requests_total[$window])",
        bad='rate(requests_total{outcome=~"error|timeout"}[$window])',
    ),
    tiers=PAGES,
)
GOOD = replace(
    BAD,
    name="fast",
    indicator=Ratio("rate(d_count[$window])", good='rate(d_bucket{le="2.5"}[$window])'),
    tiers=PAGES[:1],
)
A_SUM = Ratio(
    "sum by (cell) (rate(r[$window])) + sum by (cell) (rate(s[$window]))",
    bad='rate(r{o="e"}[$window])',
)
QUANTILE = "histogram_quantile(0.99, sum by (cell, le) (rate(d_bucket[$window])))"
LATE = Threshold("avg_over_time(queue[40m] offset 20m)", "<", Decimal(5))
WEEK = Calendar("week", 1, "2024-01-01 00:00:00", "UTC")
CASES = (
    "idle", "healthy", "burning", "blackout", "standstill", "missing error series",
    "counter reset", "new group", "a quarter bad", "just under 13.44", "just over 13.44",
    "just under 5.6", "just over 5.6", "long window of the page of 1h",
    "long window of the page of 6h", "a period", "annotations",
)  # fmt: skip
"""Of BAD; 13.44 is 2 % of 28 days in an hour, 5.6 are 5 % of them in six."""


def failed_cases(
    objective, folder: Path, interval=15.0, spoil=None, only=None, *, with_period=True
) -> set[str]:
    """Return the cases that fail, of those asked for, with rules that may be spoilt."""
    (made,) = make_tests([objective], interval, Links(), ["test"])
    (folder / "rules").mkdir()
    (folder / "tests").mkdir()
    failed = set()
    for path, text in made.files.items():
        if path in made.tests:
            content = yaml.safe_load(text)
            content["tests"] = [each for each in content["tests"] if only in (None, each["name"])]
            (folder / path).write_text(yaml.safe_dump(content, sort_keys=False))
        else:
            spoilt = spoil_rules(text, spoil) if spoil else text
            (folder / path).write_text(spoilt)
    for path in made.tests:
        if path.endswith(".period.yaml") and not with_period:
            continue
        failed |= {each.case for each in run_tests(find_program("promtool"), folder / path)}
    return failed


def spoil_rules(text: str, spoil) -> str:
    """Return rules in which something is another."""
    spoilt = text.replace(spoil.found, spoil.replaced)
    assert spoilt != text
    return spoilt


@pytest.mark.parametrize("interval", [5.0, 100.0])
def test_the_rules_that_are_built_pass_every_case(interval, tmp_path):
    """Of bad events, at any scrape interval."""
    (made,) = make_tests([BAD], interval, Links(), [])
    assert CASES == tuple(each.name for each in made.cases)
    assert set() == failed_cases(BAD, tmp_path, interval)


OTHERS = {
    "good events": GOOD,
    "one cell": replace(BAD, grouping_labels=()),
    "a target that outages hardly miss": replace(BAD, target=Decimal("0.94"), tiers=PAGES[:1]),
    "no tiers": replace(BAD, tiers=()),
    "a tier that waits": replace(BAD, tiers=(replace(PAGES[0], for_seconds=1800),)),
    "a sum": replace(BAD, indicator=A_SUM, tiers=PAGES[:1]),
    "raw ratio": replace(BAD, indicator=RawRatio("avg_over_time(ok[$window])", is_good=True)),
    "gauges": replace(BAD, indicator=Ratio("expected", bad="lost"), tiers=PAGES[:1]),
    "gauge": replace(BAD, indicator=Threshold("max by (cell) (queue)", "<", Decimal(5))),
    "quantile": replace(BAD, indicator=Threshold(QUANTILE, "<", Decimal(2))),
    "a range of its own": replace(BAD, indicator=LATE, tiers=PAGES[:1]),
    "slices": replace(BAD, slices=Slices(300, Decimal("0.95")), tiers=PAGES[:1]),
    "shares of slices": replace(BAD, slices=Slices(600, None, idle_is_good=True), tiers=PAGES[:1]),
    "calendar": replace(BAD, calendar=WEEK, period_seconds=7 * 86400, tiers=PAGES[:1]),
    "zero tolerance": replace(BAD, target=Decimal(1)),
    "fewest bad events": replace(BAD, minimum_bad_events=5000, tiers=PAGES[:1]),
}


WITH_PERIOD = {"good events", "raw ratio", "shares of slices", "calendar", "zero tolerance"}
"""Whose periods are counted in ways of their own; a month of rules takes promtool seconds."""


@pytest.mark.parametrize("name", OTHERS)
def test_other_objectives_pass_theirs(name, tmp_path):
    """Also those whose tiers fire late, or that have none."""
    assert set() == failed_cases(OTHERS[name], tmp_path, with_period=name in WITH_PERIOD)


@dataclass(frozen=True)
class Spoil:
    """Something taken out of the rules, and the case that must then fail."""

    case: str
    found: str
    replaced: str
    objective: Objective = BAD


@pytest.mark.parametrize(
    "spoil",
    [
        Spoil("idle", " > 0)", " >= 0)"),
        Spoil("a quarter bad", "15 * sum_over_time", "16 * sum_over_time"),
        Spoil("just under 13.44", "> 13.44", "> 13.2"),
        Spoil("just over 13.44", "> 13.44", "> 40.32"),
        Spoil("just over 5.6", "burn_tier: 6h", "burn_tier: 7h"),
        Spoil("just under 5.6", "0.01 *", "0.005 *"),
        Spoil("long window of the page of 1h", "[59m59s999ms]", "[2h59m59s999ms]"),
        Spoil("long window of the page of 6h", "[5h59m59s999ms]", "[3h59m59s999ms]"),
        Spoil("a period", "and\n", "or\n"),
        Spoil("a period", "1 - slo:", "1 - 7 * slo:"),
        Spoil("a period", "[59m59s999ms:5m]", "[11h59m59s999ms:5m]"),
        Spoil("a period", "[59m59s999ms:5m]", "[11h59m59s999ms:5m]", OTHERS["shares of slices"]),
        Spoil("healthy", "clamp_min(", "1 + clamp_min(", GOOD),
        Spoil("healthy", 'outcome=~"error|timeout"', 'outcome!="error"'),
        Spoil("burning", "> 13.44", "> 113.44"),
        Spoil("burning", "[29m59s999ms]", "[9h]"),
        Spoil("blackout", "or slo:events_blind:since_seconds", "or up"),
        Spoil("standstill", '(slo:traffic_vanished:state{slo="answers"} == 1 or ', "(up or "),
        Spoil("missing error series", "0 * (timestamp(", "1 * (timestamp("),
        Spoil(
            "counter reset",
            "sum by (cell) (rate(requests_total[1m]))",
            "rate((sum by (cell) (requests_total))[1m:15s])",
        ),
        Spoil("few bad events", ">= 4999.5", ">= 0", OTHERS["fewest bad events"]),
        Spoil("broken", "[59m59s999ms])", "[9h])", OTHERS["zero tolerance"]),
        Spoil("new group", "(rate(requests_total[1m]))", "(max_over_time(requests_total[1m]))"),
    ],
    ids=lambda spoil: spoil.case,
)
def test_rules_without_it_fail_the_case(spoil, tmp_path):
    """What a case is about makes the difference."""
    assert {spoil.case} == failed_cases(spoil.objective, tmp_path, spoil=spoil, only=spoil.case)


def test_made_files_are_the_same_from_run_to_run():
    """So that a diff shows what a change of the objective did; and they say how to run them."""
    first, second = (make_tests([BAD], 15, Links(), ["shardwatch.yaml"]) for _ in range(2))

    assert first == second
    (made,) = first
    assert [
        "rules/slo-answers.yaml", "tests/slo-answers.period.yaml", "tests/slo-answers.yaml",
    ] == sorted(made.files)  # fmt: skip
    assert "promtool test rules slo-answers.yaml" in made.files["tests/slo-answers.yaml"]


def test_the_numbers_that_a_case_holds_are_told():
    """That it passed says nothing otherwise."""
    (made,) = make_tests([BAD], 15, Links(), [])
    held = {each.name: each.held for each in made.cases}

    assert ("with 13.5744% bad events the page of 1h, the page of 6h fire",) == (
        held["just over 13.44"]
    )
    assert "what is left of the budget is 0.75" in held["a period"]


def test_an_alert_without_a_summary_is_told():
    """Whoever is woken would not know by what."""
    group, levels = groups_at(BAD, 15, Links())
    rules = tuple(
        replace(rule, annotations={**rule.annotations, "summary": ""})
        if isinstance(rule, AlertingRule) else rule
        for rule in group.rules
    )  # fmt: skip

    assert () == silent_alerts([group, levels])
    assert ["ErrorBudgetBurn has a summary"] * 2 == [
        each.what for each in silent_alerts([replace(group, rules=rules)])
    ]


def test_what_has_no_example_is_told_and_still_has_rules():
    """An expression that nobody can foresee is no reason to build nothing."""
    odd = replace(BAD, indicator=Ratio("rate(r[$window])", bad="rate(r[$window])"))
    (made,) = make_tests([odd], 15, Links(), [])

    assert ["rules/slo-answers.yaml"] == list(made.files)
    assert "no values of its series were found that are good" == made.not_tested
