"""The preview's server: what it asks, what it refuses, and what it says when it gets no answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.build import build_boards
from dashboards.preview.asking import MOST_SERIES
from dashboards.preview.outages import AT_ONCE, PROBE
from dashboards.preview.reading import boards_of_texts
from dashboards.preview.server import Setting, preview_application
from dashboards.preview.telling import IN_SHORT
from dashboards.testing import Answers, stand_in_prometheus

NOW = 1_767_268_800.0
PANEL = {"id": 1, "type": "timeseries", "title": "x", "targets": [
    {"refId": "A", "expr": 'rate(x{region=~"$region"}[$__rate_interval]) @ end()',
     "legendFormat": "{{region}}"}]}  # fmt: skip
BOARD = {
    "uid": "b",
    "title": "B",
    "panels": [PANEL, {**PANEL, "id": 2, "type": "piechart"},
               {**PANEL, "id": 3, "datasource": {"type": "loki", "uid": "x"}},
               {**PANEL, "id": 4, "type": "graph"}],
    "templating": {"list": [{"name": "region", "type": "query", "multi": True, "includeAll": True,
                             "query": "label_values(x, region)"}]},
    "annotations": {"list": [{"name": "Pages", "expr": "ALERTS", "iconColor": "red",
                              "titleFormat": "{{alertname}}", "textFormat": "{{region}}"},
                             {"name": "Built in", "datasource": "-- Grafana --"}]},
}  # fmt: skip
BOARDS = boards_of_texts({"b.json": json.dumps(BOARD)})
CHOICE = {"board": "b", "from": "now-1h", "to": "now", "chosen": {"region": ["eu"]}}


@asynccontextmanager
async def asking(
    answers: Answers, boards: Any = BOARDS, *, within_seconds: float = 60.0
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of a preview whose Prometheus answers so."""
    with stand_in_prometheus(answers) as url:
        setting = Setting(boards, url, "127.0.0.1", answer_within_seconds=within_seconds)
        app = preview_application(setting, lambda: NOW)
        inner = app._application.router  # its lifespan opens the client of Prometheus
        async with inner.lifespan_context(app._application):
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                yield client


@pytest.fixture
def answers() -> Answers:
    """How Prometheus answers."""
    return Answers()


