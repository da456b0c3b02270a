"""The core of the tools exporter."""

import pytest

from exporters import catalog
from exporters.dialects import read_dialect
from exporters.exposition import PageError
from exporters.sources import Answer, Answers
from exporters.testing import histogram_samples, page_of
from exporters.tools import core as tools_core
from exporters.tools import otel
from exporters.tools.core import ToolsCore

BOUNDS = catalog.TOOL_DURATION_BOUNDS
BROWSE = ("demo", "eu", "agent", "browse")


@pytest.fixture
def core(make_topology) -> ToolsCore:
    """`agent` and `code` in eu, with a gateway."""
    return ToolsCore(
        make_topology(groups=[("eu", "agent", "r1"), ("eu", "code", "r1")], tools=["eu"])
    )


def calls(*durations: float, tool="browse", model="agent", error="", **more: str):
    """The samples of some calls of one tool that ended alike."""
    labels = {otel.TOOL_LABEL: tool, otel.ERROR_LABEL: error, **more}
    if model is not None:
        labels[otel.MODEL_LABEL] = model
    return histogram_samples(otel.DURATION, labels, BOUNDS, durations)


def observe(core: ToolsCore, *series: list):
    """The page for one collection."""
    (target,) = core.targets
    page = page_of("otel_tools", [sample for samples in series for sample in samples])
    read = target.read(page.encode())
    return core.observe(Answers({target: Answer("none", read, 200)}), 0.0)


def outcomes(page, labels=BROWSE):
    """The calls by outcome, zeros left out."""
    series = page.of(catalog.TOOL_CALLS)
    return {key[-1]: value for key, value in series.items() if key[:-1] == labels and value}


def test_the_dialect_is_the_one_that_is_read():
    """Names come from OpenTelemetry's conventions, as Prometheus writes them."""
    family, attempts, pages = read_dialect("otel_tools").families
    assert (attempts.name, pages.name) == (otel.ATTEMPTS, otel.PAGES)
    assert attempts.values == {otel.ATTEMPT: catalog.ATTEMPTS}
    assert pages.values == {otel.CACHE_RESULT: catalog.CACHE_RESULTS}
    assert family.name == otel.DURATION
    assert set(family.labels) == {otel.TOOL_LABEL, otel.MODEL_LABEL, otel.ERROR_LABEL}
    assert family.bounds == BOUNDS


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("", "ok"), ("tool_error", "error"), ("timeout", "timeout"), ("captcha", "captcha"),
        ("rate_limited", "rate_limited"), ("blocked", "blocked"), ("cancelled", "cancelled"),
        ("asyncio.TimeoutError", "timeout"), ("429", "rate_limited"), ("ValueError", "error"),
        ("500", "error"), ("_OTHER", "error"),
    ],
)  # fmt: skip
def test_the_error_type_says_how_a_call_ended(core, error, outcome):
    """Every error type that has no outcome of its own is an error."""
    assert outcomes(observe(core, calls(0.1, 0.2, error=error))) == {outcome: 2.0}


def test_without_an_error_type_a_call_was_ok(core):
    """OpenTelemetry leaves the attribute out then."""
    labels = {otel.TOOL_LABEL: "browse", otel.MODEL_LABEL: "agent"}
    page = observe(core, histogram_samples(otel.DURATION, labels, BOUNDS, [0.1]))
    assert outcomes(page) == {"ok": 1.0}


def test_every_outcome_of_a_tool_that_was_seen_exists_from_zero_on(core):
    """A first captcha must not be lost because its series was born with it."""
    page = observe(core, calls(0.1))
    assert page.of(catalog.TOOL_CALLS) == {
        (*BROWSE, outcome): 1.0 if outcome == "ok" else 0.0 for outcome in catalog.TOOL_OUTCOMES
    }


def test_durations_are_those_of_all_outcomes(core):
    """A slow failure is slow as well."""
    page = observe(core, calls(0.1, 0.3), calls(100.0, error="timeout"))
    distribution = page.distributions_of(catalog.TOOL_DURATION)[BROWSE]
    assert (distribution.count, distribution.sum) == (3.0, 100.4)
    assert distribution.counts[BOUNDS.index(0.5)] == 2.0
    assert distribution.counts[BOUNDS.index(120.0)] == 3.0


def test_a_bound_that_one_of_several_series_lacks_is_left_out(core):
    """Half a sum would be a wrong count."""
    short = histogram_samples(
        otel.DURATION,
        {otel.TOOL_LABEL: "browse", otel.MODEL_LABEL: "agent", otel.ERROR_LABEL: "timeout"},
        [0.5, 1.0],
        [0.2],
    )
    page = observe(core, calls(0.1), short)
    distribution = page.distributions_of(catalog.TOOL_DURATION)[BROWSE]
    assert [c for c in distribution.counts if c is not None] == [2.0, 2.0]


def test_labels_of_the_instrumentation_do_no_harm(core):
    """Scopes, agents and addresses: series that differ in these only are one."""
    page = observe(
        core,
        calls(0.1, otel_scope_name="agents", gen_ai_agent_name="a"),
        calls(0.1, otel_scope_name="agents", gen_ai_agent_name="b"),
    )
    assert outcomes(page) == {"ok": 2.0}


