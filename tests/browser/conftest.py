"""A browser, a preview, and a stand-in for Prometheus that can be slow, wrong or away."""

import time
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from dashboards.build import build_boards
from dashboards.pictures.browser import open_browser
from dashboards.preview.model import Board
from dashboards.preview.reading import boards_of_texts
from dashboards.preview.server import Setting, preview_application
from dashboards.testing import Answers, stand_in_prometheus
from demo.setup.programs import find_program
from tests.browser.seeing import until

HALF_SCREEN = {"width": 1600, "height": 1000}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window.

    Not of the session: while it runs there is an event loop, and other tests start their own.
    """
    with open_browser(find_program("chromium")) as running:
        yield running


@pytest.fixture
def answers() -> Answers:
    """How the stand-in for Prometheus answers."""
    return Answers()


@pytest.fixture
def prometheus(answers: Answers) -> Iterator[str]:
    """The address of the stand-in."""
    with stand_in_prometheus(answers) as url:
        yield url


@pytest.fixture(scope="session")
def our_boards() -> dict[str, Board]:
    """Our own boards."""
    return boards_of_texts(build_boards())


@pytest.fixture
def serve(prometheus: str) -> Iterator[Callable[[dict[str, Board]], str]]:
    """Serves boards, and gives the address."""
    servers: list[tuple[uvicorn.Server, Thread]] = []

    def start(boards: dict[str, Board]) -> str:
        setting = Setting(boards, prometheus, "127.0.0.1", answer_within_seconds=2.0)
        config = uvicorn.Config(
            preview_application(setting, time.time), port=0, log_level="error",
            timeout_graceful_shutdown=1, ws="none",
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started)
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(5)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser without a past; whatever its console complains of fails the test."""
    context = browser.new_context(viewport=HALF_SCREEN, color_scheme="light")
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda said: _note(complaints, said))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.complaints = complaints  # type: ignore[attr-defined]
    yield found
    context.close()
    assert [] == complaints


def _note(complaints: list[str], said: Any) -> None:
    # What the server answers with an error is for the panel to say; the browser notes it as well.
    if said.type in ("error", "warning") and "Failed to load resource" not in said.text:
        complaints.append(said.text)
