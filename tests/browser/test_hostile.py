"""Scripts in dashboards and in data are shown, and never run."""

import json

import pytest

from dashboards.pictures.browser import wait_until_settled
from dashboards.preview.reading import boards_of_texts
from tests.browser.seeing import open_board

SCRIPT = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
LINK = "javascript:window.ran=1"
TARGET = {"refId": "A", "expr": "up", "legendFormat": SCRIPT}


def hostile_panel(id: int, kind: str) -> dict:
    """Return a panel that says a script wherever it can say something."""
    return {
        "id": id,
        "type": kind,
        "title": f"{SCRIPT} {kind}",
        "description": SCRIPT,
        "gridPos": {"x": (id % 3) * 8, "y": id // 3 * 8, "w": 8, "h": 8},
        "targets": [{**TARGET, "instant": kind in ("table", "bargauge", "gauge"),
                     "format": "table" if kind == "table" else "time_series"}],
        "fieldConfig": {
            "defaults": {
                "unit": f"suffix:{SCRIPT}", "noValue": SCRIPT, "displayName": SCRIPT,
                "links": [{"title": SCRIPT, "url": LINK}, {"title": "x", "url": SCRIPT}],
                "color": {"mode": "fixed", "fixedColor": "red;}</style>" + SCRIPT},
                "mappings": [{"type": "range", "options": {"from": 1, "to": None,
                                                           "result": {"text": SCRIPT}}}],
            }
        },
        "options": {"content": f"{SCRIPT}\n\n[click]({LINK}) ![x](http://192.0.2.1/x.png)"},
    }  # fmt: skip


BOARD = {
    "uid": "hostile",
    "title": SCRIPT,
    "description": SCRIPT,
    "tags": [SCRIPT],
    "panels": [
        hostile_panel(i, kind)
        for i, kind in enumerate(
            ("timeseries", "stat", "gauge", "bargauge", "table", "state-timeline", "heatmap",
             "text", SCRIPT)
        )
    ] + [{"type": "row", "title": SCRIPT, "gridPos": {"y": 90}, "panels": []}],
    "templating": {"list": [
        {"name": "region", "label": SCRIPT, "type": "query", "multi": True, "includeAll": True,
         "query": "label_values(up, region)"},
        {"name": "b", "type": "custom", "query": SCRIPT},
        {"name": "c", "type": "textbox", "query": SCRIPT},
        {"name": "d", "type": SCRIPT},
    ]},
    "links": [{"title": SCRIPT, "type": "link", "url": LINK},
              {"title": SCRIPT, "type": "link", "url": "/d/x", "tooltip": SCRIPT}],
    "annotations": {"list": [{"name": SCRIPT, "enable": True, "expr": "up", "iconColor": SCRIPT,
                              "titleFormat": SCRIPT, "textFormat": "{{region}}"}]},
}  # fmt: skip


@pytest.fixture
def hostile(answers, serve, page):
    """A page of a hostile board with hostile data."""
    answers.values |= dict.fromkeys(("region", "slo", "group"), (SCRIPT, f"{SCRIPT} 2"))
    open_board(page, f"{serve(boards_of_texts({'h.json': json.dumps(BOARD)}))}/d/hostile")
    page.set_viewport_size({"width": 1600, "height": 2000})
    wait_until_settled(page)
    return page


def test_scripts_are_shown_and_not_run(hostile):
    """In titles, legends, values, units, links, variables, marks: all of it is text."""
    hostile.locator(".choose summary").first.click()
    for chart in hostile.locator(".chart").all():
        chart.focus()
        hostile.keyboard.press("ArrowRight")
    assert hostile.evaluate("window.ran") is None
    assert 0 == hostile.locator("main img, main script:not([src]), .bar img, .top img").count()
    assert "<script>" in hostile.locator(".panel h3").first.inner_text()
    assert "<script>" in hostile.locator(".legend").first.inner_text()


def test_no_link_leads_to_a_script(hostile):
    """Those that would are left out; what is left has an address of http or of ours."""
    links = hostile.locator("a").evaluate_all("all => all.map((each) => each.href)")
    assert [] == [each for each in links if not each.startswith("http")]


def test_what_cannot_be_drawn_says_so_in_its_place(hostile):
    """The panel of an unknown type names the type."""
    said = hostile.locator('.panel[data-drawn="unknown"]').inner_text()
    assert "The preview draws no panels of type" in said


def test_the_policy_holds_against_a_script_that_is_put_in_all_the_same(hostile):
    """Should a text become HTML by a mistake, the page's policy still stands."""
    hostile.evaluate(
        "document.querySelector('.body').innerHTML = '<img src=x onerror=\"window.ran=1\">'"
    )
    hostile.wait_for_timeout(200)
    assert hostile.evaluate("window.ran") is None
    assert any("Content Security Policy" in each for each in hostile.complaints)
    hostile.complaints.clear()
