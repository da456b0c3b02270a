"""Every panel of every board of ours is drawn, whatever the ground is."""

import json
from pathlib import Path

import pytest

from dashboards.pictures.browser import wait_until_settled
from tests.browser.seeing import board_of, open_board, until

GENERATED = Path(__file__).resolve().parents[2] / "dashboards/generated"
UIDS = [json.loads(each.read_text())["uid"] for each in sorted(GENERATED.glob("*.json"))]
"""Of what is committed; a test of tests/dashboards holds that it is what is built."""
DRAWN = {
    "timeseries": "canvas", "heatmap": "canvas", "state-timeline": "canvas", "stat": ".stat",
    "bargauge": ".bar-item", "gauge": ".dial", "table": "tbody tr", "text": ".words",
}  # fmt: skip
"""What is there of each kind once it is drawn."""


@pytest.mark.parametrize("uid", UIDS)
def test_every_panel_is_drawn_and_the_console_stays_silent(uid: str, our_boards, serve, page):
    """Of its kind, with its title, and not with what stands there in place of data."""
    address = serve(our_boards)
    open_board(page, f"{address}/d/{uid}")
    for button in page.locator('.row-toggle[aria-expanded="false"]').all():
        button.click()
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": 1600, "height": height + 200})
    wait_until_settled(page)
    wrong = []
    for panel in page.locator(".panel").all():
        kind, title = panel.get_attribute("data-kind"), panel.locator("h3").inner_text()
        if panel.get_attribute("data-failed") or not panel.locator(DRAWN[kind or ""]).count():
            wrong.append((title, kind, panel.inner_text()[:200]))
    assert [] == wrong
    assert len(our_boards[uid].panels) == page.locator(".panel[data-drawn]").count()


def test_the_list_leads_to_every_board(our_boards, serve, page):
    """With the question that each answers, and the word that this is not Grafana."""
    page.goto(serve(our_boards))
    assert len(our_boards) == page.locator(".boards a").count()
    assert page.locator(".what").inner_text() == "preview, not Grafana"
    page.locator(".boards a").first.click()
    until(lambda: page.locator(".panel[data-drawn]").count())


def test_dark_and_light_follow_the_system_until_somebody_chooses(our_boards, serve, page):
    """And the choice outlives a reload, and reaches what is drawn on canvas."""
    open_board(page, f"{serve(our_boards)}/d/shardwatch-fleet")
    ground = "getComputedStyle(document.body).backgroundColor"
    axis = """(() => { const canvas = document.querySelector('.panel canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0; let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] > 200) { sum += data[at]; count += 1; }
      }
      return count ? sum / count : 0; })()"""
    light, light_ink = page.evaluate(ground), page.evaluate(axis)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert light != dark
    until(lambda: page.evaluate(axis) != light_ink)
    page.keyboard.press("d")
    assert light == page.evaluate(ground)
    page.complaints[:] = [each for each in page.complaints if "getImageData" not in each]  # ours
    page.reload()
    assert light == page.evaluate(ground)
    page.locator("[data-theme-toggle]").click()
    assert dark == page.evaluate(ground)


def test_a_printed_page_has_panels_and_no_controls(our_boards, serve, page):
    """On light ground, whatever the screen has."""
    open_board(page, f"{serve(our_boards)}/d/shardwatch-fleet")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(".panel").first.is_visible()
    assert not page.locator('[data-field="quick"]').is_visible()
    assert "rgb(255, 255, 255)" == page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_a_column_is_as_wide_as_its_panel_says_and_tells_what_is_cut_off(answers, serve, page):
    """A GPU's UUID would push what is to be done about it off the panel."""
    uuid = "GPU-6f1e7a55-9f6b-4a39-8f0d-0c8a0f1c2d3e"
    answers.values["group"] = (uuid,)
    width = [{"id": "custom.width", "value": 120}]
    override = {"matcher": {"id": "byName", "options": "group"}, "properties": width}
    panel = {"id": 1, "type": "table", "title": "T", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8},
             "targets": [{"refId": "A", "expr": "up", "instant": True, "format": "table"}],
             "fieldConfig": {"defaults": {}, "overrides": [override]}}  # fmt: skip
    open_board(page, f"{serve(board_of(panel))}/d/b")
    cell = page.locator(f'td[title="{uuid}"]').first
    assert 100 < cell.bounding_box()["width"] <= 130
    assert cell.evaluate("cell => cell.scrollWidth > cell.clientWidth")
