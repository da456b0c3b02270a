"""Sessions: shared prefixes, turns that fit the model, tools."""

from collections import Counter
from random import Random
from statistics import mean, stdev

from demo.traffic.sessions import (
    ARRIVAL_CV,
    LONGEST_PROMPT_BYTES,
    SYSTEM_PROMPTS,
    TIER_SHARES,
    TOOL_SHARE,
    calls_per_session,
    draw_gap_seconds,
    fit,
    plan_session,
    requests_per_session,
    shorten,
)
from demo.traffic.snippets import SNIPPETS
from exporters.catalog import TIERS


def said(*texts: str) -> list[dict[str, str]]:
    """Return a conversation: user and assistant in turn."""
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]


def test_the_same_seed_gives_the_same_users():
    """A run can be repeated."""
    assert plan_session(Random(3)) == plan_session(Random(3))
    assert plan_session(Random(3)) != plan_session(Random(4))


def test_every_kind_of_user_and_of_call_comes():
    """Tiers by their shares, tools in about a third of the turns, every snippet in the long run."""
    random = Random(1)
    sessions = [plan_session(random) for _ in range(4000)]
    turns = [turn for session in sessions for turn in session.turns]
    calls = [turn.call for turn in turns if turn.call]
    tiers = Counter(session.tier for session in sessions)

    assert {*TIERS} == {*TIER_SHARES} == tiers.keys()
    assert abs(tiers["gov"] / 4000 - TIER_SHARES["gov"]) < 0.02
    assert abs(len(calls) / len(turns) - TOOL_SHARE) < 0.02
    assert {"code_execution", "browser"} == {call.tool for call in calls}
    assert {*SNIPPETS} == {call.arguments.get("snippet") for call in calls} - {None}


def test_sessions_are_as_long_as_is_told():
    """History is written by these means, so they must be those of the users that come."""
    random = Random(2)
    sessions = [plan_session(random) for _ in range(4000)]
    turns = [turn for session in sessions for turn in session.turns]
    calls = sum(turn.call is not None for turn in turns)

    assert abs(calls / 4000 - calls_per_session()) < 0.05
    assert abs((len(turns) + calls) / 4000 - requests_per_session()) < 0.1


def test_sessions_share_prefixes_that_fill_several_blocks():
    """A block has 32 tokens, and a token has 3 characters in the mean, seldom more than 6."""
    prompts = {plan_session(Random(seed)).system_prompt for seed in range(50)}

    assert {*SYSTEM_PROMPTS} == prompts
    assert all(len(prompt) > 2 * 32 * 6 for prompt in prompts)


def test_a_prompt_keeps_the_newest_that_the_model_can_take():
    """The oldest go in pairs, so that what is left begins with the user."""
    long = "x" * 160
    messages = fit(SYSTEM_PROMPTS[0], said(*[f"{n}{long}" for n in range(9)], "last"))

    assert {"role": "system", "content": SYSTEM_PROMPTS[0]} == messages[0]
    assert "user" == messages[1]["role"]
    assert "last" == messages[-1]["content"]
    assert sum(len(each["content"]) for each in messages) <= LONGEST_PROMPT_BYTES
    assert len(messages) >= 4


def test_nonsense_of_several_bytes_a_character_is_cut_between_characters():
    """Bytes count: each may be a token."""
    assert ("\N{EURO SIGN}" * 53, "short") == (shorten("\N{EURO SIGN}" * 60), shorten("short"))


def test_arrivals_vary_as_the_figures_say():
    """Mean and coefficient of variation of the times between them."""
    random = Random(5)
    gaps = [draw_gap_seconds(random, 2.0) for _ in range(20_000)]

    assert abs(mean(gaps) - 0.5) < 0.02
    assert abs(stdev(gaps) / mean(gaps) - ARRIVAL_CV) < 0.04


def test_answers_are_the_figures_scaled_down():
    """Median and 0.9 quantile of the conversation trace; none is longer than this machine bears."""
    random = Random(6)
    sessions = [plan_session(random) for _ in range(5000)]
    tokens = sorted(turn.output_tokens for session in sessions for turn in session.turns)

    assert 13 == tokens[len(tokens) // 2]
    assert 40 <= tokens[len(tokens) * 9 // 10] <= 45
    assert (1, 60) == (max(1, tokens[0]), tokens[-1])
