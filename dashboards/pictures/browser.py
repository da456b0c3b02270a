"""A page of the preview in a browser: opened, waited for, looked at.

Needs playwright, which is installed for tests, and a Chromium.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

PATIENCE_SECONDS = 60.0
_LOOKS_A_SECOND = 50

SETTLED = """() => {
  const inSight = [...document.querySelectorAll('.panel')].filter((each) => {
    const place = each.getBoundingClientRect();
    return place.height > 0 && place.top < innerHeight && place.bottom > 0;
  });
  return !document.querySelector('main[aria-busy]') && inSight.length > 0 && inSight.every((each) =>
    !each.hasAttribute('aria-busy') && (each.dataset.drawn || each.dataset.failed));
}"""
"""Whether every panel in sight is drawn, or has said why it is not."""

_NOTE_WHEN_SETTLED = f"""(() => {{
  const isSettled = {SETTLED};
  const look = () => {{
    if (!isSettled()) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => {{ window.settledAt = performance.now(); }}));
  }};
  const watch = new MutationObserver(look);
  watch.observe(document, {{ subtree: true, attributes: true,
    attributeFilter: ["aria-busy", "data-drawn", "data-failed"] }});
}})()"""
"""Looks only when a panel has changed: to look again and again would lay out the page each time,
and measure that. A frame later it is on the screen."""


@contextmanager
def open_browser(chromium: Path) -> Iterator[Any]:
    """Give a browser without a window for as long as the context lasts."""
    with sync_playwright() as playwright:
        # Without its sandbox, for pages of our own alone: in containers it can have none.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def note_when_settled(page: Any) -> None:
    """Let what is opened in a page note when every panel in sight was on the screen."""
    page.add_init_script(_NOTE_WHEN_SETTLED)


def settled_milliseconds(page: Any) -> float:
    """Return when every panel in sight was on the screen, since the page was asked for.

    Raises:
        playwright.sync_api.TimeoutError: one is still waited for after a minute.
    """
    found = page.wait_for_function(
        "() => window.settledAt", timeout=1000 * PATIENCE_SECONDS, polling=100
    )
    return float(found.json_value())


def wait_until_settled(page: Any) -> None:
    """Return once every panel in sight is drawn, or has said why it is not.

    Raises:
        TimeoutError: one is still waited for after a minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(SETTLED):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{page.url}: a panel was not drawn in {PATIENCE_SECONDS:g} s")
        time.sleep(1 / _LOOKS_A_SECOND)