@pytest.fixture
async def client(answers: Answers) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a preview of one board."""
    async with asking(answers) as found:
        yield found


async def lines(client: httpx2.AsyncClient, **more: Any) -> list[dict[str, Any]]:
    """Return the lines of an answer for the board."""
    answer = await client.post("/api/board", json={**CHOICE, **more})
    assert 200 == answer.status_code, answer.text
    return [json.loads(each) for each in answer.text.splitlines()]


async def panel(
    client: httpx2.AsyncClient, key: str = "1", points: int = 400, **more: Any
) -> dict[str, Any]:
    """Return the line of one panel."""
    (told,) = await lines(client, panels=[{"panel": key, "points": points}], **more)
    assert key == told["panel"]
    return told


async def drawn(client: httpx2.AsyncClient, key: str = "1", **more: Any) -> dict[str, Any]:
    """Return what is to be drawn of a panel."""
    drawing: dict[str, Any] = (await panel(client, key, **more))["drawing"]
    return drawing


async def test_a_panel_is_asked_for_with_its_variables_step_and_range(client, answers):
    """At multiples of the step, and with no more points than there is room for."""
    drawing = await drawn(client, points=60)
    ((path, form),) = answers.asked
    assert "/api/v1/query_range" == path
    assert 'rate(x{region=~"eu"}[75s]) @ end()' == form["query"][0]
    assert ["60.000", f"{NOW - 3600:.3f}", f"{NOW:.3f}"] == [
        form[name][0] for name in ("step", "start", "end")
    ]
    assert ["eu", "us", "eu"] == [each["name"] for each in drawing["series"]]
    assert 61 == len(drawing["times"]) == len(drawing["series"][0]["values"])


async def test_a_single_number_is_that_of_the_end_of_the_range(answers):
    """A stat that is up to a step old would say that all is well while it is not."""
    boards = boards_of_texts(
        {"b.json": json.dumps({**BOARD, "panels": [{**PANEL, "type": "stat"}]})}
    )
    async with asking(answers, boards) as client:
        await panel(client, points=100, **{"from": "now-6h", "to": f"{NOW * 1000 - 7000:.0f}"})
    ((_, form),) = answers.asked
    assert f"{NOW - 7:.3f}" == form["end"][0]


async def test_all_of_a_variable_is_all_that_it_was_offered(client, answers):
    """As a regular expression of the values."""
    everything = {"chosen": {"region": ["$__all"]}, "offered": {"region": ["eu", "us"]}}
    await panel(client, **everything)
    assert 'region=~"(eu|us)"' in answers.asked[0][1]["query"][0]


async def test_what_cannot_be_drawn_is_said_in_its_place_and_asks_for_nothing(client, answers):
    """An unknown type, another kind of data source."""
    unknown, foreign = await drawn(client, "2"), await drawn(client, "3")
    assert "The preview draws no panels of type 'piechart'." == unknown["said"]
    assert "This panel reads from loki; the preview asks Prometheus alone." == foreign["said"]
    assert [] == answers.asked


async def test_a_former_type_is_drawn_as_its_successor_and_says_so(client):
    """Grafana does the same when it loads one."""
    drawing = await drawn(client, "4")
    assert ("timeseries", ["Drawn as timeseries; it is of Grafana's former type graph."]) == (
        drawing["kind"], drawing["notes"]
    )  # fmt: skip


async def test_more_series_than_can_be_used_are_left_out_and_counted(client, answers):
    """A board for 16 groups on a cluster of 12,500."""
    answers.values["region"] = ("eu",)
    import dashboards.testing as stand_in

    usual = stand_in.SERIES
    stand_in.SERIES = MOST_SERIES + 2
    try:
        drawing = await drawn(client)
    finally:
        stand_in.SERIES = usual
    assert "Query A: 2 more series are left out." in drawing["notes"]


async def test_what_steps_are_too_coarse_to_show_is_not_called_nothing(client, answers):
    """A Prometheus of three minutes has figures, and no sample at the steps of a day."""
    between = {"from": f"{1000 * (NOW - 86460):.0f}", "to": f"{1000 * (NOW + 60):.0f}"}
    answers.since = NOW + 30
    drawing = await drawn(client, **between)
    said = "No sample at steps of 5m, though there is one at the end: choose a shorter time range"
    assert said == drawing["no_value"]
    answers.since = NOW + 3600
    assert "" == (await drawn(client, **between))["no_value"]


@pytest.mark.parametrize(
    ("since", "notes"),
    [(NOW - 3600, []),
     (NOW - 180, ["Samples of the last 3m alone: a shorter time range shows more of them."])],
)  # fmt: skip
async def test_a_graph_that_has_samples_of_its_last_edge_alone_says_so(
    client, answers, since, notes
):
    """They are a few pixels wide."""
    answers.since = since
    drawing = await drawn(client, points=400, **{"from": "now-6h"})
    assert notes == drawing["notes"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": 422}, "refused: query processing would load too many samples"),
        ({"status": 401}, "answered 401 Unauthorized"),
        ({"nonsense": "<html>"}, "answered 200 with no JSON"),
        ({"nonsense": '{"status": "success", "data": {"resultType": "matrix", "result": [1]}}'},
         "answered 200, and not as Prometheus does"),
    ],
)  # fmt: skip
async def test_what_prometheus_does_wrong_is_told(client, answers, changes, said):
    """In the line of the panel, in place of what would be drawn."""
    for name, value in changes.items():
        setattr(answers, name, value)
    told = await panel(client)
    assert said in told["problem"]
    assert "drawing" not in told


async def test_a_query_that_takes_too_long_is_given_up(answers):
    """The panel says so, and asks again later."""
    answers.delay_seconds = 1.0
    async with asking(answers, within_seconds=0.2) as client:
        told = await panel(client)
    assert "does not answer: no answer in time" in told["outage"]


def requests_of(answers: Answers) -> list[str]:
    """Return the requests, but for the number that tells of an outage."""
    return [path for path, form in answers.asked if form.get("query") != [PROBE]]


async def test_all_that_wait_for_a_prometheus_that_answers_nothing_are_told_at_once(answers):
    """After the time of one query; only a number is asked for from then on."""
    panels = [{**PANEL, "id": each} for each in range(1, 21)]
    boards = boards_of_texts({"b.json": json.dumps({**BOARD, "panels": panels})})
    rooms = [{"panel": key} for key in boards["b"].panels]
    answers.delay_seconds = 30.0
    async with asking(answers, boards, within_seconds=0.5) as client:
        told = await lines(client, panels=rooms, marks=["Pages"])
        assert {key["panel"] for key in rooms} == {each["panel"] for each in told}
        assert {IN_SHORT} == {each["problem"] for each in told}
        assert all("does not answer: no answer in time" in each["outage"] for each in told)
        assert AT_ONCE >= len(requests_of(answers))
        variables, *others = await lines(client, panels=rooms, variables=True)
        assert variables["outage"]
        assert len(rooms) == len(others)
        assert AT_ONCE >= len(requests_of(answers))
        answers.delay_seconds = 0.0
        await asyncio.sleep(0.6)  # until the number that is asked for is given up, too
        assert "drawing" in await panel(client)


async def test_one_query_that_is_slow_costs_no_other_panel(answers):
    """The server answers a number, so that the others may hope."""
    panels = [PANEL, {**PANEL, "id": 2, "targets": [{"refId": "A", "expr": "slow"}]}]
    boards = boards_of_texts({"b.json": json.dumps({**BOARD, "panels": panels})})
    answers.delays = {"slow": 30.0}
    async with asking(answers, boards, within_seconds=0.5) as client:
        told = await panel(client, "2")
        assert "does not answer: no answer in time" in told["problem"]
        assert "outage" not in told
        assert "drawing" in await panel(client)


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(client, answers, monkeypatch):
    """And what to do is said."""
    monkeypatch.setattr("dashboards.preview.asking.LARGEST_ANSWER_BYTES", 1 << 20)
    answers.nonsense = "x" * ((32 << 20) + 1)
    told = await panel(client)
    assert "is larger than 1 MiB: choose fewer, or a shorter time range" in told["problem"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"board": "nowhere"}, 404, "no board 'nowhere'"),
        ({"panels": [{"panel": "9"}]}, 404, "no panel '9'"),
        ({"from": "x"}, 422, "found 'x', expected now-6h"),
        ({"panels": [{"panel": "1", "points": 10**9}]}, 422, "none of ours"),
        ({"panels": [{"panel": "1", "expr": "up"}]}, 422, "none of ours"),
        ({"panels": [{"panel": "1"}] * 401}, 422, "none of ours"),
        ({"query": "up"}, 422, "none of ours"),
        ({"chosen": {"a": ["x"] * 5000}}, 422, "none of ours"),
    ],
)
async def test_what_a_browser_asks_for_is_bounded(client, answers, change, status, said):
    """Queries are the boards'; there is no way to have another one asked."""
    choice = {**CHOICE, "panels": [{"panel": "1"}], **change}
    answer = await client.post("/api/board", json=choice)
    assert status == answer.status_code
    assert said in answer.json()["problem"]
    assert [] == answers.asked


