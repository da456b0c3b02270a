"""Sending events to PagerDuty: what its answers mean, and how long to wait after a failure."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import aiohttp

from alerts.changes.events import Event
from exporters.sessions import HttpClient

SHORTEST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
LONGEST_ASKED_SECONDS = 600.0
"""What an answer's ``Retry-After`` may make of it."""
REFUSED_KEY_SECONDS = 600.0
"""For so long a key that was refused is not sent again: its integration may be seconds old."""
_ANSWER_SECONDS = 15.0
_LONGEST_SAID = 300
_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
"""Answers that are about the event: it will be no better the next time."""
_OF_THE_KEY = re.compile(r"\b(?:routing|integration|service)[ _]key\b", re.IGNORECASE)
"""What such an answer says if it is about the key: the event is good, and goes with another one."""


@dataclass(frozen=True)
class Answer:
    """What became of an event."""

    outcome: Literal["taken", "refused", "later"]
    said: str = ""
    """Why it was not taken."""
    retry_after_seconds: float = 0.0


class PagerDutyClient(HttpClient):
    """Sends change events, within ``async with``.

    Args:
        url: of change events.
        routing_key_file: read for each event: keys are replaced while this runs.
        clock: in seconds.
    """

    def __init__(
        self, url: str, routing_key_file: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._routing_key_file = routing_key_file
        self._clock = clock
        self._refused_key: str | None = None
        self._refused_at = 0.0
        self._refusal = Answer("later")

    def _make_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS))

    async def send(self, event: Event) -> Answer:
        """Send one event, once; none for ten minutes with a key that PagerDuty refused."""
        try:
            key = self._routing_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return Answer("later", f"{self._routing_key_file} cannot be read")
        if key == self._refused_key and self._clock() - self._refused_at < REFUSED_KEY_SECONDS:
            return self._refusal
        try:
            async with self._session.post(
                self._url, json={"routing_key": key, **event}, allow_redirects=False
            ) as answer:
                text = (await answer.content.read(64 * 1024)).decode("utf-8", "replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer("later", f"no answer: {error or type(error).__name__}")
        became = _meaning(answer.status, text, answer.headers.get("Retry-After", ""))
        if became.outcome == "refused" and _OF_THE_KEY.search(became.said):
            # PagerDuty wants no 400 to be sent again as it is, but may not know a new key yet.
            self._refused_key, self._refused_at = key, self._clock()
            self._refusal = Answer("later", f"{became.said}: correct {self._routing_key_file}")
            return self._refusal
        return became


def _meaning(status: int, text: str, retry_after: str) -> Answer:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer("taken")
    said = f"{status}: {_said(text)}"
    if status in _REFUSALS:
        return Answer("refused", said)
    return Answer("later", said, _retry_after_seconds(retry_after))


def wait_seconds(failures: int, answer: Answer, chance: float) -> float:
    """Return how long to wait after so many failures in a row, at least 1.

    Doubled each time, up to a minute, less up to a half by chance, so that many forwarders do not
    come back at once; no less than was asked for.
    """
    doubled = SHORTEST_WAIT_SECONDS * 2.0 ** min(failures - 1, 30)
    backed_off = min(LONGEST_WAIT_SECONDS, doubled) * (1 - chance / 2)
    return max(backed_off, min(answer.retry_after_seconds, LONGEST_ASKED_SECONDS))


def _retry_after_seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0


def _said(text: str) -> str:
    """Return what PagerDuty says is wrong: its ``errors``, if it is JSON."""
    try:
        found = json.loads(text)
        errors = found["errors"] if found.get("errors") else [found["message"]]
        said = "; ".join(map(str, errors))
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        said = " ".join(text.split())
    return said if len(said) <= _LONGEST_SAID else said[: _LONGEST_SAID - 3] + "..."
