"""Sloth's specs as objectives; each bad case breaks the good spec in one way."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters import catalog
from exporters.documents import parse_documents
from exporters.problems import InputError
from slo.objective import AlertExtras, Objective, Ratio
from slo.sloth.model import is_sloth
from slo.sloth.resolve import resolve_sloth
from slo.spec.pool import Source
from slo.windows import read_tiers
from tests.slo.sloth.conftest import PLAIN

DAY = 86400


def resolve(text: str) -> list[Objective]:
    """Return the objectives in a file ``sloth.yaml``."""
    documents = parse_documents(text, "sloth.yaml")
    return [
        each.objective for each in resolve_sloth(Source(each, "sloth.yaml") for each in documents)
    ]


def problems(text: str) -> list[str]:
    """Return what is wrong with it."""
    with pytest.raises(InputError) as refused:
        resolve(text)
    return [str(each) for each in refused.value.problems]


def test_a_spec_is_read_as_it_is(plain):
    """Every field that an objective has a place for."""
    _, requests, _ = resolve(plain)

    labels = (
        ("category", "availability"),
        ("channel", "shop"),
        ("grade", "2"),
        ("internal", "true"),
        ("owner", "checkout"),
        ("weight", "0.50"),
    )
    loud = tuple((name, "shop-loud" if name == "channel" else value) for name, value in labels)
    expected = Objective(
        name="shop-web-requests-ok",
        service="shop-web",
        target=Decimal("0.999"),
        period_seconds=30 * DAY,
        grouping_labels=("region",),
        indicator=Ratio(
            "sum by (region) (rate(requests_total[$window]))",
            bad='sum by (region) (rate(requests_total{code=~"5.."}[$window]))',
        ),
        alert_extras=(
            AlertExtras(
                "page", loud, (("runbook", "http://runbooks/page"), ("summary", "The shop errs."))
            ),
            AlertExtras(
                "ticket",
                labels,
                (("runbook", "http://runbooks/shop"), ("summary", "The shop errs.")),
            ),
        ),
        title="shop.Web Requests_ok",
        description="Requests are answered.",
        owner="checkout",
        file="sloth.yaml",
        line=5,
    )
    assert expected == requests


def test_a_target_in_percent_is_the_exact_share(plain):
    """99.90 is 0.9990, no float of it."""
    assert ["0.95", "0.9990", "0.9"] == [
        str(each.target).rstrip("0") if each.name.endswith("satisfaction") else str(each.target)
        for each in resolve(plain)
    ]


def test_a_disabled_severity_has_no_tiers(plain):
    """And none at all where both are disabled."""
    pages = tuple(each for each in read_tiers() if each.severity == "page")

    assert [pages, read_tiers(), ()] == [each.tiers for each in resolve(plain)]


def test_what_alerts_lose_is_told_where_it_stands(plain):
    """With the line, and what to do."""
    _, requests, _ = resolve(plain)

    severity = (
        "which is lost: shardwatch sets severity itself; route by severity page or ticket, or by a "
        "label of another name, as --rename-label severity=NAME of slo import makes it"
    )
    expected = [
        "sloth.yaml:16:5: slos[0].alerting.name: found the name 'ShopErrors', which is lost: burn "
        "alerts of all objectives have one name, and are told apart by the label slo; route and "
        "silence by slo, or import with --rename-label alertname=NAME",
        "sloth.yaml:20:38: slos[0].alerting.page_alert.labels.severity: found the label severity: "
        f"critical, {severity}",
        "sloth.yaml:22:29: slos[0].alerting.ticket_alert.labels.severity: found the label "
        f"severity: warning, {severity}",
    ]
    assert expected == [str(each) for each in requests.notes]


def test_a_template_that_prometheus_cannot_parse_is_refused(plain):
    """It would stop every rule of the file."""
    there = "{channel: shop}"
    assert there in plain

    assert problems(plain.replace(there, "{channel: '{{ $region }}'}")) == [
        "sloth.yaml:17:14: template-broken: slos[0].alerting.labels.channel: found the template "
        "'{{ $region }}': found the variable $region, expected one of $, $externalLabels, "
        "$externalURL, $labels, $value; correct the template: Prometheus would refuse all rules "
        "for it"
    ]


def test_slo_plugins_are_told(plain):
    """They are code of Sloth's."""
    chain = "slo_plugins: {overridePrevious: true, chain: [{id: a/v1, config: {x: 1}}, {id: b/v1}]}"
    first, *_ = resolve(plain.replace("slos:\n", f"{chain}\nslos:\n", 1))

    expected = (
        "sloth.yaml:4:1: slo_plugins: found SLO plugins (a/v1, b/v1), which only Sloth can run: "
        "what they add to the rules is not there; write rules of your own beside ours"
    )
    assert expected == str(first.notes[0])


