"""Choosing by mouse and by keyboard; the address holds all that is chosen, as Grafana's does."""

from urllib.parse import parse_qs, urlsplit

import pytest

from dashboards.pictures.browser import wait_until_settled
from tests.browser.seeing import board_of, open_board, until

PANEL = {
    "id": 1, "type": "timeseries", "title": "In $region",
    "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8},
    "targets": [{"refId": "A", "expr": 'rate(x{region=~"$region"}[$__rate_interval])',
                 "legendFormat": "{{region}} {{model}} {{group}}"}],
}  # fmt: skip
REGION = {"name": "region", "label": "Region", "type": "query", "multi": True, "includeAll": True,
          "allValue": ".*", "query": "label_values(x, region)",
          "current": {"value": ["$__all"]}}  # fmt: skip
MODEL = {"name": "model", "type": "query", "query": "label_values(x, model)"}
LINK = {"title": "Next", "type": "link", "url": "/d/b", "includeVars": True, "keepTime": True}


@pytest.fixture
def address(serve) -> str:
    """The address of a board with two variables, a row and a link."""
    row = {"id": 2, "type": "row", "title": "More", "collapsed": True, "gridPos": {"y": 8},
           "panels": [{**PANEL, "id": 3, "title": "Within"}]}  # fmt: skip
    boards = board_of(PANEL, row, templating={"list": [REGION, MODEL]}, links=[LINK])
    return f"{serve(boards)}/d/b"


def query_of(url: str) -> dict[str, list[str]]:
    """Return the parameters of an address."""
    return parse_qs(urlsplit(url).query)


def chosen(page) -> dict[str, list[str]]:
    """Return the parameters of a page's address, as it is this moment."""
    return query_of(page.evaluate("location.href"))


def last_query(answers) -> str:
    """Return the expression that Prometheus was asked for last."""
    asked = [form for path, form in answers.asked if path.endswith("query_range")]
    return asked[-1]["query"][0]


def test_what_an_address_chooses_is_asked_for(address, answers, page):
    """Several values become a regular expression; the title says them."""
    open_board(page, address, query="var-region=eu&var-region=us&from=now-1h&to=now")
    assert 'rate(x{region=~"(eu|us)"}[1m])' == last_query(answers)
    assert "In eu + us" == page.locator(".panel h3").first.inner_text()
    assert ["eu", "us"] == chosen(page)["var-region"]


def test_all_is_what_the_board_says_that_it_is(address, answers, page):
    """And "All" to people."""
    open_board(page, address)
    assert 'region=~".*"' in last_query(answers)
    assert "In All" == page.locator(".panel h3").first.inner_text()


def test_several_values_are_chosen_by_keyboard_alone(address, answers, page):
    """Open, go to a value, mark it, close: asked once, and the address tells it."""
    open_board(page, address)
    summary = page.locator('[data-variable="region"] summary')
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    until(lambda: chosen(page).get("var-region") == ["eu"])
    until(lambda: 'region=~"eu"' in last_query(answers))
    wait_until_settled(page)
    assert "Region: eu" == summary.get_attribute("aria-label")
    assert page.evaluate("document.activeElement.closest('[data-variable]').dataset.variable")


def test_a_variable_of_one_value_is_a_list(address, answers, page):
    """Its first value is chosen where nothing chooses another."""
    open_board(page, address)
    assert ["chat"] == chosen(page)["var-model"]
    page.locator('select[data-variable="model"]').select_option("code")
    until(lambda: chosen(page)["var-model"] == ["code"])


def test_links_keep_what_is_chosen_and_the_time(address, page):
    """As Grafana's includeVars and keepTime."""
    open_board(page, address, query="var-region=eu&from=now-3h&to=now")
    href = page.locator('[data-field="links"] a').get_attribute("href")
    assert {"var-region": ["eu"], "var-model": ["chat"], "from": ["now-3h"], "to": ["now"]} == (
        query_of(href or "")
    )


