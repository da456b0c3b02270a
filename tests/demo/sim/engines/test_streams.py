"""Streams: as long as answers are, ended at their deadline, preempted where memory runs out."""

import numpy as np
import pytest

from demo.sim.engines.registers import LEVEL_PLACES, Number
from demo.sim.engines.streams import COHORTS, start_streams
from demo.sim.service import output_lengths


def _cut_after(streams, *, deadline: float, h: float, decay_per_second: float = 0.0):
    """Return when streams were cut, and how many each time."""
    cut = []
    for passed in range(1, round(2 * deadline / h) + 1):
        ending = -np.expm1(-decay_per_second * h)
        streams.count *= 1 - ending
        streams.decay += decay_per_second * h
        streams.begin(np.zeros(1), h)
        expired = streams.pass_deadline(np.array([deadline]))
        if expired[0] > 0:
            cut.append((passed * h, float(expired[0])))
    return cut


def test_answers_are_as_long_as_their_distribution_says(warm):
    """Tokens for each first token, in five minutes; a few users leave before the end."""
    registers, first = warm.state.engines.registers, LEVEL_PLACES["first_tokens"]

    def counted():
        return np.array(
            [registers.numbers[Number.GENERATED_TOKENS], registers.levels[:, first].sum(axis=1)]
        )

    before = counted()
    warm.seconds(300)
    tokens, answers = counted() - before
    means = np.array([output_lengths(model).mean for _, model in warm.fleet.cells])
    assert tokens / answers == pytest.approx(means[warm.fleet.cell_of_group], rel=0.06)


@pytest.mark.parametrize("h", [1.0, 5.0])
def test_a_stream_is_cut_at_its_end_to_end_deadline(h):
    """To a twelfth of it, and once."""
    streams = start_streams(1)
    streams.count[:] = 100.0
    streams.begin(np.array([100.0]), h)
    ((when, many),) = _cut_after(streams, deadline=120.0, h=h)
    assert many == pytest.approx(100.0)
    assert when == pytest.approx(120.0, abs=120.0 / COHORTS + h)
    assert streams.count[0] == pytest.approx(0.0)


def test_what_has_ended_is_not_cut():
    """Of a hundred streams a share of exp(-2.4) is left after two minutes."""
    streams = start_streams(1)
    streams.count[:] = 100.0
    streams.begin(np.array([100.0]), 1.0)
    ((when, many),) = _cut_after(streams, deadline=120.0, h=1.0, decay_per_second=0.02)
    assert many == pytest.approx(100 * np.exp(-0.02 * when), rel=1e-3)


def test_of_a_full_cache_as_many_streams_are_preempted_as_hold_what_is_too_much():
    """Theirs is computed again; nothing is lost."""
    streams = start_streams(2)
    streams.count[:] = 50.0
    streams.context_tokens[:] = 110_000.0, 90_000.0
    preempted = streams.preempt(np.array([100_000.0, 100_000.0]))
    assert preempted == pytest.approx([50 / 11, 0.0])
    assert streams.context_tokens.tolist() == [100_000.0, 90_000.0]
    assert streams.preempted_tokens.tolist() == [10_000.0, 0.0]
    assert streams.count + streams.preempted == pytest.approx([50.0, 50.0])


def test_a_kv_cache_that_is_too_small_preempts_and_computes_again(warm):
    """Its page shows it; its cache is never more than full; and requests still end well."""
    group = warm.group("us-chat-0")
    held = float(warm.state.engines.streams.context_tokens[group])
    warm.state.service.kv_cache_tokens[group] = 0.5 * held
    warm.seconds(120)
    assert warm.shown("us-chat-0", "vllm:num_preemptions_total") > 10
    assert 0.7 < warm.shown("us-chat-0", "vllm:kv_cache_usage_perc") <= 1.0
    assert warm.shown("us-chat-1", "vllm:num_preemptions_total") == 0
    assert warm.bad_ratio("us", "chat", seconds=60) < 0.6
    assert warm.state.engines.streams.context_tokens[group] <= 0.5 * held + 1e-6


def test_who_waits_to_be_computed_again_gives_up_in_the_end():
    """A share of them, with their tokens."""
    streams = start_streams(1)
    streams.preempted[:], streams.preempted_tokens[:] = 8.0, 1000.0
    assert streams.give_up_preempted(0.25).tolist() == [2.0]
    assert (streams.preempted[0], streams.preempted_tokens[0]) == (6.0, 750.0)


def test_all_streams_of_a_group_end_with_its_process():
    """And are not cut once more at their deadline."""
    streams = start_streams(2)
    streams.count[:] = 10.0
    streams.begin(np.array([10.0, 10.0]), 1.0)
    streams.end(np.array([True, False]))
    assert streams.count.tolist() == [0.0, 10.0]
    assert streams.entered.sum(axis=0).tolist() == [0.0, 10.0]
