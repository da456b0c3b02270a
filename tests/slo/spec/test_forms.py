"""What each form of OpenSLO means: metrics, methods, windows, targets, annotations."""

from decimal import Decimal

import pytest

from exporters.problems import InputError
from slo.checks import check_objectives
from slo.objective import Calendar, Ratio, RawRatio, Slices, Threshold

from .openslo_texts import (
    RATIO,
    SERVICE,
    an_slo,
    raw,
    resolve,
    the_objective,
    threshold,
)

DAY = 86400
ALL = "rate(requests_total[$window])"
ERRORS = 'rate(requests_total{outcome="error"}[$window])'


@pytest.mark.parametrize(
    ("metric", "objective", "expected"),
    [
        pytest.param(
            RATIO, "{target: 0.999}",
            Ratio(ALL, bad=ERRORS),
            id="counters"),
        pytest.param(
            RATIO.replace("counter: true", "counter: false"), "{target: 0.999}",
            Ratio("requests_total", bad='requests_total{outcome="error"}'),
            id="gauges, whose values weigh"),
        pytest.param(
            RATIO.replace("bad:", "good:"), "{target: 0.999, op: gte}",
            Ratio(ALL, good=ERRORS),
            id="good events, with an operator that says nothing"),
        pytest.param(
            RATIO.replace("type: Prometheus", "type: prometheus"), "{target: 0.999}",
            Ratio(ALL, bad=ERRORS),
            id="prometheus without a capital"),
        pytest.param(
            raw("error_ratio", "failure"), "{target: 0.999}",
            RawRatio("error_ratio", is_good=False),
            id="a share of bad events"),
        pytest.param(
            raw("1 - avg_over_time(error_ratio[{{.window}}])", "success"), "{target: 0.999}",
            RawRatio("1 - avg_over_time(error_ratio[$window])", is_good=True),
            id="a share of good events with a window"),
        pytest.param(
            threshold("min_over_time(queue_depth[2m])"), "{target: 0.999, op: lte, value: 10}",
            Threshold("min_over_time(queue_depth[2m])", "<=", Decimal(10)),
            id="a value and its bound"),
        pytest.param(
            threshold("left"), "{target: 0.999, op: gt, value: -0.50}",
            Threshold("left", ">", Decimal("-0.50")),
            id="a value above a bound below 0"),
    ],
)  # fmt: skip
def test_a_metric_is_an_indicator(metric, objective, expected):
    """As the rules take it."""
    assert expected == the_objective(an_slo(objective, metric=metric)).indicator


@pytest.mark.parametrize(
    ("method", "objective", "annotations", "expected"),
    [
        ("Occurrences", "{target: 0.99}", "", None),
        (
            "Timeslices", "{target: 0.99, timeSliceTarget: 0.950, timeSliceWindow: 5m}", "",
            Slices(300, Decimal("0.950")),
        ),
        (
            "Timeslices", "{target: 0.99, timeSliceTarget: 1, timeSliceWindow: 2}",
            "shardwatch.dev/idle-slices: good",
            Slices(120, Decimal(1), idle_is_good=True),
        ),
        (
            "RatioTimeslices", "{target: 0.99, timeSliceWindow: 1m30s}",
            "shardwatch.dev/idle-slices: ignored",
            Slices(90, None),
        ),
    ],
)  # fmt: skip
def test_a_budgeting_method_is_slices(method, objective, annotations, expected):
    """A length without a unit is minutes; an idle slice does not count unless it is said."""
    read = the_objective(an_slo(objective, method=method, annotations=annotations))

    assert expected == read.slices


@pytest.mark.parametrize(
    ("window", "period_days", "calendar"),
    [
        ("{duration: 28d, isRolling: true}", 28, None),
        ("{duration: 4w, isRolling: true}", 28, None),
        ("{duration: 1M, isRolling: true}", 30, None),
        ("{duration: 1Q, isRolling: true}", 91, None),
        ("{duration: 36h, isRolling: true}", 1.5, None),
        (
            "{duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, "
            "timeZone: America/New_York}}",
            30, Calendar("month", 1, "2026-01-01 00:00:00", "America/New_York"),
        ),
        (
            "{duration: 2w, calendar: {startTime: '2026-01-05 06:30:00', timeZone: UTC}}",
            14, Calendar("week", 2, "2026-01-05 06:30:00", "UTC"),
        ),
        (
            "{duration: 1Y, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Asia/Tokyo}}",
            365, Calendar("year", 1, "2026-01-01 00:00:00", "Asia/Tokyo"),
        ),
    ],
)  # fmt: skip
def test_a_time_window_is_a_period(window, period_days, calendar):
    """Rolling, or of a calendar, whose length is nominal."""
    read = the_objective(an_slo(window=window))

    assert (period_days * DAY, calendar) == (read.period_seconds, read.calendar)


def test_a_time_window_may_be_left_to_us():
    """OpenSLO lets it."""
    text = an_slo().replace("  timeWindow:\n  - {duration: 28d, isRolling: true}\n", "")

    assert 28 * DAY == the_objective(text).period_seconds


@pytest.mark.parametrize(
    ("objective", "target"),
    [
        ("{target: 0.99950}", "0.9995"),
        ("{targetPercent: 99.95}", "0.9995"),
        ("{targetPercent: 99.999999999999999999}", "0.99999999999999999999"),
        ("{targetPercent: 99}", "0.99"),
    ],
)
def test_a_target_is_exactly_what_was_written(objective, target):
    """As a share or in percent."""
    assert Decimal(target) == the_objective(an_slo(objective)).target


