"""One chat request as a user's client makes it, and how it ended for that client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from demo.traffic.sessions import Message
from demo.traffic.tally import Tokens
from demo.vllm.router import TIER_HEADER

PATIENCE_SECONDS = 75.0
"""Longer than any deadline of the router's: it is the router that gives up."""

_OUTCOME_OF_STATUS = {429: "rate_limited", 503: "rejected", 504: "timeout"}


@dataclass(frozen=True)
class Answer:
    """What came of a request."""

    outcome: str
    """Of ``exporters.catalog.OUTCOMES``."""
    first_token_seconds: float | None
    """None if none came."""
    text: str
    tokens: Tokens


async def ask(
    session: aiohttp.ClientSession,
    router: str,
    model: str,
    messages: Sequence[Message],
    *,
    tier: str,
    output_tokens: int,
) -> Answer:
    """Send a conversation to the router, read the stream to its end, and return the answer."""
    content = {
        "model": model,
        "messages": list(messages),
        "max_tokens": output_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    reading = _Reading()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async with session.post(
                f"{router}/v1/chat/completions", json=content, headers={TIER_HEADER: tier}
            ) as answer:
                if answer.status == 200:
                    async for line in answer.content:
                        reading.take(line)
                else:
                    reading.outcome = _OUTCOME_OF_STATUS.get(answer.status, "error")
    except TimeoutError:
        reading.outcome = "timeout"
    except aiohttp.ClientError:
        reading.outcome = "error"
    return reading.answer()


class _Reading:
    """A stream of server-sent events on its way."""

    def __init__(self) -> None:
        self.outcome = "error"  # until it says that it is done
        self.first_token_seconds: float | None = None
        self._text = ""
        self._pieces = 0
        self._usage: Tokens | None = None
        self._began = asyncio.get_running_loop().time()

    def answer(self) -> Answer:
        """Return what came. A stream that broke tells no usage: its pieces are its tokens."""
        tokens = self._usage or Tokens(generated=self._pieces)
        return Answer(self.outcome, self.first_token_seconds, self._text, tokens)

    def take(self, line: bytes) -> None:
        """Take one line of the stream."""
        if not line.startswith(b"data:"):
            return
        event = line.removeprefix(b"data:").strip()
        if event == b"[DONE]":
            self.outcome = "ok"
            return
        content: dict[str, Any] = json.loads(event)
        if "error" in content:
            is_timeout = content["error"].get("type") == "timeout"
            self.outcome = "timeout" if is_timeout else "error"
            return
        if self.first_token_seconds is None:
            self.first_token_seconds = asyncio.get_running_loop().time() - self._began
        for choice in content.get("choices", ()):
            piece = choice.get("delta", {}).get("content") or ""
            self._text += piece
            self._pieces += bool(piece)
        if usage := content.get("usage"):
            self._usage = Tokens(
                prompt=usage["prompt_tokens"],
                cached=(usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
                generated=usage["completion_tokens"],
                is_billed=True,
            )
