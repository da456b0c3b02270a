"""The tools: code that runs in a process of its own, and pages fetched behind a cache.

A tool says how it ended in the words of OpenTelemetry's ``error.type``; empty is well. Each can be
made worse as real ones are (:class:`Condition`): a program that is stopped, or gets only a part of
a core; a site that refuses, or renders slowly.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Protocol

import aiohttp

from demo.traffic.snippets import SNIPPETS, Snippet

OK, TOOL_ERROR, TIMEOUT, RATE_LIMITED, BLOCKED = (
    "",
    "tool_error",
    "timeout",
    "rate_limited",
    "blocked",
)
TIME_LIMIT_SECONDS = 3.0
LONGEST_OUTPUT_BYTES = 4096
REFUSES = "http://127.0.0.1:1"
"""Nobody listens there: a site that refuses its visitors."""
CACHED_PAGES = 64
CACHE_SECONDS = 10.0

QUOTA_SECONDS = 0.005
"""A program that is slowed down runs so long, then it is stopped for as long as makes the factor:
what a CPU quota of the kernel does (``cpu.cfs_quota_us``), without its privileges."""

_TAG = re.compile(r"<[^>]*>")
_BY_STATUS = {403: BLOCKED, 429: RATE_LIMITED}


@dataclass
class Condition:
    """How well a tool is; may be changed while it works."""

    outage_ratio: float = 0.0
    """Share of the calls that it does not serve."""
    slowdown: float = 1.0
    """Times longer that it takes."""


class NotePage(Protocol):
    """Takes note of a page that the page cache was asked for."""

    def __call__(self, *, is_kept: bool) -> None:
        """Take note of whether it was there."""


@dataclass(frozen=True)
class Result:
    """How a call ended, and what it said."""

    error_type: str
    output: str


class Tool(Protocol):
    """Something an agent can call."""

    async def call(self, arguments: Mapping[str, str]) -> Result:
        """Return the result; a failure is a result too."""
        ...


class CodeExecution:
    """Runs a snippet in a fresh Python, which is killed at the time limit."""

    def __init__(
        self,
        snippets: Mapping[str, Snippet] = SNIPPETS,
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
        *,
        condition: Condition | None = None,
        random: Random | None = None,
    ) -> None:
        self._snippets = snippets
        self._time_limit_seconds = time_limit_seconds
        self._condition = condition or Condition()
        self._random = random or Random()  # noqa: S311 -- no secret

    async def call(self, arguments: Mapping[str, str]) -> Result:
        """Run ``arguments["snippet"]``. A program that fails is no failure of the tool."""
        snippet = self._snippets.get(arguments.get("snippet", ""))
        if snippet is None:
            return Result(TOOL_ERROR, f"no such snippet; there are {', '.join(self._snippets)}")
        # Isolated and without site: a tenth of the start-up, and nothing of ours in reach.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", snippet.code),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        hindering = asyncio.create_task(self._hinder(process))
        try:
            async with asyncio.timeout(self._time_limit_seconds):
                output, _ = await process.communicate()
        except TimeoutError:
            return Result(TIMEOUT, f"stopped after {self._time_limit_seconds:g} s")
        finally:
            hindering.cancel()
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return Result(OK, output[:LONGEST_OUTPUT_BYTES].decode(errors="replace"))

    async def _hinder(self, process: asyncio.subprocess.Process) -> None:
        """Stop a program for good, or now and then, or not at all."""
        slowdown = self._condition.slowdown
        with suppress(ProcessLookupError):
            if self._random.random() < self._condition.outage_ratio:
                process.send_signal(signal.SIGSTOP)
                return
            while slowdown > 1:
                process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(QUOTA_SECONDS * (slowdown - 1))
                process.send_signal(signal.SIGCONT)
                await asyncio.sleep(QUOTA_SECONDS)


class Browser:
    """Fetches pages of one site, behind a page cache."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        site: str,
        *,
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        condition: Condition | None = None,
        random: Random | None = None,
        note_page: NotePage = lambda *, is_kept: None,  # noqa: ARG005
    ) -> None:
        self._session = session
        self._site = site
        self._condition = condition or Condition()
        self._random = random or Random()  # noqa: S311 -- no secret
        self._time_limit_seconds = time_limit_seconds
        self._clock = clock
        self._note_page = note_page
        self._cache: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def call(self, arguments: Mapping[str, str]) -> Result:
        """Return the text of ``arguments["page"]`` of the site."""
        page = arguments.get("page", "")
        if not page.isdecimal():
            return Result(TOOL_ERROR, f"found page {page!r}, expected a number")
        is_out = self._random.random() < self._condition.outage_ratio
        kept = None if is_out else self._cache.get(page)
        is_kept = kept is not None and self._clock() - kept[0] < CACHE_SECONDS
        self._note_page(is_kept=is_kept)
        if kept and is_kept:
            return Result(OK, kept[1])
        site = REFUSES if is_out else self._site
        try:
            async with asyncio.timeout(self._time_limit_seconds):
                async with self._session.get(f"{site}/pages/{page}") as answer:
                    body = await answer.text()
        except TimeoutError:
            return Result(TIMEOUT, f"no answer after {self._time_limit_seconds:g} s")
        except aiohttp.ClientError as error:
            return Result(TOOL_ERROR, f"cannot be fetched: {type(error).__name__}")
        if answer.status != 200:
            return Result(_BY_STATUS.get(answer.status, TOOL_ERROR), f"status {answer.status}")
        text = " ".join(_TAG.sub(" ", body).split())[:LONGEST_OUTPUT_BYTES]
        self._keep(page, text)
        return Result(OK, text)

    def _keep(self, page: str, text: str) -> None:
        self._cache[page] = (self._clock(), text)
        self._cache.move_to_end(page)
        if len(self._cache) > CACHED_PAGES:
            self._cache.popitem(last=False)