@pytest.mark.parametrize("objective", ["{target: 1}", "{target: 1.0}", "{targetPercent: 100}"])
def test_a_target_of_all_is_one_that_tolerates_nothing(objective):
    """Where it is said; then there is no burn rate, and no tier of it."""
    read = the_objective(an_slo(objective, annotations='shardwatch.dev/zero-tolerance: "true"'))

    assert (Decimal(1), ()) == (read.target, read.tiers)


def test_annotations_of_ours_are_read_and_others_let_be():
    """Text all of them."""
    ours = (
        "shardwatch.dev/grouping-labels: 'region, model', shardwatch.dev/owner: serving, "
        'shardwatch.dev/minimum-bad-events: "10", shardwatch.dev/zero-tolerance: "false", '
        'shardwatch.dev/causes: "true", '
        "openslo.com/folder: ./a, owner: other"
    )

    read = the_objective(an_slo(annotations=ours))

    assert (("region", "model"), "serving", 10, True) == (
        read.grouping_labels,
        read.owner,
        read.minimum_bad_events,
        read.names_causes,
    )


def test_a_service_that_is_named_needs_no_object_where_there_is_none():
    """As OpenSLO's own examples have it; with another one there it would be a slip."""
    [read] = resolve(an_slo())

    assert "inference" == read.service
    assert [
        "0.yaml:7:3: service-undefined: spec.service: found the service 'inference', and no "
        "Service of any name; add one: {apiVersion: openslo/v1, kind: Service, metadata: {name: "
        "inference}}"
    ] == [str(each) for each in read.notes]
    with pytest.raises(InputError, match=r"no Service 'inference'; there is: other"):
        resolve(an_slo(), SERVICE.replace("inference", "other"))
    with pytest.raises(InputError, match=r"no Service 'Web\.Shop'; there is: none"):
        resolve(an_slo().replace("service: inference", "service: Web.Shop"))


def test_series_that_are_called_counters_are_counters():
    """Where nothing else is said; and it is told."""
    untold = RATIO.replace("  counter: true\n", "")

    [read] = resolve(an_slo(metric=untold), SERVICE)
    [told] = resolve(an_slo(metric=RATIO), SERVICE)

    assert told.indicator == read.indicator
    assert () == told.notes
    assert ["counter-assumed"] == [each.check for each in read.notes]
    assert ["counter-assumed"] == [each.check for each in check_objectives([read])]
    with pytest.raises(InputError, match="found no counter, expected true or false"):
        resolve(an_slo(metric=untold.replace("requests_total}", "requests}")), SERVICE)


def test_several_objectives_of_an_slo_are_told_apart():
    """By a displayName that is a label, or by numbers; each at its line."""
    text = an_slo("{target: 0.999, displayName: fast}", "{target: 0.99, displayName: Good enough}")

    assert [
        ("availability-2", "availability: Good enough", Decimal("0.99"), 13),
        ("availability-fast", "availability: fast", Decimal("0.999"), 12),
    ] == [(each.name, each.title, each.target, each.line) for each in resolve(text, SERVICE)]


def test_each_objective_may_have_an_indicator_of_its_own():
    """As composite SLOs write it; each has its budget."""
    inside = "  indicator:\n    metadata: {name: errors}\n    spec:\n"
    text = an_slo(
        "{target: 0.99, displayName: late, indicatorRef: late, compositeWeight: 1}",
        "{target: 0.9, displayName: deep, op: lt, value: 3, indicator: {metadata: {name: d}, "
        "spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {query: depth}}}}}}",
        metric="x",
    )
    text = text[: text.index(inside)]
    late = (
        "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: late}\n"
        f"spec: {{{raw('late_ratio', 'failure')}}}\n"
    )

    deep, late_one = resolve(text, SERVICE, late)

    assert Threshold("depth", "<", Decimal(3)) == deep.indicator
    assert RawRatio("late_ratio", is_good=False) == late_one.indicator


def test_a_metric_source_may_have_its_type_from_a_data_source():
    """In another file; what stands in its details is nobody's business."""
    source = (
        "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: Main.One}\n"
        "spec: {type: Prometheus, connectionDetails: [{url: x, metricSourceRef: none}]}\n"
    )
    metric = RATIO.replace("type: Prometheus", "metricSourceRef: Main.One")

    assert the_objective(an_slo(metric=metric), source).indicator == Ratio(ALL, bad=ERRORS)


def test_a_document_may_be_a_list_of_objects():
    """As OpenSLO's own files are; problems are at their own lines."""
    text = "".join(
        f"- {each.rstrip()}\n".replace("\n", "\n  ").rstrip(" ") for each in (SERVICE, an_slo())
    )

    assert ["availability"] == [each.name for each in resolve(text)]
    with pytest.raises(InputError, match=r"^0\.yaml:15:8: spec.objectives\[0\].target: found 7,"):
        resolve(text.replace("0.999", "7"))


def test_an_indicator_of_another_source_that_nobody_uses_is_let_be():
    """A folder may hold more than is shardwatch's."""
    other = (
        "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: d}\n"
        "spec: {thresholdMetric: {metricSource: {type: Datadog, spec: {query: x, of: y}}}}\n"
    )

    assert the_objective(an_slo(), other).name == "availability"
