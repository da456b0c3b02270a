"""What users say: sessions of several turns with shared prefixes, and calls of tools. Pure.

The model talks nonsense (its weights are random), so the script decides which turns call a tool.
What users ask is as the figures say (:mod:`demo.traffic.figures`), but for a small machine: answers
are shorter and pauses too, by one factor each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from demo.traffic.figures import figures
from demo.traffic.site import PAGES
from demo.traffic.snippets import SNIPPETS

Message = dict[str, str]
ToolName = Literal["code_execution", "browser"]

TIER_SHARES = figures().tier_shares.value
_CHAT = figures().models["chat"]

SYSTEM_PROMPTS = tuple(
    f"You are a careful assistant for {work}. Answer briefly and in order, say what you do not "
    "know, and never guess a number. Before you run a snippet, say what it will print; after you "
    "fetched a page, say which line you rely on. The error budget of a service is what its "
    "objective leaves for failures in 28 days; when it is spent, changes wait. A shard group lives "
    "or dies as one, so one lost GPU takes the whole engine with it, and the router must stop "
    "sending requests there. "
    for work in ("engineers on call", "people who plan capacity", "reviewers of objectives")
)
"""Hundreds of tokens each, shared by many sessions: what a prefix cache is for."""

QUESTIONS = (
    "What is the error budget of this service, and how much of it is left this month?",
    "Which region, which model, which tier? A ticket can wait until the morning.",
    "The router waits for its first token. What do you look at first?",
    "One group stopped stepping while its health stays 200. What happened?",
    "Sum up what we know so far, and name the next step.",
)

MEAN_TURNS = _CHAT.turns.value
"""Before they are cut at the most."""
MOST_TURNS = 8
TOOL_SHARE = 0.35
"""Of turns. The only model of this demo serves agents too, so it is more than a chat's."""
CODE_SHARE = _CHAT.tool_mix.value["code_execution"]
"""Of tool calls; the others browse."""
ARRIVAL_CV = _CHAT.arrival_cv.value
OUTPUT_SCALE = 0.1
"""Answers are so much shorter than those of the figures: 13 tokens in the median."""
LONGEST_OUTPUT_TOKENS = 60
THINK_SECONDS = _CHAT.think_seconds.value / 40
"""Mean pause before a turn: of a session in which minutes pass, here seconds do."""

LONGEST_PROMPT_BYTES = 1500
"""A token has at least one byte, so a prompt has at most as many tokens; the model takes 2048."""
LONGEST_MESSAGE_BYTES = 160


@dataclass(frozen=True)
class ToolCall:
    """A call that the gateway is asked to make."""

    tool: ToolName
    arguments: dict[str, str]


@dataclass(frozen=True)
class Turn:
    """One question, perhaps with a tool call between two answers."""

    text: str
    call: ToolCall | None
    output_tokens: int
    think_seconds: float


@dataclass(frozen=True)
class SessionPlan:
    """All that one user will do."""

    tier: str
    system_prompt: str
    turns: tuple[Turn, ...]


def draw_gap_seconds(random: Random, sessions_per_second: float) -> float:
    """Return the time until the next session comes: gamma, with the figures' variation."""
    shape = 1 / ARRIVAL_CV**2
    return random.gammavariate(shape, 1 / (shape * sessions_per_second))


def requests_per_session() -> float:
    """Return the mean number of requests of a session where all goes well."""
    return _turns_per_session() * (1 + TOOL_SHARE)


def calls_per_session() -> float:
    """Return the mean number of tool calls of a session where all goes well."""
    return _turns_per_session() * TOOL_SHARE


def _turns_per_session() -> float:
    """Return the mean of a geometric distribution that is cut at the most."""
    return MEAN_TURNS * (1 - (1 - 1 / MEAN_TURNS) ** MOST_TURNS)


def plan_session(random: Random) -> SessionPlan:
    """Return a session drawn from ``random``; the number of turns is geometric."""
    count = 1
    while count < MOST_TURNS and random.random() > 1 / MEAN_TURNS:
        count += 1
    return SessionPlan(
        tier=random.choices(list(TIER_SHARES), list(TIER_SHARES.values()))[0],
        system_prompt=random.choice(SYSTEM_PROMPTS),
        turns=tuple(_plan_turn(random) for _ in range(count)),
    )


def fit(system_prompt: str, said: Sequence[Message]) -> list[Message]:
    """Return the messages of a request: the system prompt and the newest that the model can take.

    The oldest go in pairs, so that the rest begins with the user.
    """
    left = LONGEST_PROMPT_BYTES - len(system_prompt.encode())
    kept = list(said)
    while len(kept) > 1 and sum(len(each["content"].encode()) for each in kept) > left:
        del kept[:2]
    return [{"role": "system", "content": system_prompt}, *kept]


def shorten(text: str) -> str:
    """Return the beginning of an answer or a result, as it is kept in a conversation."""
    return text.encode()[:LONGEST_MESSAGE_BYTES].decode(errors="ignore")


def _plan_turn(random: Random) -> Turn:
    call = _plan_call(random) if random.random() < TOOL_SHARE else None
    return Turn(
        text=random.choice(QUESTIONS),
        call=call,
        output_tokens=_draw_output_tokens(random),
        think_seconds=random.expovariate(1 / THINK_SECONDS),
    )


def _draw_output_tokens(random: Random) -> int:
    spread = _CHAT.output_tokens.value
    tokens = random.lognormvariate(0, spread.sigma) * spread.median * OUTPUT_SCALE
    return min(max(round(tokens), 1), LONGEST_OUTPUT_TOKENS)


def _plan_call(random: Random) -> ToolCall:
    if random.random() < CODE_SHARE:
        shares = [each.share for each in SNIPPETS.values()]
        return ToolCall("code_execution", {"snippet": random.choices(list(SNIPPETS), shares)[0]})
    # Some pages are asked for more often than others, as on any site.
    page = min(int(random.paretovariate(1.0)), PAGES)
    return ToolCall("browser", {"page": str(page)})
