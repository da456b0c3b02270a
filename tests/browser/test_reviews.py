"""The pages of reviews in a browser: a whole review, two editors, keys alone, and on paper."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from slo.review.alert_store import write_facts
from slo.review.app import review_application
from slo.review.database import open_database, upgrade
from slo.review.facts import ALERTMANAGER, AlertFact
from slo.review.incident_store import sync_incidents
from tests.browser.seeing import until
from tests.slo.review.histories import PERIOD
from tests.slo.review.test_reporting import NOW, fill
from tests.slo.review.test_site import MARKUP


@pytest.fixture
def reviews(tmp_path: Path) -> Iterator[str]:
    """The address of the pages of a week, in which an alert has markup for a name."""
    engine = open_database(str(tmp_path / "week.db"))
    upgrade(engine)
    fill(engine)
    labels = {"alertname": MARKUP, "severity": "page", "region": MARKUP, "service": "chat"}
    start = (PERIOD.end - 7200) * 1000
    evidence = (("probable_cause", MARKUP), ("summary", MARKUP))
    write_facts(engine, [AlertFact(ALERTMANAGER, labels, start, start + 600_000, evidence)], 0)
    sync_incidents(engine, 0)
    app = review_application(engine, "127.0.0.1", boards="http://boards.example", clock=lambda: NOW)
    config = uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1, ws="none")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)
    engine.dispose()


def begin(page: Page, reviews: str) -> None:
    """Begin the week's review, from the list."""
    page.goto(f"{reviews}/reviews")
    page.get_by_label("Period").fill(PERIOD.name)
    page.get_by_label("Your name").fill("ada")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/reviews/1")


class Form:
    """A form of a review's page."""

    def __init__(self, page: Page, action: str) -> None:
        """Find it by what it changes."""
        self._form = page.locator(f'form[action="/reviews/1/{action}"]')

    def send(self, author: str, **fields: str) -> None:
        """Fill it in and send it."""
        for name, text in {**fields, "author": author}.items():
            self._form.locator(f'[name="{name}"]').fill(text)
        self._form.get_by_role("button").click()


def test_a_review_goes_from_the_list_to_a_signature(page: Page, reviews: str):
    """Read, noted, decided, given to somebody to do, signed, and made again."""
    begin(page, reviews)
    expect(page.locator("figure[data-graph] canvas").first).to_be_visible()
    expect(page.locator(".waterfall tr.incident").first).to_contain_text("GpuLost")
    Form(page, "notes").send("ada", notes="A switch broke.")
    Form(page, "decisions").send("ada", text="We slow down.")
    Form(page, "actions").send("ada", text="Buy a spare", owner="ben", due_on="2026-10-05")
    expect(page.locator("table.actions")).to_contain_text("Buy a spare")
    Form(page, "signature").send("ada")
    expect(page.locator(".signed")).to_contain_text("Signed by ada")
    page.get_by_role("link", name="Make it again").click()
    expect(page.locator(".signed")).to_contain_text("the same hash")

    assert 0 == page.locator('form[action="/reviews/1/notes"]').count()


def test_the_second_of_two_editors_is_told(page: Page, reviews: str):
    """And what was written is shown, to be written again."""
    begin(page, reviews)
    other = page.context.new_page()
    other.goto(page.url)
    Form(page, "notes").send("ada", notes="first")
    expect(page.locator('[name="notes"]')).to_have_value("first")
    Form(other, "notes").send("ben", notes="a long text & more")

    expect(other.get_by_role("alert")).to_contain_text("Somebody changed review 1 meanwhile")
    expect(other.locator("main")).to_contain_text("a long text & more")
    other.get_by_role("link", name="Back, to read it again").click()
    expect(other.locator('[name="notes"]')).to_have_value("first")


def test_keys_alone_lead_from_the_first_page_to_a_signature(page: Page, reviews: str):
    """To the reviews by g and r, then Tab and Enter; graphs tell their values to arrow keys."""
    page.goto(reviews)
    page.keyboard.type("gr")
    page.wait_for_url("**/reviews")
    page.get_by_label("Period").focus()
    page.keyboard.type(PERIOD.name)
    page.keyboard.press("Tab")
    page.keyboard.type("ada")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/1")
    page.locator(".chart").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".chart-tip")).to_be_visible()
    page.locator('form[action="/reviews/1/signature"] [name="author"]').focus()
    page.keyboard.type("ada")
    page.keyboard.press("Enter")

    expect(page.locator(".signed")).to_contain_text("Signed by ada")


def test_markup_of_an_alert_is_shown_and_never_run(page: Page, reviews: str):
    """On every page that tells of it; nothing is loaded, and nothing asks."""
    asked: list[str] = []
    page.on("dialog", lambda found: (asked.append(found.message), found.dismiss()))
    begin(page, reviews)
    for path in ("/", "/incidents", "/incidents/2", "/reviews/1", "/reviews"):
        page.goto(f"{reviews}{path}")
        assert 0 == page.locator("main img, main script").count(), path
    page.goto(f"{reviews}/incidents/2")

    expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")
    assert [] == asked


def test_graphs_follow_the_theme_and_are_light_on_paper(page: Page, reviews: str):
    """All of them, also those that were never in sight; what was dark is dark again afterwards."""
    begin(page, reviews)
    page.keyboard.press("d")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert "rgb(17, 18, 23)" == page.evaluate(ground)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "light" == page.evaluate("document.documentElement.dataset.theme")
    figures = page.locator("figure[data-graph]").count()
    assert figures == page.locator("figure[data-graph][data-drawn]").count() > 1
    assert 0 == page.locator("details.paper:not([open])").count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")

    assert "rgb(17, 18, 23)" == page.evaluate(ground)
    assert page.pdf().startswith(b"%PDF")


def test_budgets_of_the_trend_are_on_one_line_on_paper(page: Page, reviews: str):
    """A sheet is narrow, and a percentage of one character a line is not read."""
    begin(page, reviews)
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 at 96 dpi, with its margins
    page.emulate_media(media="print")
    page.locator(".trend").first.evaluate(
        "(table) => table.closest('details')?.setAttribute('open', '')"
    )
    numbers = page.locator("table.trend td.number, table.trend td.quiet")
    heights = numbers.evaluate_all("(cells) => cells.map((cell) => cell.offsetHeight)")
    table = page.locator("table.trend").first
    columns = table.evaluate("(table) => getComputedStyle(table).gridColumnStart")

    assert heights
    assert max(heights) < 60
    assert "span 2" == columns


def test_an_incident_leads_to_the_boards_and_a_board_to_an_objective(page: Page, reviews: str):
    """With its place and its time; by the name that the board chose."""
    page.goto(f"{reviews}/incidents/1")
    there = page.get_by_role("link", name="SLO detail on the board").get_attribute("href") or ""
    assert there.startswith("http://boards.example/d/shardwatch-slo-detail?")
    assert "var-region=eu" in there
    page.goto(f"{reviews}/objectives?var-slo=availability&from=now-6h&to=now")

    assert page.url.endswith("/objectives/chat/availability")
    expect(page.locator("main")).to_contain_text("GpuLost")


def test_two_reviews_stand_side_by_side(page: Page, reviews: str):
    """Chosen on the page of one."""
    begin(page, reviews)
    page.goto(f"{reviews}/reviews")
    page.get_by_label("Period").fill("2026-09")
    page.get_by_label("Your name").fill("ada")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/reviews/2")
    page.get_by_role("button", name="Compare").click()

    expect(page.locator("main")).to_contain_text(f"{PERIOD.name} (before)")
    expect(page.locator("main")).to_contain_text("GpuLost")
