"""The web site that the demo's browser reads: some pages on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

PAGES = 20
RENDER_SECONDS = 0.02
"""What a page takes; the page cache saves it."""


def application(render_seconds: Callable[[], float] = lambda: RENDER_SECONDS) -> web.Application:
    """Return the site: ``/pages/1`` and so on.

    Args:
        render_seconds: what a page takes now.
    """

    async def page(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        if not 1 <= number <= PAGES:
            raise web.HTTPNotFound
        await asyncio.sleep(render_seconds())
        lines = "".join(f"<p>Line {n} of page {number}: {n * number}.</p>\n" for n in range(1, 8))
        text = f"<!doctype html>\n<title>Page {number}</title>\n<h1>Page {number}</h1>\n{lines}"
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.add_routes([web.get(r"/pages/{number:\d+}", page)])
    return app
