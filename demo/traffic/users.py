"""The users: they come at random, talk in turns, call tools, and try again when something fails."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from demo.traffic.chat import Answer, ask
from demo.traffic.sessions import (
    Message,
    SessionPlan,
    ToolCall,
    draw_gap_seconds,
    fit,
    plan_session,
    shorten,
)
from demo.traffic.tally import Tally
from exporters.catalog import TOOL_OUTCOMES

SESSIONS_PER_SECOND = 2.4
"""New ones. A session makes 2 requests in the mean, so that 4.9 a second
come: two cores serve them with one to spare for the rest of the demo. Few a session, for while a
group hangs a session waits, and its next requests with it."""
MOST_SESSIONS = 150
"""At once; while a group hangs, sessions last longer and pile up."""
ATTEMPTS = 2
"""Of a client, for one answer; of an agent, for one result of a tool."""
BACKOFF_SECONDS = (0.5, 1.5)
TOOL_PATIENCE_SECONDS = 8.0
"""Longer than the tools' own limits: it is the gateway that gives up."""

_RETRIED = frozenset({"error", "timeout", "rejected"})
_CALLED_AGAIN = frozenset({"error", "timeout", "rate_limited"})


@dataclass
class Surge:
    """How many times the usual traffic there is: so many sessions come, so many may last."""

    factor: float = 1.0


@dataclass
class Users:
    """Everybody who uses the service."""

    session: aiohttp.ClientSession
    router: str
    gateway: str
    model: str
    tally: Tally
    random: Random
    sessions_per_second: float = SESSIONS_PER_SECOND
    surge: Surge = field(default_factory=Surge)
    _now: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    async def come_and_go(self) -> None:
        """Run sessions until cancelled."""
        try:
            while True:
                often = self.sessions_per_second * self.surge.factor
                await asyncio.sleep(draw_gap_seconds(self.random, often))
                if len(self._now) < MOST_SESSIONS * self.surge.factor:
                    task = asyncio.create_task(self._talk(plan_session(self.random)))
                    self._now.add(task)
                    task.add_done_callback(self._now.discard)
        finally:
            for task in self._now:
                task.cancel()
            await asyncio.gather(*self._now, return_exceptions=True)

    async def _talk(self, plan: SessionPlan) -> None:
        said: list[Message] = []
        for turn in plan.turns:
            await asyncio.sleep(turn.think_seconds)
            answer = await self._say(plan, said, turn.text, turn.output_tokens)
            if answer and turn.call:
                result = await self.result_of(turn.call)
                answer = await self._say(plan, said, f"Result: {result}", turn.output_tokens)
            if not answer:
                return  # the user gives up

    async def _say(
        self, plan: SessionPlan, said: list[Message], text: str, output_tokens: int
    ) -> Answer | None:
        """Ask until there is an answer or no attempt left; add both sides to what was said."""
        question = {"role": "user", "content": shorten(text)}
        messages = fit(plan.system_prompt, [*said, question])
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(self.random.uniform(*BACKOFF_SECONDS))
            self.tally.note_offer(plan.tier)
            answer = await ask(
                self.session,
                self.router,
                self.model,
                messages,
                tier=plan.tier,
                output_tokens=output_tokens,
            )
            self.tally.note_request(
                plan.tier, answer.outcome, answer.first_token_seconds, answer.tokens
            )
            if answer.outcome not in _RETRIED:
                said += [question, {"role": "assistant", "content": shorten(answer.text)}]
                return answer
        return None

    async def result_of(self, call: ToolCall) -> str:
        """Call a tool until it works or no attempt is left; return what the model is told."""
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(self.random.uniform(*BACKOFF_SECONDS))
            outcome, output = await call_tool(
                self.session, self.gateway, self.model, call, attempt=attempt + 1
            )
            self.tally.note_call(outcome)
            if outcome not in _CALLED_AGAIN:
                break
        return f"{call.tool} said {output}" if outcome == "ok" else f"{call.tool}: {outcome}"


async def call_tool(
    session: aiohttp.ClientSession, gateway: str, model: str, call: ToolCall, attempt: int = 1
) -> tuple[str, str]:
    """Call a tool; return the outcome (``exporters.catalog.TOOL_OUTCOMES``) and the output."""
    content = {"model": model, "attempt": attempt, "arguments": call.arguments}
    try:
        async with asyncio.timeout(TOOL_PATIENCE_SECONDS):
            async with session.post(f"{gateway}/tools/{call.tool}", json=content) as answer:
                answer.raise_for_status()
                result: dict[str, Any] = await answer.json()
    except TimeoutError:
        return "timeout", ""
    except aiohttp.ClientError:
        return "error", ""
    error_type = result["error_type"]
    if not error_type:
        return "ok", result["output"]
    return error_type if error_type in TOOL_OUTCOMES else "error", result["output"]
