"""Each case breaks a good spec in one way, and is told what is wrong, where, and what to do."""

from decimal import Decimal

import pytest

from exporters.documents import parse_documents
from exporters.problems import InputError
from slo.objective import Objective, Ratio
from slo.spec.resolve import Source, resolve_objectives

GOOD = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: inference}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability
  displayName: Availability
  annotations:
    shardwatch.dev/grouping-labels: region, model
    shardwatch.dev/owner: serving
spec:
  description: Requests are answered.
  service: inference
  budgetingMethod: Occurrences
  timeWindow:
  - {duration: 28d, isRolling: true}
  objectives:
  - {target: 0.999}
  indicatorRef: errors
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: errors}
spec:
  ratioMetric:
    counter: true
    bad:
      metricSource:
        type: Prometheus
        spec: {query: 'requests_total{outcome="error"}'}
    total:
      metricSource:
        type: Prometheus
        spec: {query: requests_total}
"""


def resolve(*texts: str) -> tuple[Objective, ...]:
    """Return the objectives in files ``0.yaml``, ``1.yaml`` and so on."""
    return resolve_objectives(
        Source(document, f"{index}.yaml")
        for index, text in enumerate(texts)
        for document in parse_documents(text, f"{index}.yaml")
    )


def problems(*texts: str) -> list[str]:
    """Return what is wrong with files."""
    with pytest.raises(InputError) as caught:
        resolve(*texts)
    return [str(each) for each in caught.value.problems]


def test_a_good_spec_is_an_objective():
    """Everything of it, the target to the digit."""
    expected = Objective(
        name="availability",
        service="inference",
        target=Decimal("0.999"),
        period_seconds=28 * 86400,
        grouping_labels=("region", "model"),
        indicator=Ratio(
            total="rate(requests_total[$window])",
            bad='rate(requests_total{outcome="error"}[$window])',
        ),
        title="Availability",
        description="Requests are answered.",
        owner="serving",
        file="0.yaml",
        line=8,
    )

    assert (expected,) == resolve(GOOD)


def test_references_reach_across_files_in_any_order():
    """A service in one, an indicator in another."""
    service, slo, indicator = GOOD.split("---\n")

    (objective,) = resolve(slo, indicator, service)

    assert objective.name == "availability"


def test_an_indicator_may_stand_inside_and_count_good_events():
    """As OpenSLO writes latency objectives."""
    inside = GOOD.split("---\n")[2].partition("metadata")[2].replace("bad:", "good:")
    inline = "\n".join("    " + line for line in ("metadata" + inside).splitlines())
    text = GOOD.replace("  indicatorRef: errors\n", f"  indicator:\n{inline}\n")

    (objective,) = resolve(text)

    good = 'rate(requests_total{outcome="error"}[$window])'
    assert Ratio("rate(requests_total[$window])", good=good) == objective.indicator


def test_objectives_are_sorted_by_name():
    """So that what is made of them is stable."""
    second = GOOD.split("---\n")[1].replace("name: availability", "name: a-first")

    assert ["a-first", "availability"] == [each.name for each in resolve(GOOD, second)]


ABSENT = 'found {}, expected a selector of counters such as requests_total{{outcome="error"}}'
QUERY = "spec.ratioMetric.total.metricSource.spec.query"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "openslo/v1\nkind: SLO", "openslo/v2\nkind: SLO",
            "0.yaml:5:1: apiVersion: found 'openslo/v2', expected 'openslo/v1'",
            id="another version"),
        pytest.param(
            "kind: Service", "kind: Datasource",
            "0.yaml:2:1: kind: found 'Datasource', expected Service, SLI, SLO",
            id="an unknown kind"),
        pytest.param(
            "kind: Service\n", "",
            "0.yaml:1:1: kind: found None, expected Service, SLI, SLO",
            id="no kind"),
        pytest.param(
            "  service: inference", "  service: inference\n  sevrice: x",
            "0.yaml:16:3: spec.sevrice: unknown field; remove it or correct its name",
            id="an unknown field"),
        pytest.param(
            "  budgetingMethod: Occurrences\n", "",
            "0.yaml:13:1: spec.budgetingMethod: missing, expected a value; add it",
            id="a missing field"),
        pytest.param(
            "Occurrences", "Timeslices",
            "0.yaml:16:3: spec.budgetingMethod: found 'Timeslices', expected 'Occurrences'",
            id="another budgeting method"),
        pytest.param(
            "name: availability", "name: Availability",
            "0.yaml:8:3: metadata.name: found 'Availability', expected text that matches "
            "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
            id="a name that is no RFC 1123 label"),
        pytest.param(
            "0.999", "1.0",
            "0.yaml:20:6: spec.objectives[0].target: found 1.0, expected a share above 0 and "
            "below 1, such as 0.999",
            id="a target of 100 %"),
        pytest.param(
            "0.999", "99.9",
            "0.yaml:20:6: spec.objectives[0].target: found 99.9, expected a share above 0 and "
            "below 1, such as 0.999",
            id="a target in percent"),
        pytest.param(
            "0.999", "0",
            "0.yaml:20:6: spec.objectives[0].target: found 0, expected a share above 0 and "
            "below 1, such as 0.999",
            id="a target of 0"),
        pytest.param(
            "0.999", "high",
            "0.yaml:20:6: spec.objectives[0].target: found 'high', expected a number such as 0.999",
            id="a target that is no number"),
        pytest.param(
            "28d", "4 weeks",
            "0.yaml:18:6: spec.timeWindow[0].duration: '4 weeks' is no duration such as 15s, 1h30m "
            "or 28d",
            id="a period that is no duration"),
        pytest.param(
            "28d", "90m",
            "0.yaml:18:6: spec.timeWindow[0].duration: found '90m', expected whole hours, a day at "
            "least, such as 28d",
            id="a period of less than a day"),
        pytest.param(
            "isRolling: true", "isRolling: false",
            "0.yaml:18:21: spec.timeWindow[0].isRolling: found False, expected True",
            id="a calendar window"),
        pytest.param(
            "  indicatorRef: errors\n", "",
            "0.yaml:13:1: spec: found neither of indicator and indicatorRef, expected one of them",
            id="no indicator"),
        pytest.param(
            "indicatorRef: errors", "indicatorRef: erors",
            "0.yaml:21:3: spec.indicatorRef: no SLI 'erors'; there is: errors; correct the name, "
            "or add the file that holds it to objectives",
            id="a reference to no indicator"),
        pytest.param(
            "  service: inference", "  service: chat",
            "0.yaml:15:3: spec.service: no Service 'chat'; there is: inference; correct the name, "
            "or add the file that holds it to objectives",
            id="a reference to no service"),
        pytest.param(
            "    bad:", "    god:",
            "0.yaml:29:5: spec.ratioMetric.god: unknown field; remove it or correct its name",
            id="a side that is none"),
        pytest.param(
            "counter: true", "counter: false",
            "0.yaml:28:5: spec.ratioMetric.counter: found False, expected True",
            id="gauges"),
        pytest.param(
            "{query: requests_total}", "{query: '  '}",
            f"0.yaml:36:16: {QUERY}: found an empty query, expected a selector such as "
            "requests_total",
            id="an empty query"),
        pytest.param(
            "{query: requests_total}", "{query: 'requests_total{'}",
            f"0.yaml:36:16: {QUERY}: not PromQL: unexpected end of input inside braces",
            id="a query that does not parse"),
        pytest.param(
            "{query: requests_total}", "{query: 'rate(requests_total[5m])'}",
            f"0.yaml:36:16: {QUERY}: {ABSENT.format('a function')}",
            id="a query that is rated already"),
        pytest.param(
            "{query: requests_total}", "{query: 'a_total + b_total'}",
            f"0.yaml:36:16: {QUERY}: {ABSENT.format('an operator')}",
            id="a query of two series"),
        pytest.param(
            "{query: requests_total}", "{query: 'a_total offset 1m'}",
            f"0.yaml:36:16: {QUERY}: {ABSENT.format('an offset or @')}",
            id="a query of another time"),
        pytest.param(
            "{query: requests_total}", "{query: '{__name__=\"a_total\"}'}",
            f"0.yaml:36:16: {QUERY}: {ABSENT.format('no name of a series before the braces')}",
            id="a query whose name stands inside its braces"),
        pytest.param(
            "{query: requests_total}", "{query: 'a_total # of all'}",
            f"0.yaml:36:16: {QUERY}: {ABSENT.format('a comment, which would hide the window')}",
            id="a query with a comment"),
        pytest.param(
            "grouping-labels: region, model", "grouping-labels: region, slo",
            "0.yaml:11:5: metadata.annotations.shardwatch.dev/grouping-labels: found 'slo', which "
            "the rules add themselves and would overwrite",
            id="a grouping label that the rules overwrite"),
        pytest.param(
            "grouping-labels: region, model", "grouping-labels: region, region",
            "0.yaml:11:5: metadata.annotations.shardwatch.dev/grouping-labels: found 'region' "
            "twice, expected each label once",
            id="a grouping label twice"),
        pytest.param(
            "grouping-labels: region, model", "grouping-labels: region model",
            "0.yaml:11:5: metadata.annotations.shardwatch.dev/grouping-labels: found 'region "
            "model', expected names of labels by comma, such as region,model",
            id="grouping labels without a comma"),
        pytest.param(
            "shardwatch.dev/owner", "shardwatch.dev/ownr",
            "0.yaml:10:3: metadata.annotations: found the annotation 'shardwatch.dev/ownr', "
            "expected one of shardwatch.dev/grouping-labels, shardwatch.dev/owner",
            id="an annotation under our prefix that is none"),
        pytest.param(
            "shardwatch.dev/owner: serving", 'shardwatch.dev/minimum-bad-events: "10"',
            "0.yaml:10:3: metadata.annotations: found the annotation "
            "'shardwatch.dev/minimum-bad-events', expected one of shardwatch.dev/grouping-labels, "
            "shardwatch.dev/owner",
            id="a minimum of bad events, which no alert heeds yet"),
    ],
)  # fmt: skip
def test_a_broken_spec_is_refused(old, new, expected):
    """With one problem, at its place."""
    assert old in GOOD

    assert expected in problems(GOOD.replace(old, new, 1))


BOUNDS = (
    "expected one of the bounds of shardwatch_tool_call_duration_seconds: 0.01, 0.02, 0.05, 0.1, "
    "0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0"
)


@pytest.mark.parametrize("side", ["good", "bad"])
@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        ('{le="3"}', 'le="3"'),
        ('{le="1"}', 'le="1"'),
        ('{le="+Inf"}', 'le="+Inf"'),
        ("", 'no single le="BOUND"'),
        ('{le=~"1.0|2.0"}', 'no single le="BOUND"'),
        ('{le="1.0",le="2.0"}', 'no single le="BOUND"'),
    ],
)
def test_a_bucket_that_our_exporters_do_not_serve_is_refused(side, matchers, found):
    """It would have no events, ever, and a page without end; bounds are told as they are served."""
    query = f"shardwatch_tool_call_duration_seconds_bucket{matchers}"
    text = GOOD.replace("    bad:", f"    {side}:").replace(
        'requests_total{outcome="error"}', query
    )

    where = f"0.yaml:32:16: spec.ratioMetric.{side}.metricSource.spec.query"
    assert [f"{where}: found {found}, {BOUNDS}"] == problems(text)


@pytest.mark.parametrize(
    ("good", "total"),
    [
        pytest.param(
            'shardwatch_tool_call_duration_seconds_bucket{tool="a",le="1.0"}',
            'shardwatch_tool_call_duration_seconds_bucket{tool="a",le="+Inf"}',
            id="bounds as they are served"),
        pytest.param(
            'my_seconds_bucket{le="3"}', "my_seconds_count",
            id="a histogram whose bounds are not known"),
    ],
)  # fmt: skip
def test_a_bucket_that_may_be_there_is_taken(good, total):
    """All events may be counted by the bucket that has them all."""
    text = GOOD.replace("    bad:", "    good:").replace('requests_total{outcome="error"}', good)

    (objective,) = resolve(text.replace("{query: requests_total}", f"{{query: '{total}'}}"))

    expected = Ratio(f"rate({total}[$window])", good=f"rate({good}[$window])")
    assert expected == objective.indicator


def test_a_total_of_every_bucket_is_refused():
    """It would count an event once for each bound that it is within."""
    query = "shardwatch_tool_call_duration_seconds_bucket"

    (found,) = problems(GOOD.replace("{query: requests_total}", f"{{query: {query}}}"))

    assert found == f'0.yaml:36:16: {QUERY}: found no single le="BOUND", {BOUNDS}, +Inf'


def test_good_and_bad_together_are_refused():
    """They could contradict each other."""
    good = "    good: {metricSource: {type: Prometheus, spec: {query: g}}}\n"
    both = GOOD.replace("    total:", f"{good}    total:")

    expected = "0.yaml:27:3: spec.ratioMetric: found both good and bad, expected one of the two"
    assert [expected] == [each for each in problems(both) if "ratioMetric" in each]


def test_equal_names_in_two_files_are_refused():
    """With the file of the first."""
    slo = GOOD.split("---\n")[1]

    expected = [
        "1.yaml:4:3: metadata.name: found a second SLO 'availability', expected each once; the "
        "first is in 0.yaml; rename or remove one of them"
    ]
    assert expected == problems(GOOD, slo)


def test_everything_that_is_wrong_is_said_at_once():
    """Nobody mends a file ten times."""
    broken = GOOD.replace("0.999", "2").replace("isRolling: true", "isRolling: 7")

    assert 2 <= len(problems(broken))


def test_documents_without_an_slo_are_no_objectives():
    """A file may hold only what others refer to."""
    assert () == resolve(GOOD.split("---\n", maxsplit=1)[0])
