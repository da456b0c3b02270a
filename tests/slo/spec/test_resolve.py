"""Each case breaks a good spec in one way, and is told what is wrong, where, and what to do."""

from decimal import Decimal

import pytest

from exporters.documents import parse_documents
from exporters.problems import InputError
from slo.objective import Objective, Ratio
from slo.spec.buckets import wrong_with_bounds
from slo.spec.indicators import CORRECT
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


QUERY = "spec.ratioMetric.total.metricSource.spec.query"
BOUNDS = (
    "expected one of the bounds of shardwatch_tool_call_duration_seconds: 0.01, 0.02, 0.05, 0.1, "
    "0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0"
)


@pytest.mark.parametrize(("written", "spelt"), [("1", "1.0"), ("1.00", "1.0"), ("5e-1", "0.5")])
def test_a_bound_that_is_written_otherwise_is_spelt_out(written, spelt):
    """Prometheus compares text; of 22 bounds nobody finds it."""
    query = f"shardwatch_tool_call_duration_seconds_bucket{{le='{written}'}}"

    wrong = wrong_with_bounds(query, is_total=False)

    assert f'found le="{written}", expected le="{spelt}", as the bound is written' == wrong


@pytest.mark.parametrize("side", ["good", "bad"])
@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        ('{le="3"}', 'le="3"'),
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

    where = f"0.yaml:32:16: bound-missing: spec.ratioMetric.{side}.metricSource.spec.query"
    assert [f"{where}: found {found}, {BOUNDS}; {CORRECT}"] == problems(text)


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

    place = f"0.yaml:36:16: bound-missing: {QUERY}"
    assert found == f'{place}: found no single le="BOUND", {BOUNDS}, +Inf; {CORRECT}'


@pytest.mark.parametrize("side", ["good", "bad", "total"])
@pytest.mark.parametrize("matchers", ["", '{le=~"0.3|0.4"}', '{le!="+Inf"}', '{le="1",le="2"}'])
def test_several_buckets_of_any_histogram_are_refused(side, matchers):
    """They count an event several times: all would be good, for ever."""
    query = f"my_seconds_bucket{matchers}"
    text = GOOD.replace("{query: requests_total}", "{query: my_seconds_count}")
    if side == "total":
        text = text.replace("my_seconds_count", f"'{query}'")
    else:
        text = text.replace("    bad:", f"    {side}:").replace(
            'requests_total{outcome="error"}', query
        )

    (found,) = problems(text)

    assert f"bound-missing: spec.ratioMetric.{side}.metricSource.spec.query" in found
    assert (
        'found no single le="BOUND" of my_seconds_bucket, expected one: its buckets are '
        f"cumulative, and several count an event several times; {CORRECT}"
    ) in found


def test_everything_that_is_wrong_is_said_at_once():
    """Nobody mends a file ten times."""
    broken = GOOD.replace("0.999", "2").replace("isRolling: true", "isRolling: 7")

    assert 2 <= len(problems(broken))


def test_documents_without_an_slo_are_no_objectives():
    """A file may hold only what others refer to."""
    assert () == resolve(GOOD.split("---\n", maxsplit=1)[0])
