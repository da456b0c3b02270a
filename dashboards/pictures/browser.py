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