def test_the_kubernetes_form_means_the_same(kubernetes):
    """Names in camelCase, metadata that is Kubernetes's."""
    [objective] = resolve(kubernetes)

    assert ("shop-requests", 7, (AlertExtras("page", (("team", "shop"),)),)) == (
        objective.name,
        objective.line,
        objective.alert_extras,
    )
    assert {"page"} == {each.severity for each in objective.tiers}


@pytest.mark.parametrize(
    ("there", "instead", "expected"),
    [
        pytest.param(
            "prometheus/v1", "prometheus/v2",
            "1:1: version: found 'prometheus/v2', expected 'prometheus/v1'",
            id="a version that is not there"),
        pytest.param(
            "objective: 99.90", "objective: 100",
            "9:3: no-budget: slos[0].objective: found 100, which leaves no budget that could burn, "
            "expected less; write 99.99, or an OpenSLO document with the annotation "
            'shardwatch.dev/zero-tolerance: "true"',
            id="a target without a budget"),
        pytest.param(
            "objective: 99.90", "objective: 100.5",
            "9:3: slos[0].objective: found 100.5, expected percent above 0; write 99.9",
            id="a target above all"),
        pytest.param(
            "objective: 99.90", "objectives: 99.90",
            "9:3: slos[0].objectives: unknown field; remove it or correct its name",
            id="an unknown field"),
        pytest.param(
            "name: Requests_ok", "name: Requests ok",
            "5:3: slos[0].name: found 'Requests ok', expected letters and digits, and . _ - "
            "between them; rename it",
            id="a name that is none of Sloth's"),
        pytest.param(
            "name: Requests_ok", f"name: {'x' * 60}",
            f"5:3: slos[0].name: the objective would be called 'shop-web-{'x' * 60}', expected 63 "
            "characters at most; shorten its name or that of the service",
            id="a name that no OpenSLO document could have"),
        pytest.param(
            "name: probes", "name: requests.OK",
            "23:3: equal-series: slos[1].name: the objective would be called "
            "'shop-web-requests-ok', as another in sloth.yaml, expected each once; rename or "
            "remove one of them",
            id="two names that are one"),
        pytest.param(
            "{channel: shop}", "{region: eu}",
            "17:14: label-overwritten: slos[0].alerting.labels.region: found the alert label "
            "'region', which the "
            "objective is grouped by: it would overwrite the cells' own values, and Prometheus "
            "would refuse the alerts of all; give it another name",
            id="an alert label that overwrites a grouping label"),
        pytest.param(
            "{channel: shop}", "{chan-nel: shop}",
            "17:14: slos[0].alerting.labels.chan-nel: found the name 'chan-nel', expected letters, "
            "digits and _, as in team; give it another name",
            id="a label that is none"),
        pytest.param(
            "sum by (region) (rate(requests_total[{{.window}}]))", "sum(rate(requests_total[5m]))",
            "14:7: slos[0].sli.events.total_query: found no {{.window}}, expected events or "
            "samples within the window; write sum(rate(requests_total[{{.window}}])) or "
            "sum(sum_over_time(bad_ratio[{{.window}}]))",
            id="a query of a window of its own"),
        pytest.param(
            '"1 - avg_over_time(probe_success[{{.window}}])"', '"1 -"',
            "25:15: slos[1].sli.raw.error_ratio_query: found no {{.window}}, expected events or "
            "samples within the window; write sum(rate(requests_total[{{.window}}])) or "
            "sum(sum_over_time(bad_ratio[{{.window}}]))",
            id="a ratio that is none"),
        pytest.param(
            'raw: {error_ratio_query: "1 - avg_over_time(probe_success[{{.window}}])"}',
            "plugin: {id: acme/probes, options: {job: x}}",
            "25:9: slos[1].sli.plugin: found the SLI plugin 'acme/probes', which is code that only "
            "Sloth can run, expected events or raw; take the query that it makes from the rule "
            "slo:sli_error:ratio_rate5m in what sloth generate writes, and put it under raw with "
            "[{{.window}}] in place of [5m]",
            id="a plugin"),
        pytest.param(
            "{raw: {", "{plugin: {id: x}, raw: {",
            "25:3: slos[1].sli: found raw and plugin, expected one of events, raw and plugin; "
            "keep one",
            id="two indicators"),
        pytest.param(
            "by (region)", "by (service)",
            "11:3: slos[0].sli: found queries by the label 'service', which the rules add "
            "themselves and would overwrite; sum by other labels",
            id="a grouping label that the rules add"),
    ],
)  # fmt: skip
def test_a_spec_that_cannot_be_read_is_told(plain, there, instead, expected):
    """At its place, in Sloth's own names."""
    assert there in plain

    found = problems(plain.replace(there, instead))

    assert f"sloth.yaml:{expected}" in found
    assert [] == [each for each in found if "; " not in each and "found 'prom" not in each]


