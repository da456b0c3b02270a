"""How soon a board can be read: the Fleet in the preview, from its address to its last panel.

In Chromium without a window, over the day that a Prometheus holds of a fleet
(:mod:`dashboards.benching.fleet`), until every panel of the first screen is drawn: by the page's
own clock, which begins when it is asked for, and in a window that has been open for a while, for
Chromium draws a new one's own address bar in the background: the browser's start does not count.
The median of some pages, each of a browser that has seen none before: what a user waits as often as
not.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from dashboards.benching.fleet import DAY_SECONDS, END
from exporters.benching import ROOT, Figure, figure
from exporters.programs import locate_program

BAR_MS = 1500
TIMES = 5
_WINDOW_IS_DRAWN_AFTER_MS = 1500
VIEWPORT = {"width": 1920, "height": 1080}
_BOARD = "fleet"
_READY_WITHIN_SECONDS = 60.0


def first_paint(prometheus: str) -> Figure:
    """Return the figure, the median in milliseconds, of a server that holds the fleet."""
    with _preview(prometheus) as address:
        milliseconds = median(paint_milliseconds(address))
    return figure("dashboards.first_paint_ms", milliseconds, "ms", BAR_MS, digits=0)


def paint_milliseconds(address: str, times: int = TIMES) -> Iterator[float]:
    """Give how long each of some pages of a preview takes."""
    from dashboards.pictures.browser import (  # noqa: PLC0415 - playwright is there for tests
        note_when_settled,
        open_browser,
        settled_milliseconds,
    )

    query = f"from={1000 * (END - DAY_SECONDS):.0f}&to={1000 * END:.0f}"
    with open_browser(locate_program("chromium")) as browser:
        for _ in range(times):
            context = browser.new_context(viewport=VIEWPORT)
            page = context.new_page()
            note_when_settled(page)
            page.wait_for_timeout(_WINDOW_IS_DRAWN_AFTER_MS)
            page.goto(f"{address}/d/shardwatch-{_BOARD}?{query}", wait_until="commit")
            yield settled_milliseconds(page)
            failed = page.locator(".panel[data-failed]").count()
            context.close()
            if failed:
                raise RuntimeError(f"{failed} panels were not drawn")


@contextmanager
def _preview(prometheus: str) -> Iterator[str]:
    """Run the preview as its users do; give its address."""
    command = [sys.executable, "-m", "shardwatch", "dashboards", "preview",
               "--prometheus", prometheus, "--port", "0"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            address = said.split()[-1].rstrip("/")
            _await_ready(f"{address}/healthz")
            yield address
        finally:
            process.terminate()


def _await_ready(url: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - ours
                return
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
