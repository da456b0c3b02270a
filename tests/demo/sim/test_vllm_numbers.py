"""The numbers that engines show belong together, and to what really happened."""

import pytest

from exporters.catalog import FINISH_REASONS, OUTCOMES


@pytest.fixture
def total(warm):
    """Sums a family over all engines; of a histogram, its count or its sum."""
    warm.steps(180)
    registers = warm.state.engines.registers

    def read(family, part=0):
        at = {"count": -2, "sum": -1}.get(part, part)
        return float(registers.view(f"vllm:{family}")[:, at].sum())

    return read


def test_prompt_tokens_are_computed_or_hit(total):
    """And 55 % of them hit."""
    computed, hit = (total("prompt_tokens_by_source_total", source) for source in (0, 1))
    assert computed + hit == total("prompt_tokens_total") == total("prefix_cache_queries_total")
    assert hit == total("prefix_cache_hits_total") == total("prompt_tokens_cached_total")
    assert hit / (computed + hit) == pytest.approx(0.55, abs=0.02)


def test_every_token_is_a_first_one_or_comes_after_another(total):
    """So the gaps between tokens are the rest of them."""
    generated = total("generation_tokens_total")
    firsts = total("time_to_first_token_seconds", "count")
    assert total("inter_token_latency_seconds", "count") == generated - firsts
    steps = total("iteration_tokens_total", "sum")
    assert steps == generated + total("prompt_tokens_by_source_total", 0)


def test_a_step_takes_about_thirty_milliseconds(total, warm):
    """Of an engine that always has something to do."""
    engines, seconds = len(warm.cluster.groups), warm.state.steps
    assert engines * seconds / total("iteration_tokens_total", "count") == pytest.approx(
        0.03, rel=0.1
    )
    mean = total("inter_token_latency_seconds", "sum") / total(
        "inter_token_latency_seconds", "count"
    )
    assert mean == pytest.approx(0.031, rel=0.1)


def test_first_tokens_are_those_that_the_clients_saw(total, warm):
    """A little earlier: the network comes on top."""
    came = warm.state.truth.first_tokens[:, :2].sum()
    assert total("time_to_first_token_seconds", "count") == came
    seen = total("time_to_first_token_seconds", "sum") / came
    never = warm.state.truth.first_tokens[:, 2].sum()
    felt = (warm.state.routers.first_token_sums.sum() - 10 * never) / came
    assert 0.3 < seen < felt < 0.6


def test_finished_requests_are_those_that_ended_well(total, warm):
    """One in twelve at its longest length; what users closed is in no count."""
    stop, length, abort, error, _ = (
        total("request_success_total", at) for at in range(len(FINISH_REASONS))
    )
    ended = dict(zip(OUTCOMES, warm.state.truth.requests.sum(axis=0).tolist(), strict=True))
    assert stop + length == ended["ok"]
    assert length / ended["ok"] == pytest.approx(0.08, abs=0.01)
    assert error == ended["error"]
    assert ended["aborted"] > 0
    assert abort == 0


@pytest.mark.parametrize(
    "family",
    [
        "e2e_request_latency_seconds",
        "request_queue_time_seconds",
        "request_inference_time_seconds",
        "request_prefill_time_seconds",
        "request_decode_time_seconds",
        "request_time_per_output_token_seconds",
        "request_prompt_tokens",
        "request_generation_tokens",
        "request_max_num_generation_tokens",
        "request_params_n",
        "request_params_max_tokens",
        "request_num_preemptions",
        "request_prefill_kv_computed_tokens",
    ],
)
def test_histograms_of_whole_requests_count_the_finished(total, family):
    """And nothing else: a hung request is in none of them."""
    finished = total("request_success_total", 0) + total("request_success_total", 1)
    assert total(family, "count") == finished


def test_the_times_of_a_request_add_up(total):
    """To about eight and a half seconds, of which eight stream."""
    finished = total("e2e_request_latency_seconds", "count")
    whole, prefill, decode = (
        total(family, "sum") / finished
        for family in (
            "e2e_request_latency_seconds",
            "request_prefill_time_seconds",
            "request_decode_time_seconds",
        )
    )
    assert whole == pytest.approx(8.5, abs=0.7)
    assert whole == pytest.approx(prefill + decode, rel=0.02)
    tokens = total("request_generation_tokens", "sum") / finished
    assert tokens * 0.03 == pytest.approx(decode, rel=0.1)
