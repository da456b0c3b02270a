"""The mistake of a bad revision: a middleware of vLLM's server that fails some of the requests.

Named on the server's command line (``--middleware shardwatch_bad_revision.FailSome``), as a team's
own extension of vLLM would be; the variable SHARDWATCH_FAILING_RATIO says how many fail.
"""

import os
import random
from typing import Any

VARIABLE = "SHARDWATCH_FAILING_RATIO"
PATH = "/v1/chat/completions"
BODY = b'{"error": {"type": "InternalServerError", "message": "the revision is broken"}}'


class FailSome:
    """Answers a share of the chat requests with 500, and passes on all others."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._ratio = float(os.environ[VARIABLE])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request (ASGI)."""
        is_chat = scope["type"] == "http" and scope["path"] == PATH
        if not is_chat or random.random() >= self._ratio:  # noqa: S311 -- no secret
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": BODY})