def test_times_are_chosen_from_a_list_typed_or_dragged(address, answers, page):
    """A part of a graph that is dragged over becomes the range, in milliseconds."""
    open_board(page, address)
    page.locator('[data-field="quick"]').select_option("now-24h")
    until(lambda: chosen(page)["from"] == ["now-24h"])
    wait_until_settled(page)
    place = page.locator(".u-over").first.bounding_box()
    middle = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] * 0.25, middle)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.75, middle, steps=5)
    page.mouse.up()
    until(lambda: chosen(page)["from"] != ["now-24h"])
    found = chosen(page)
    hours = (int(found["to"][0]) - int(found["from"][0])) / 3_600_000
    assert 11.5 < hours < 12.5


def test_a_time_that_is_none_is_said_and_mended(address, page):
    """Nothing is drawn for it, and the next choice is."""
    open_board(page, address)
    page.locator("details", has_text="Range").locator("summary").click()
    page.locator('[data-field="from"]').fill("once upon a time")
    page.keyboard.press("Enter")
    until(lambda: page.locator('[data-field="variables"] .problem').count())
    assert "found 'once upon a time'" in page.locator('[data-field="variables"]').inner_text()
    page.locator('[data-field="quick"]').select_option("now-1h")
    until(lambda: page.locator('[data-variable="region"]').count())
    wait_until_settled(page)


def test_keys_go_back_in_time_and_forward(address, page):
    """``[`` and ``]`` by half of the range, ``z`` to a longer one."""
    open_board(page, address, query="from=1767265200000&to=1767268800000")
    page.keyboard.press("[")
    until(lambda: chosen(page)["from"] == ["1767263400000"])
    page.keyboard.press("]")
    until(lambda: chosen(page)["from"] == ["1767265200000"])
    page.keyboard.press("z")
    until(lambda: chosen(page)["from"] == ["1767263400000"])
    page.go_back()
    until(lambda: chosen(page)["from"] == ["1767265200000"])


def test_arrow_keys_tell_the_values_of_a_graph(address, page):
    """For those who have no pointer."""
    open_board(page, address)
    page.locator(".chart").first.focus()
    page.keyboard.press("ArrowLeft")
    tip = page.locator(".chart-tip")
    until(tip.is_visible)
    assert 3 == tip.locator("tr").count()
    first = tip.locator("time").inner_text()
    page.keyboard.press("ArrowLeft")
    until(lambda: tip.locator("time").inner_text() != first)
    page.keyboard.press("Tab")
    until(lambda: not tip.is_visible())


def test_a_series_alone_is_shown_when_its_name_is_pressed(address, page):
    """And all again when it is pressed once more; by keyboard as well."""
    open_board(page, address)
    name = page.locator('.legend button[data-series="1"]').first
    name.focus()
    page.keyboard.press("Enter")
    pressed = "all => all.map((each) => each.getAttribute('aria-pressed'))"
    buttons = page.locator(".panel").first.locator(".legend button")
    assert ["false", "true", "false"] == buttons.evaluate_all(pressed)
    page.keyboard.press("Enter")
    assert ["true", "true", "true"] == buttons.evaluate_all(pressed)


def test_a_closed_row_asks_for_nothing_until_it_is_opened(address, answers, page):
    """Its panels are drawn then."""
    open_board(page, address)
    row = page.locator(".row-toggle")
    assert "false" == row.get_attribute("aria-expanded")
    before = len(answers.asked)
    page.wait_for_timeout(300)
    assert before == len(answers.asked)
    row.press("Enter")
    wait_until_settled(page)
    assert 2 == page.locator(".panel[data-drawn]").count()


def test_every_control_has_a_name_and_can_be_reached(address, page):
    """What is focused can be seen to be."""
    open_board(page, address)
    nameless = page.evaluate("""[...document.querySelectorAll('button, select, input, summary, a')]
      .filter((each) => each.checkVisibility() && !(each.innerText || '').trim()
        && !each.ariaLabel && !each.labels?.length).map((each) => each.outerHTML)""")
    assert [] == nameless
    page.keyboard.press("Tab")
    assert "Skip to the content" == page.evaluate("document.activeElement.innerText")
