"""The figures of demand: each has a source, and a file that contradicts itself is refused."""

from math import exp
from pathlib import Path

import pytest

from demo.traffic.demand import CHOSEN, Quantiles, each_figure
from demo.traffic.figures import FILE, figures, read_figures
from exporters.catalog import TIERS, TOOL_OUTCOMES
from exporters.problems import InputError


def test_every_figure_has_a_source_and_a_note_and_every_source_is_used():
    """A number without either is a guess."""
    known = figures()
    used = {figure.source for _, figure in each_figure(known)}

    assert {CHOSEN, *known.sources} == used
    assert all(figure.note for _, figure in each_figure(known))


def test_the_published_figures_are_those_of_their_publications():
    """Azure 2023, Mooncake, TraceLab: what later calibrations are held against."""
    models, tools = figures().models, figures().tools

    assert {0.5: 1020, 0.9: 2735, 0.99: 4142} == models["chat"].prompt_tokens.value.at
    assert {0.5: 13, 0.9: 55, 0.99: 252} == models["code"].output_tokens.value.at
    assert {0.5: 6909, 0.9: 27367, 0.99: 85401} == models["agent"].prompt_tokens.value.at
    assert (1.09, 13.2) == (models["chat"].arrival_cv.value, models["code"].arrival_cv.value)
    assert (0.85, 240.0) == tuple(tools["code_execution"].seconds.value.at[p] for p in (0.5, 0.99))
    assert "tracelab" == tools["browser"].seconds.source
    assert figures().rhythm.weekend_ratio.is_chosen


def test_all_four_models_and_all_tiers_are_described():
    """Whatever the demo serves."""
    assert {"chat", "code", "agent", "reason"} == figures().models.keys()
    assert {*TIERS} == figures().tier_shares.value.keys()
    for tool in figures().tools.values():
        assert tool.failures.value.keys() <= {*TOOL_OUTCOMES, "tool_error"}


def test_a_lognormal_goes_through_the_median_and_the_next_quantile():
    """0.9 if it was published, else 0.99."""
    assert exp(1.2815515655446004 * Quantiles({0.5: 10, 0.9: 40}).sigma) == pytest.approx(4)
    assert exp(2.3263478740408408 * Quantiles({0.5: 10, 0.99: 40}).sigma) == pytest.approx(4)
    assert 17.951 == round(Quantiles({0.5: 10, 0.9: 40}).mean, 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("free: 0.45", "free: 0.5", "found shares that add up to 1.05, expected 1"),
        ("{free: 0.45, pro: 0.35,", "{pro: 0.8,", "expected free, pro, enterprise, gov"),
        ("source: mooncake", "source: moon", "found the source 'moon', expected one that the file"),
        ("0.9: 5194", "0.9: 1000", "found quantiles that fall, expected them to grow"),
        ("0.5: 6909, ", "", "expected at least the quantiles 0.5 and 0.9 or 0.99"),
        ("search: 0.09", "sing: 0.09", "found the tool 'sing', expected one that the file"),
        ("0.0: 0.005, ", "", "expected the quantiles 0.0 and 1.0 too"),
        ("timeout: 0.0005", "timeout: 0.999", "expected fewer"),
        ("value: 14.0", "value: 24.0", "found 24.0, expected"),
        ("      note: Shell.\n", "", "missing, expected a value"),
        ("    prefix_hit_ratio:", "    hit_ratio:", "unknown field"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, message: str
):
    """The shipped file, broken in one way."""
    text = FILE.read_text()
    assert old in text
    broken = tmp_path / "figures.yaml"
    broken.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as refused:
        read_figures(broken)

    assert message in str(refused.value)
    assert all(problem.line for problem in refused.value.problems)
