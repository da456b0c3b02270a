"""What tests of pages do: boards of some panels, opened, and waited for."""

import json
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from dashboards.pictures.browser import PATIENCE_SECONDS, wait_until_settled
from dashboards.preview.model import Board
from dashboards.preview.reading import boards_of_texts


def until(is_so: Callable[[], Any]) -> Any:
    """Return what holds as soon as it holds; fail if it does not within a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := is_so():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not become so in time")


def board_of(*panels: dict[str, Any], **more: Any) -> dict[str, Board]:
    """Return a board of some panels."""
    content = {"uid": "b", "title": "A board", "panels": list(panels), **more}
    return boards_of_texts({"b.json": json.dumps(content)})


def open_board(page: Page, address: str, *, query: str = "") -> None:
    """Open a board and wait until every panel in sight is drawn, or has said why not."""
    page.goto(f"{address}?{query}")
    wait_until_settled(page)
