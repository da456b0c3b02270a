"""Raw series are selected as the router exporter would count them."""

import re

import promql_parser
import pytest

from exporters import catalog
from exporters.router.dialects import DIALECTS
from slo.adopt.found import Bounds, Found, FoundRouter
from slo.adopt.raw import (
    BAD_OUTCOMES,
    COUNTED_OUTCOMES,
    Kind,
    find_indicators,
    matchers_of,
    pattern_of,
    threshold,
)

TTFT = "vllm:time_to_first_token_seconds"
VALUES = ("", "200", "404", "408", "429", "499", "500", "503", "success", "TimeoutError",
          "CancelledError", "BadRequest", "ResourceExhausted", "Unknown", "_OTHER",
          *catalog.OUTCOMES)  # fmt: skip
RULES = [
    pytest.param(rule, id=f"{name}-{rule.names[0]}")
    for name, dialect in DIALECTS.items()
    for rule in dialect.rules
    if rule.family is catalog.ROUTER_REQUESTS
]


def outcome_of(rule, value):
    """Return how the router exporter reads a value; None if such events are not counted."""
    if catalog.OUTCOME in rule.fixed:
        return rule.fixed[catalog.OUTCOME]
    if not rule.source:
        return value if value in catalog.OUTCOMES else None
    found = rule.values.get(value, rule.default)
    return value if found == "" else found


def is_selected(matchers, label, value):
    """Return whether matchers select a series with a label of this value, as Prometheus does."""
    if matchers is None:
        return False
    selector = promql_parser.parse(f"x{{{','.join(matchers)}}}")
    for matcher in selector.matchers.matchers:
        assert label == matcher.name
        fits = re.fullmatch(matcher.value, value) is not None
        if fits == (matcher.op == promql_parser.MatchOp.NotRe):
            return False
    return True


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("outcomes", [BAD_OUTCOMES, COUNTED_OUTCOMES])
def test_a_router_s_series_are_selected_by_the_outcome_that_the_exporter_gives_them(rule, outcomes):
    """Of every dialect, with statuses and names of every kind."""
    matchers = matchers_of(rule, outcomes)
    label = rule.source or catalog.OUTCOME

    assert {value: outcome_of(rule, value) in outcomes for value in VALUES} == {
        value: is_selected(matchers, label, value) for value in VALUES
    }


def test_statuses_are_written_by_hundreds_and_tens():
    """Two hundred of them would be a page."""
    values = {str(code) for code in (*range(200, 400), *range(410, 420), 400)} | {""}

    assert "|2..|3..|400|41." == pattern_of(values)


@pytest.mark.parametrize(
    ("by_bound", "expected"),
    [
        ({"1.0": 4, "2.5": 4, "5.0": 4, "+Inf": 4}, "2.5"),
        ({"1": 4, "2.5": 3, "5": 4, "+Inf": 4}, "1"),
        ({"2.0": 4, "3.0": 4, "+Inf": 4}, "2.0"),
        ({"2.5": 3, "+Inf": 4}, None),
    ],
)
def test_the_bound_nearest_to_the_wanted_threshold_that_all_have_is_taken(by_bound, expected):
    """As the server writes it, for it is a label."""
    assert expected == threshold(Bounds("ttft", 4, by_bound))


def test_a_router_stands_before_engines():
    """It sees what users felt; of first tokens it says nothing, so that engines have to."""
    found = Found(
        "http://p",
        names=frozenset({"vllm:request_latency_seconds_count", "vllm:request_success_total"}),
        routers=(FoundRouter("production-stack", {"region": "eu"}),),
        bounds=(Bounds(TTFT, 2, {"2.5": 2, "+Inf": 2}),),
    )

    availability, first_token = find_indicators(found, "region")
    assert (Kind.AVAILABILITY, "model", "region") == (
        availability.kind, availability.model_label, availability.region_label)  # fmt: skip
    assert [
        'vllm:request_errors_total{error_type!~"CancelledError|ClientDisconnect"}',
    ] == [each.text({}) for each in availability.part]
    assert (Kind.TTFT, "model_name", 2.5) == (
        first_token.kind, first_token.model_label, first_token.threshold_seconds)  # fmt: skip
    assert [f'{TTFT}_bucket{{le="2.5"}}'] == [each.text({}) for each in first_token.part]


def test_a_router_whose_series_have_no_region_is_grouped_by_model():
    """A label that is not there would be one budget of all regions under an empty name."""
    found = Found(
        "http://p",
        names=frozenset({"llm_d_epp_request_duration_seconds_count"}),
        routers=(FoundRouter("llm-d", {"region": "eu"}), FoundRouter("llm-d", {})),
    )

    [availability] = find_indicators(found, "region")
    assert ("model_name",) == availability.labels


def test_errors_that_were_never_born_are_asked_for_by_the_name_of_the_generation_that_is_there():
    """A counter of errors is not there before the first one."""
    found = Found(
        "http://p", names=frozenset({"inference_objective_request_duration_seconds_count"})
    )

    [availability] = find_indicators(found, "")
    assert ["inference_objective_request_error_total"] == [each.name for each in availability.part]


def test_without_a_router_engines_have_to_do_and_say_what_they_do_not_see():
    """Only of what was asked about."""
    found = Found("http://p", names=frozenset({"ray_vllm_request_success_total"}))

    [availability] = find_indicators(found, "region")
    assert ['ray_vllm_request_success_total{finished_reason="error",dc="a"}'] == [
        each.text({"dc": "a"}) for each in availability.part
    ]
    assert availability.lacks


def test_a_server_without_any_counter_of_requests_promises_nothing():
    """Nor does one whose engines share no bound."""
    found = Found("http://p", bounds=(Bounds(TTFT, 2, {"2.5": 1, "+Inf": 2}),))

    assert [] == find_indicators(found, "")