def test_a_histogram_without_a_bound_is_refused(plain):
    """All its buckets together are more good events than there are events."""
    total = "sum by (region) (rate(my_seconds_count[{{.window}}]))"
    good = total.replace("_count", "_bucket")
    slow = plain.replace("sum by (region) (rate(requests_total[{{.window}}]))", total).replace(
        'sum by (region) (rate(requests_total{code=~"5.."}[{{.window}}]))', f"'{total} - {good}'"
    )

    [found] = problems(slow)

    assert 'error_query: found no single le="BOUND" of my_seconds_bucket, expected one' in found


def test_a_bucket_that_our_exporters_do_not_serve_is_refused(plain):
    """It would count nothing, and call every request slow."""
    family = catalog.ROUTER_TIME_TO_FIRST_TOKEN.name
    total = f"sum by (region) (rate({family}_count[{{{{.window}}}}]))"
    good = total.replace("_count[", '_bucket{le="0.33"}[')
    slow = plain.replace("sum by (region) (rate(requests_total[{{.window}}]))", total).replace(
        'sum by (region) (rate(requests_total{code=~"5.."}[{{.window}}]))', f"'{total} - {good}'"
    )

    [found] = problems(slow)

    assert found.startswith(
        'sloth.yaml:13:7: bound-missing: slos[0].sli.events.error_query: found le="0.33", '
        "expected one of the "
        f"bounds of {family}: "
    )


def test_places_of_the_kubernetes_form_are_in_its_own_names(kubernetes):
    """camelCase, under spec."""
    broken = kubernetes.replace("sum(rate(requests_total[", "sum(irate(requests_total[")

    assert ["spec.slos[0].sli.events.totalQuery"] == [
        each.split(": ")[1] for each in problems(broken)
    ]


@pytest.mark.parametrize(
    ("data", "is_theirs"),
    [
        ({"version": "prometheus/v1"}, True),
        ({"version": "prometheus/v9", "service": "x"}, True),
        ({"apiVersion": "sloth.slok.dev/v1"}, True),
        ({"apiVersion": "openslo/v1", "kind": "SLO"}, False),
        ({"kind": "SLO", "version": "x"}, False),
        ([], False),
        (None, False),
    ],
)
def test_documents_of_sloth_are_known(data, is_theirs):
    """Also of a version that cannot be read, to say so."""
    assert is_theirs == is_sloth(data)


@given(st.data())
def test_no_spec_breaks_the_reader(data):
    """A line lost, doubled or changed: it is read, or its problems have lines."""
    lines = PLAIN.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.sampled_from([*lines, "", "- x", "  a: [1, {}]", "slos: null"]))
        lines[at : at + 1] = data.draw(st.sampled_from([[], [lines[at], other], [other]]))
    try:
        documents = [each for each in parse_documents("\n".join(lines), "f") if is_sloth(each.data)]
        resolve_sloth(Source(each, "f") for each in documents)
    except InputError as error:
        lines_told = [each.line for each in error.problems]
    else:
        lines_told = [1]
    assert all(lines_told)


def test_a_query_that_does_not_parse_is_to_be_corrected(kubernetes):
    """What the parser says, and what to do."""
    broken = kubernetes.replace('5.."}[{{.window}}]))', '5.."}[{{.window}}])')

    expected = (
        "sloth.yaml:11:9: spec.slos[0].sli.events.errorQuery: not PromQL: unclosed left "
        "parenthesis; correct the query"
    )
    assert [expected] == problems(broken)
