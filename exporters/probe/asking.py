"""One question to an engine, in OpenAI's form, with everything about the answer limited."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from exporters.access import HttpAccess
from exporters.catalog import PROBE_TIER
from exporters.fetching import FetchError, failures_as_fetch_errors
from exporters.sessions import HttpClient, session_to_targets

TIER_HEADER = "X-Tier"
"""With the tier ``probe``, so that whatever stands between can tell probes from users."""
LARGEST_ANSWER_BYTES = 256 * 1024
"""Some hundred bytes a token are usual for a stream."""


@dataclass(frozen=True)
class Answered:
    """A whole answer."""

    text: str
    tokens: int
    first_seconds: float | None
    """Request to first token; None unless the engine streams."""
    seconds: float
    """Request to last token."""


class Ask(Protocol):
    """Asks an engine."""

    async def __call__(self, url: str, prompt: str, tokens: int, model: str = "") -> Answered:
        """Return its greedy answer of at most ``tokens`` tokens.

        Args:
            url: where it takes prompts.
            prompt: the question.
            tokens: no more than so many.
            model: as a router is asked for it; empty for an engine, which serves one.

        Raises:
            FetchError: if there was none in time and within the limits; its detail starts with the
                HTTP status where that is the reason.
        """


class HttpAsker(HttpClient):
    """Asks over one aiohttp session, which is open within ``async with``.

    Args:
        deadline_seconds: of one question, to its last token.
        clock: in seconds.
        access: how engines are asked.
    """

    def __init__(
        self,
        deadline_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        access: HttpAccess | None = None,
    ) -> None:
        self._access = access
        self._deadline_seconds = deadline_seconds
        self._clock = clock

    def _make_session(self) -> aiohttp.ClientSession:
        return session_to_targets({TIER_HEADER: PROBE_TIER})

    async def __call__(self, url: str, prompt: str, tokens: int, model: str = "") -> Answered:
        """Return the answer; as :class:`Ask` says."""
        content: dict[str, Any] = {
            "prompt": prompt,
            "max_tokens": tokens,
            "temperature": 0,
            "seed": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if model:
            content["model"] = model
        with failures_as_fetch_errors(self._deadline_seconds):
            async with asyncio.timeout(self._deadline_seconds):
                return await self._post(url, content)

    async def _post(self, url: str, content: dict[str, Any]) -> Answered:
        start = self._clock()
        options = self._access.options() if self._access else {}
        async with self._session.post(
            url, json=content, allow_redirects=False, **options
        ) as response:
            if response.status != 200:
                raise FetchError("http_status", f"{response.status}")
            if response.content_type == "text/event-stream":
                return await self._read_stream(response, start)
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                _check_size(len(body))
            text, tokens = _parse(bytes(body))
            return Answered(text, tokens, None, self._clock() - start)

    async def _read_stream(self, response: aiohttp.ClientResponse, start: float) -> Answered:
        """Read server-sent events: ``data: {...}`` a chunk, ``data: [DONE]`` at the end."""
        left, size, text, chunks, usage = b"", 0, "", 0, 0
        first: float | None = None
        last = start
        async for piece in response.content.iter_any():
            size += len(piece)
            _check_size(size)
            *lines, left = (left + piece).split(b"\n")
            for line in lines:
                data = line.strip().removeprefix(b"data:").strip()
                if not line.startswith(b"data:") or not data:
                    continue
                if data == b"[DONE]":
                    return Answered(text, max(usage, chunks), first, last - start)
                new, counted = _parse(data)
                usage = max(usage, counted)
                if new:
                    last = self._clock()
                    first = last - start if first is None else first
                    text += new
                    chunks += 1
        raise FetchError("malformed", "the stream ended without [DONE]")


def _check_size(size: int) -> None:
    if size > LARGEST_ANSWER_BYTES:
        raise FetchError("too_large", f"more than {LARGEST_ANSWER_BYTES} bytes")


def _parse(data: bytes) -> tuple[str, int]:
    """Return the text of an answer or a chunk, and how many tokens it says there are, or 0."""
    try:
        content = json.loads(data)
        choices = content["choices"]
        text = choices[0]["text"] if choices else ""
        tokens = (content.get("usage") or {}).get("completion_tokens", 0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise FetchError("malformed", f"no completion: {data[:60]!r}") from None
    if not isinstance(text, str) or not isinstance(tokens, int):
        raise FetchError("malformed", f"no completion: {data[:60]!r}")
    return text, tokens
