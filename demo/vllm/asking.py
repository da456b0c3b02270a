"""Orders to the demo's own servers over HTTP: JSON there and back, within a time limit."""

from __future__ import annotations

from typing import Any

import aiohttp

PATIENCE_SECONDS = 5.0


class Unanswered(Exception):  # noqa: N818 -- what came of asking
    """A server did not do what it was asked for; says which and why."""


async def ask(method: str, url: str, content: Any = None) -> Any:
    """Send a request and return the answer's JSON, None if it is empty.

    Raises:
        Unanswered: the server is gone, too slow, or refused.
    """
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, url, json=content) as answer,
        ):
            if answer.status >= 400:
                said = (await answer.text()).strip()
                raise Unanswered(f"{url} answered {answer.status}: {said}")
            return await answer.json(content_type=None) if await answer.read() else None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unanswered(f"{url} did not answer: {type(error).__name__}") from None
