"""Objectives on raw series are OpenSLO that our rules are made of."""

from decimal import Decimal

import pytest
import yaml

from slo.adopt.doubts import find_missed
from slo.adopt.history import History, Span
from slo.adopt.objective_file import write_objectives
from slo.adopt.proposing import propose
from slo.adopt.raw import Kind, RawIndicator, RawSeries
from slo.checks import check_objectives, has_errors
from slo.objectives import ObjectiveFile, read_objective_files
from slo.testing import Expectation, RuleTest, run_rule_tests

AVAILABILITY = RawIndicator(
    kind=Kind.AVAILABILITY,
    stands_on="routers (production-stack), as users felt it",
    part=(RawSeries("errors_total"),),
    is_good=False,
    total=(RawSeries("ok_total", ('status="ok"',)), RawSeries("errors_total")),
    model_label="model",
    region_label="region",
    threshold_seconds=None,
    lacks=("something is not seen",),
)
TTFT = RawIndicator(
    kind=Kind.TTFT,
    stands_on="engines (vLLM)",
    part=(RawSeries("ttft_bucket", ('le="2.5"',)),),
    is_good=True,
    total=(RawSeries("ttft_count"),),
    model_label="model_name",
    region_label="",
    threshold_seconds=2.5,
    lacks=(),
)


def read(tmp_path, *proposals: object, where=None):
    """Return the objectives that proposals become, by name."""
    file = tmp_path / "raw.yaml"
    file.write_text(write_objectives(proposals, where or {}, 14 * 86400))
    objectives = read_objective_files([ObjectiveFile(file, "raw.yaml")])
    assert not has_errors(check_objectives(objectives))
    return {each.name: each for each in objectives}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({("eu", "a"): (0, 10_000)},
         "99.9 % is the highest target that was met over 1 day with events."),
        ({("eu", "a"): (60, 10_000), ("us", "a"): (500, 10_000)},
         "99 % was chosen, and missed by a in us over 1 day with events."),
        ({("eu", "a"): (0, 3)}, "99.9 % is usual: 1 day had too few events to tell."),
        ({}, "99.9 % is usual: there was no history to look at."),
    ],
)  # fmt: skip
def test_why_a_target_was_chosen_is_written_beside_it(tmp_path, cells, said):
    """A cell that missed it is named, though another met it."""
    history = {cell: {0: Span(*events)} for cell, events in cells.items()}
    found = propose(History(AVAILABILITY, 28, history), "eu")

    [_, slo] = yaml.safe_load_all(write_objectives([found], {}, 14 * 86400))
    assert said == slo["metadata"]["annotations"]["target-source"]
    assert ("missed" in said) == bool(list(find_missed([found])))


@pytest.mark.parametrize(
    ("events", "said"),
    [(48_000, "; a in eu, the quietest,\n# has 2e+03 events an hour.\n"),
     (240, "has 10 events an hour.\n# Of so few it takes hours to see an outage")],
)  # fmt: skip
def test_a_handful_of_events_pages_nobody(tmp_path, events, said):
    """And beside it stands how many there are where there are the fewest."""
    history = {("eu", "a"): {0: Span(0, events)}, ("us", "a"): {0: Span(0, 1_000_000)}}
    found = propose(History(AVAILABILITY, 28, history), "eu")

    assert said in write_objectives([found], {}, 14 * 86400)
    [objective] = read(tmp_path, found).values()
    assert 10 == objective.minimum_bad_events


def proposal(indicator, bad_by_model):
    """Return what is proposed of 10,000 events of each model."""
    cells = {
        tuple({"model": model, "model_name": model, "region": "eu"}[each]
              for each in indicator.labels): {0: Span(bad, 10_000)}
        for model, bad in bad_by_model.items()
    }  # fmt: skip
    return propose(History(indicator, 28, cells), "eu")


def test_one_target_for_all_is_one_objective(tmp_path):
    """Grouped by what its series say."""
    found = read(tmp_path, proposal(AVAILABILITY, {"chat": 0}), proposal(TTFT, {"chat": 60}))

    assert {"llm-availability": (Decimal("0.999"), ("region", "model")),
            "llm-ttft": (Decimal("0.99"), ("model_name",))} == {
        name: (each.target, each.grouping_labels) for name, each in found.items()
    }  # fmt: skip
    assert {14 * 86400} == {each.period_seconds for each in found.values()}
    assert "LLM first token within 2.5 s" == found["llm-ttft"].title


def test_models_with_targets_of_their_own_are_objectives_that_share_no_series(tmp_path):
    """A dot in a model's name is a dot. No objective is called as a part of another."""
    found = read(tmp_path, proposal(TTFT, {"a.b": 0, "c": 60}), where={"dc": "x"})

    assert {"llm-ttft-99-9-percent", "llm-ttft-99-percent"} == set(found)
    assert 'rate(ttft_count{model_name=~"a\\\\.b",dc="x"}[$window])' == (
        found["llm-ttft-99-9-percent"].indicator.total
    )


@pytest.mark.parametrize(
    ("series", "bad", "events"),
    [
        pytest.param({"ok_total": "0+54x10", "errors_total": "0+6x10"}, 0.1, 1.0, id="both"),
        pytest.param({"ok_total": "0+60x10"}, 0.0, 1.0, id="no error was ever born"),
        pytest.param({"errors_total": "0+60x10"}, 1.0, 1.0, id="nothing ever went well"),
    ],
)
def test_counters_that_were_never_born_take_no_others_with_them(
    tmp_path, promtool, series, bad, events
):
    """Bad and all events a second, by promtool's own reading of the queries."""
    [objective] = read(tmp_path, proposal(AVAILABILITY, {"chat": 0})).values()
    cell = 'region="eu",model="chat"'
    extra = {"ok_total": ',status="ok"', "errors_total": ""}
    expressions = {
        "bad": f"sum by (region, model) ({objective.indicator.bad})",
        "all": f"sum by (region, model) ({objective.indicator.total})",
    }
    expected = {"bad": bad, "all": events}
    rules = "groups: [{name: g, rules: [{record: r, expr: vector(1)}]}]"
    test = RuleTest(
        "events",
        {f"{name}{{{cell}{extra[name]}}}": values for name, values in series.items()},
        [
            Expectation(
                f"round({expr.replace('$window', '5m')}, 0.001)",
                600,
                {f"{{{cell}}}": expected[side]},
            )
            for side, expr in expressions.items()
            if side == "all" or "errors_total" in series
        ],
    )
    run_rule_tests(promtool, rules, [test], 60, tmp_path)
