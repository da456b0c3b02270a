"""What comes out of the simulation, against what was published."""

from dataclasses import replace

import numpy as np
import pytest

from demo.sim.deviations import (
    Deviation,
    Effort,
    bucket_of,
    measure_deviations,
    source_of,
    table,
    worst,
)
from demo.sim.fleet import Fleet
from demo.sim.service import Service, service_of

SHORT = Effort(days=0.1, tool_days=0.5, gpu_hours=400_000_000)
PAGE = b"""\
# TYPE seconds histogram
seconds_bucket{le="1.0"} 40.0
seconds_bucket{le="2.0"} 90.0
seconds_bucket{le="+Inf"} 100.0
seconds_count 100.0
seconds_sum 120.0
"""


@pytest.fixture(scope="module")
def measured() -> list[Deviation]:
    """Return all deviations of a short run."""
    return measure_deviations(SHORT)


def test_nothing_is_far_from_what_was_published(measured):
    """A short run: rare things by chance a little farther than the bar of 0.15."""
    assert {each.name: each.ratio for each in measured if each.ratio > 0.3} == {}


def test_what_the_issue_names_is_measured(measured):
    """Hit ratios, lengths, speed, first tokens, tools, failures; each with a source to be read."""
    names = {each.name for each in measured}
    assert {
        "chat.hit_ratio",
        "reason.hit_ratio",
        "chat.prompt_tokens.mean",
        "code.output_tokens.mean",
        "agent.first_token_seconds.p99",
        "tokens_per_second_and_user",
        "tools.browser.p90_seconds",
        "failures.hbm.per_million_gpu_hours",
    } < names
    assert len(names) == len(measured)
    assert all(source_of(each.source)[1].startswith("https://") for each in measured)


def test_a_cache_that_finds_less_deviates(monkeypatch):
    """What is measured is what comes out, not what was put in."""
    monkeypatch.setattr("demo.sim.engines.caches._LIMITS", np.full((3, 1), 1e5))
    found = {each.name: each.ratio for each in measure_deviations(Effort(0.02, 0.02, 1_000_000))}
    assert found["chat.hit_ratio"] > 0.5


def test_shorter_prompts_and_longer_answers_deviate(monkeypatch):
    """Lengths are measured in what requests had of tokens, not in what pages are made of."""

    def other(fleet: Fleet, *settings: object) -> Service:
        usual = service_of(fleet, *settings)
        return replace(
            usual,
            prompt_tokens=usual.prompt_tokens * 0.7,
            tokens_after_first=usual.tokens_after_first * 1.4,
        )

    monkeypatch.setattr("demo.sim.state.service_of", other)
    found = {each.name: each.ratio for each in measure_deviations(Effort(0.02, 0.02, 1_000_000))}
    assert 0.25 < found["chat.prompt_tokens.mean"] < 0.35
    assert 0.3 < found["chat.output_tokens.mean"] < 0.5


def test_ranges_that_meet_do_not_deviate():
    """And others by how far their ends are apart, in parts of the published one."""

    def ratio(published: tuple[float, float], measured: tuple[float, float]) -> float:
        return Deviation("x", published, measured, "deepseek").ratio

    assert ratio((20, 22), (21, 21)) == ratio((120, 120), (100, 200)) == 0
    assert ratio((20, 22), (33, 33)) == 0.5
    assert ratio((20, 22), (10, 15)) == 0.25
    assert ratio((0, 6), (5, 7)) == 0


def test_the_bucket_of_a_quantile_is_read_off_a_page():
    """From the bound below to its own; a family that is not there is refused."""
    assert bucket_of(PAGE, "seconds", 0.4) == (0.0, 1.0)
    assert bucket_of(PAGE, "seconds", 0.5) == (1.0, 2.0)
    assert bucket_of(PAGE, "seconds", 0.99) == (2.0, float("inf"))
    with pytest.raises(ValueError, match="found no buckets of hours"):
        bucket_of(PAGE, "hours", 0.5)


def test_the_table_tells_ranges_and_sources():
    """One row a figure, sources under it, each once."""
    found = [
        Deviation("a", (20, 22), (33, 33), "deepseek"),
        Deviation("b", (0, 6), (5, 7.5), "mlperf", "mean of its quantiles"),
    ]
    assert worst(found).name == "a"
    told = table(found)
    assert "| `a` | 20 to 22 | 33 | 50.0% | deepseek |" in told
    assert "| `b` | up to 6 | 5 to 7.5 | 0.0% | mlperf: mean of its quantiles |" in told
    assert told.count("- deepseek: [") == told.count("- mlperf: [") == 1