async def test_variables_come_with_what_they_offer_and_the_links_of_the_board(client):
    """In one line, for the bar at the top."""
    (told,) = await lines(client, variables=True)
    (region,) = told["variables"]
    assert (["eu", "us"], ["eu"], True) == (
        [each["value"] for each in region["options"]], region["chosen"], region["is_offered"]
    )  # fmt: skip
    assert ([], [""]) == (told["links"], told["titles"])


async def test_annotations_are_stretches_of_what_was_there(client, answers):
    """Only of those that are shown; Grafana's own are none of Prometheus's."""
    (told,) = await lines(client, marks=["Pages"])
    first = told["marks"][0]
    assert ("#F2495C", "ErrorBudgetBurn", "eu") == (first["color"], first["title"], first["text"])
    assert NOW - 3600 <= first["from"] < first["to"] <= NOW
    asked = len(answers.asked)
    (none,) = await lines(client, marks=[])
    assert ([], asked) == (none["marks"], len(answers.asked))


async def test_one_answer_tells_variables_and_panels_as_they_are_known_and_marks_last(client):
    """A browser draws what it has while the rest is still asked for."""
    asked = [{"panel": "1"}, {"panel": "2"}]
    *others, marks = await lines(client, variables=True, marks=["Pages"], panels=asked)
    assert {None, "1", "2"} == {each.get("panel") for each in others}
    (told,) = [each["variables"] for each in others if "panel" not in each]
    assert ["region"] == [each["name"] for each in told]
    assert marks["marks"]


async def test_panels_do_not_wait_for_offers_on_which_nothing_depends(client, answers):
    """What an address chooses stands for the variable whatever is offered."""
    panel, _ = await lines(client, variables=True, panels=[{"panel": "2"}])
    assert "2" == panel["panel"]
    assert [] == [path for path, _ in answers.asked if path.endswith("query_range")]


