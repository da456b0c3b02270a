"""The numbers that engines show belong together, and to what really happened."""

import pytest

from demo.sim.engines.registers import Number
from demo.sim.service import model_figures

CHATS = ("us-chat-0", "us-chat-1")
WHOLE_REQUESTS = (
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
)


@pytest.fixture
def shown(warm, read_total):
    """Sums a family over the engines of us, chat, since they started."""
    pages = [warm.engine_page(group) for group in CHATS]
    return lambda name, **labels: sum(read_total(page, f"vllm:{name}", **labels) for page in pages)


@pytest.fixture
def since(warm, read_total):
    """Sums a family over the engines of us, chat, over the two minutes that the truth knows."""
    before = [warm.engine_page(group) for group in CHATS]
    warm.seconds(120)
    after = [warm.engine_page(group) for group in CHATS]

    def read(name, **labels: str):
        def of(pages):
            return sum(read_total(page, f"vllm:{name}", **labels) for page in pages)

        return of(after) - of(before)

    return read


def test_prompt_tokens_are_computed_or_were_cached(shown):
    """On the device or below it."""
    prompts = shown("prompt_tokens_total")
    assert prompts == pytest.approx(shown("prompt_tokens_by_source_total"), abs=6)
    assert prompts == shown("prefix_cache_queries_total")
    on_device = shown("prefix_cache_hits_total")
    below = shown("external_prefix_cache_hits_total")
    assert shown("external_prefix_cache_queries_total") == pytest.approx(prompts - on_device, abs=4)
    assert shown("prompt_tokens_cached_total") == pytest.approx(on_device + below, abs=4)


def test_every_token_is_a_first_one_or_comes_after_another(shown):
    """So the gaps between tokens are the rest of them."""
    firsts = shown("time_to_first_token_seconds_count")
    gaps = shown("inter_token_latency_seconds_count")
    assert gaps == pytest.approx(shown("generation_tokens_total") - firsts, abs=4)


def test_steps_take_all_of_an_engines_time(since):
    """Two engines for two minutes: their steps, each as long as the gap between two tokens."""
    gap = since("inter_token_latency_seconds_sum") / since("inter_token_latency_seconds_count")
    assert since("iteration_tokens_total_count") * gap == pytest.approx(240, rel=0.1)


def test_first_tokens_are_those_that_clients_saw_a_little_later(warm, since):
    """The network comes on top."""
    cell = warm.cell("us", "chat")
    in_time, late, _ = warm.state.truth.first_tokens[cell].tolist()
    came = since("time_to_first_token_seconds_count")
    assert came == pytest.approx(in_time + late, abs=12)
    mean = since("time_to_first_token_seconds_sum") / came
    assert 0.05 < mean < 0.6


def test_finished_requests_are_those_that_ended_well(warm, since):
    """What users closed is in no count: aborts are invisible at the engine."""
    ended = warm.ended("us", "chat")
    finished = since("request_success_total", finished_reason="stop") + since(
        "request_success_total", finished_reason="length"
    )
    assert finished == pytest.approx(ended["ok"], abs=12)
    assert since("request_success_total", finished_reason="error") <= ended["error"] + 1
    assert ended["aborted"] > 0
    assert since("request_success_total", finished_reason="abort") == 0


@pytest.mark.parametrize("family", WHOLE_REQUESTS)
def test_histograms_of_whole_requests_count_the_finished(shown, family):
    """And nothing else: a hung request is in none of them."""
    finished = shown("request_success_total", finished_reason="stop") + shown(
        "request_success_total", finished_reason="length"
    )
    assert shown(f"{family}_count") == pytest.approx(finished, abs=4)


def test_the_times_of_a_request_add_up(shown):
    """Waiting, computing the prompt, and a token after the other."""

    def mean(name):
        return shown(f"{name}_sum") / shown(f"{name}_count")

    parts = mean("request_queue_time_seconds") + mean("request_prefill_time_seconds")
    whole = mean("e2e_request_latency_seconds")
    assert whole == pytest.approx(parts + mean("request_decode_time_seconds"), abs=0.25)
    tokens = mean("request_generation_tokens") * mean("request_time_per_output_token_seconds")
    assert mean("request_decode_time_seconds") == pytest.approx(tokens, rel=0.05)


def test_lengths_are_the_published_ones(shown):
    """Prompts of the conversation trace."""
    prompts = model_figures("chat").prompt_tokens.value
    shown_mean = shown("request_prompt_tokens_sum") / shown("request_prompt_tokens_count")
    assert shown_mean == pytest.approx(prompts.mean, rel=0.05)
    asked = shown("prompt_tokens_total") / shown("time_to_first_token_seconds_count")
    assert asked == pytest.approx(prompts.mean, rel=0.05)


def test_an_engine_without_a_step_writes_nothing(warm):
    """Whatever waits."""
    warm.strike("frozen-worker", group="us-chat-0")
    before = warm.engine_page("us-chat-0")
    warm.seconds(30)
    assert warm.engine_page("us-chat-0") == before
    assert warm.state.engines.queues.waiting()[warm.group("us-chat-0")] > 50


def test_the_gauge_of_running_requests_is_what_is_computed(warm):
    """As of the last step, in whole requests."""
    warm.seconds(30)
    for group in CHATS:
        at = warm.group(group)
        running = warm.shown(group, "vllm:num_requests_running")
        engines = warm.state.engines
        assert running == round(float(engines.batch[at] + engines.prefilling[at]))


def test_an_engine_that_has_become_idle_says_so(warm):
    """What is left in its gauges is 0: a remainder would look like a request that hangs."""
    warm.strike("lb-blackout", region="us")
    warm.seconds(300)
    running = warm.state.engines.registers.numbers[Number.RUNNING]
    assert not running[
        warm.state.fleet.region_of_group == warm.state.fleet.regions.index("us")
    ].any()


def test_a_second_of_long_prompts_slows_single_tokens_and_no_whole_answer(make_run, read_total):
    """Agents' prompts come in bursts of seconds, and their answers take a quarter of a minute."""
    run = make_run(step_seconds=1.0, warm_up_seconds=300)
    page = run.engine_page("eu-agent-0")

    def slow(name: str) -> float:
        within = read_total(page, f"vllm:{name}_bucket", le="0.2")
        return 1 - within / read_total(page, f"vllm:{name}_count")

    assert slow("inter_token_latency_seconds") > 0.005
    assert slow("request_time_per_output_token_seconds") < 0.001