def test_without_a_model_calls_are_other_and_nothing_is_counted_as_folded(core):
    """The conventions ask for no model."""
    page = observe(core, calls(0.1, model=None))
    assert outcomes(page, ("demo", "eu", "other", "browse")) == {"ok": 1.0}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["tools", "model"] == 0.0


def test_a_model_that_the_region_does_not_serve_is_other_and_counted(core):
    """The topology says what a region serves."""
    page = observe(core, calls(0.1, model="chat"), calls(0.1, model="gpt"))
    assert outcomes(page, ("demo", "eu", "other", "browse")) == {"ok": 2.0}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["tools", "model"] == 2.0


def test_the_first_hundred_tools_keep_their_names_and_later_ones_are_other(core, monkeypatch):
    """A tool once named keeps its name, else its counters would jump."""
    monkeypatch.setattr(tools_core, "MOST_TOOLS", 2)
    observe(core, calls(0.1, tool="x"), calls(0.1, tool="y"))
    page = observe(core, *(calls(0.1, tool=tool) for tool in "abxy"))
    assert {key[3] for key in page.of(catalog.TOOL_CALLS)} == {"x", "y", "other"}
    assert outcomes(page, ("demo", "eu", "agent", "other")) == {"ok": 2.0}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["tools", "tool"] == 2.0


@pytest.mark.parametrize("tool", ["", "x" * 129])
def test_a_name_that_is_none_is_other(core, tool):
    """Empty, or longer than any name of a topology."""
    page = observe(core, calls(0.1, tool=tool))
    assert {key[3] for key in page.of(catalog.TOOL_CALLS)} == {"other"}


def test_a_gateway_without_calls_is_up_with_no_series(core):
    """Nobody knows its tools yet."""
    page = observe(core)
    assert page.of(catalog.TOOLS_UP) == {("demo", "eu", "gateway-eu"): 1.0}
    assert page.of(catalog.TOOL_CALLS) == {}


def test_a_gateway_that_is_down_has_no_series_but_its_zero(core):
    """Neither frozen nor made up, whatever was there before."""
    observe(core, calls(0.1))
    page = core.observe(Answers({core.targets[0]: Answer("refused")}), 0.0)
    assert page.of(catalog.TOOLS_UP) == {("demo", "eu", "gateway-eu"): 0.0}
    assert page.of(catalog.TOOL_CALLS) == {}


def test_a_bucket_without_a_bound_is_malformed(core):
    """Found when the page is read, so that the gateway is down with that reason."""
    labels = {otel.TOOL_LABEL: "browse", "le": "wide"}
    page = page_of("otel_tools", [(f"{otel.DURATION}_bucket", labels, 1.0)])
    with pytest.raises(PageError, match="found no bound le=NUMBER"):
        core.targets[0].read(page.encode())


def attempts(count, attempt, tool="browse"):
    """The attempts of one kind of one tool."""
    labels = {otel.TOOL_LABEL: tool, otel.MODEL_LABEL: "agent", otel.ATTEMPT: attempt}
    return [(otel.ATTEMPTS, labels, float(count))]


def test_attempts_are_told_apart_and_exist_from_zero_on(core):
    """Retries over first attempts is how a storm begins."""
    page = observe(core, attempts(7, "first"))
    assert page.of(catalog.TOOL_ATTEMPTS) == {(*BROWSE, "first"): 7.0, (*BROWSE, "retry"): 0.0}
    page = observe(core, attempts(9, "first"), attempts(2, "retry"))
    assert page.of(catalog.TOOL_ATTEMPTS) == {(*BROWSE, "first"): 9.0, (*BROWSE, "retry"): 2.0}


def test_a_gateway_that_counts_no_attempts_has_none(core):
    """Not zero: nobody counted."""
    page = observe(core, calls(0.1))
    assert page.of(catalog.TOOL_ATTEMPTS) == {}
    assert page.of(catalog.PAGE_CACHE_REQUESTS) == {}


def test_an_attempt_of_a_third_kind_is_other_and_counted(core):
    """Bounded, as every label."""
    page = observe(core, attempts(1, "x"), attempts(2, "y"))
    assert page.of(catalog.TOOL_ATTEMPTS)[*BROWSE, "other"] == 3.0
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["tools", "attempt"] == 2.0


def test_requests_to_the_page_cache_are_of_the_region_and_exist_from_zero_on(core):
    """The cache belongs to no tool and no model."""
    page = observe(core, [(otel.PAGES, {"result": "hit"}, 40.0)])
    assert page.of(catalog.PAGE_CACHE_REQUESTS) == {
        ("demo", "eu", "hit"): 40.0,
        ("demo", "eu", "miss"): 0.0,
    }
    page = observe(core, [(otel.PAGES, {"result": "stale"}, 1.0)])
    assert page.of(catalog.PAGE_CACHE_REQUESTS)["demo", "eu", "other"] == 1.0
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["tools", "result"] == 1.0


def test_tools_that_were_seen_keep_their_names_when_the_topology_changes(core, make_topology):
    """And are there from 0 on, before the gateway answers again."""
    observe(core, calls(1.0))
    after = ToolsCore(
        make_topology(groups=[("eu", "agent", "r1"), ("eu", "code", "r2")], tools=["eu"])
    )
    after.take_over(core)
    assert [each.tools for each in after._gateways] == [{"browse"}]