async def test_numbers_are_asked_for_first_then_what_reads_all_of_a_range(answers, monkeypatch):
    """A graph that is asked for last would be waited for alone."""
    monkeypatch.setattr("dashboards.preview.outages.AT_ONCE", 1)
    kinds = ("table", "bargauge", "graph", "stat")
    shown = [{**PANEL, "id": number, "type": kind,
              "targets": [{"refId": "A", "expr": kind, "instant": kind != "graph"}]}
             for number, kind in enumerate(kinds)]  # fmt: skip
    boards = boards_of_texts({"b.json": json.dumps({**BOARD, "panels": shown})})
    async with asking(answers, boards) as client:
        await lines(client, panels=[{"panel": key} for key in boards["b"].panels])
    found = [form["query"][0] for _, form in answers.asked]
    assert ["stat", "graph", "table", "bargauge"] == found


async def test_what_an_address_leaves_open_is_chosen_before_panels_are_asked_for(client, answers):
    """All of a variable that has no value of its own for it is what is offered at this moment."""
    await lines(client, chosen={}, variables=True, panels=[{"panel": "1"}])
    (asked,) = [form["query"][0] for path, form in answers.asked if path.endswith("query_range")]
    assert 'region=~"(eu|us)"' in asked


async def test_a_panel_that_we_cannot_draw_costs_no_other(client, monkeypatch):
    """A mistake of ours is in the log, and said in the one panel."""

    async def mistaken(shown: Any, *others: Any) -> dict[str, Any]:
        if shown.key == "1":
            raise ZeroDivisionError
        return {"kind": "unknown"}

    monkeypatch.setattr("dashboards.preview.telling.draw_panel", mistaken)
    told = {
        each["panel"]: each for each in await lines(client, panels=[{"panel": "1"}, {"panel": "2"}])
    }
    assert "The preview cannot draw this: see its log." == told["1"]["problem"]
    assert {"kind": "unknown"} == told["2"]["drawing"]


async def test_pages_are_there_for_every_board_and_for_none_other(client):
    """Grafana's addresses with a name at their end lead to the board too."""
    assert 200 == (await client.get("/d/b")).status_code
    assert 404 == (await client.get("/d/nowhere")).status_code
    moved = await client.get("/d/b/its-name?var-region=eu")
    assert (307, "/d/b?var-region=eu") == (moved.status_code, moved.headers["location"])
    assert 'href="/d/b"' in (await client.get("/")).text


async def test_every_panel_of_ours_is_drawn_as_its_kind(answers):
    """With the stand-in's data, in every board."""
    boards = boards_of_texts(build_boards())
    async with asking(answers, boards) as client:
        for board in boards.values():
            rooms = [{"panel": key} for key in board.panels]
            told = await lines(client, board=board.uid, chosen={}, panels=rooms)
            kinds = {each["panel"]: each["drawing"]["kind"] for each in told}
            assert {key: each.kind for key, each in board.panels.items()} == kinds


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("defaults", "overrides", "custom", "unit", "min", "max", "mappings",
                         "options", "type", "thresholds", "steps", "value", "color", "mode",
                         "legend", "calcs", "reduceOptions", "id", "properties", "matcher",
                         "links", "url", "title", "lineStyle", "dash", "result", "names")),
        inner, max_size=5),
    max_leaves=25,
)  # fmt: skip
KINDS = st.sampled_from(
    ("timeseries", "stat", "gauge", "bargauge", "heatmap", "table", "state-timeline", "text")
)


@given(KINDS, ODD, ODD, ODD)
def test_no_settings_of_a_panel_are_too_odd_to_draw_it(kind, config, options, changes):
    """Wrong types everywhere cost a panel its settings, not its data."""
    import numpy as np

    from dashboards.preview.drawing import DRAWN
    from dashboards.preview.drawings.given import Given
    from dashboards.preview.drawings.text import draw_text
    from dashboards.preview.lines import Line
    from dashboards.preview.links import Carried
    from dashboards.preview.model import Panel, Place
    from dashboards.preview.times import Range

    content = {"fieldConfig": config, "options": options, "transformations": changes,
               "links": changes}  # fmt: skip
    if kind == "text":
        drawing = draw_text(content, {})
    else:
        lines = [Line("a", "A", {"le": "1"}, np.array([1.0, np.nan])),
                 Line("b", "A", {"le": "+Inf"}, np.array([2.0, 3.0]))]  # fmt: skip
        drawn = Panel("1", kind, "", "", Place(0, 0, 1, 1), content)
        drawing = DRAWN[kind](
            Given(drawn, lines, np.array([0.0, 60]), 60.0, Range(0, 60), Carried([], "a", "b"))
        )
    assert json.dumps(drawing, allow_nan=False)
