"""Quantiles and buckets that have a result, of which nothing is said."""

from pathlib import Path

import pytest

from alerts.lint import lint, read_rule_files

OURS = "shardwatch_router_time_to_first_token_seconds_bucket"
VLLM = "vllm:time_to_first_token_seconds_bucket"
TOKENS = "vllm:request_prompt_tokens_bucket"


def found(folder: Path, expr: str) -> list[str]:
    """Return what is said of the histograms of an expression."""
    file = folder / "rules.yaml"
    file.write_text(f"groups: [{{name: g, rules: [{{record: 'a:b', expr: '{expr}'}}]}}]")
    problems = lint(read_rule_files([file]))
    assert "promql/syntax" not in {each.check for each in problems}
    return [each.message for each in problems if each.check == "promql/histogram"]


@pytest.mark.parametrize(
    "expr",
    [f'rate({OURS}{{le="{each}"}}[5m])' for each in ("2.5", "1", "1.0", "1e0", "+Inf", "Inf")]
    + [f'rate({VLLM}{{le=~"{each}"}}[5m])' for each in ("1|2.5", r"2\\\\.5|\\\\+Inf", ".*", "1.+",
                                                        "[0-9]")]
    + [f'rate({OURS}{{le!="3.7"}}[5m])', f'rate({TOKENS}{{le="300000.0"}}[5m])',
       'rate(x_bucket{le="3.7"}[5m])', f'rate({OURS}{{le=""}}[5m])'],
)  # fmt: skip
def test_a_bucket_that_there_is_or_may_be_is_not_told(tmp_path, expr):
    """By its number, however that is written; how far tokens go is each model's."""
    assert [] == found(tmp_path, expr)


@pytest.mark.parametrize("value", ["3.7", "2560.1", "-1", "NaN", "one", "0"])
def test_a_bucket_that_there_is_not_is_told(tmp_path, value):
    """Also below the first, and what is no number."""
    assert 1 == len(found(tmp_path, f'rate({OURS}{{le="{value}"}}[5m])'))


@pytest.mark.parametrize(
    "expr",
    [f"histogram_quantile(0.9, sum by (le) (rate({VLLM}[5m])))",
     f"histogram_quantile(0.9, sum without (region) (rate({VLLM}[5m])))",
     f"histogram_quantile(0.9, rate({OURS}[5m]))",
     "histogram_quantile(0.9, sum by (region) (rate(native_seconds[5m])))",
     "histogram_quantile(0.9, sum by (region) (job:latency:rate5m))",
     "histogram_quantile(0, rate(x_bucket[5m])) or histogram_quantile(1, rate(x_bucket[5m]))",
     "histogram_quantile(scalar(q), rate(x_bucket[5m]))",
     "quantile by (job) (0.5, up) or quantile_over_time(0.5, up[5m])"],
)  # fmt: skip
def test_a_quantile_with_bounds_is_not_told(tmp_path, expr):
    """Nor one of a native histogram, whose bounds are in no label."""
    assert [] == found(tmp_path, expr)


@pytest.mark.parametrize(
    ("expr", "said"),
    [("histogram_quantile(0.9, sum without (le) (rate(x_bucket[5m])))", "lost le"),
     ("histogram_fraction(0, 1, sum(rate(x_bucket[5m])))", "lost le"),
     ("histogram_quantile(-0.5, rate(x_bucket[5m]))", "-Inf always"),
     ("quantile(95, up)", "+Inf always"), ("quantile_over_time(NaN, up[5m])", "NaN always")],
)  # fmt: skip
def test_a_quantile_that_never_says_anything_is_told(tmp_path, expr, said):
    """With what it comes to."""
    [message] = found(tmp_path, expr)
    assert said in message
