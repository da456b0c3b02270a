"""A client's answers: of Prometheus, or of whatever else listens at an address."""

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from slo.prometheus import PrometheusClient, PrometheusError, PrometheusRefusedError, Sample
from slo.series import Series

NO_ANSWERS = [
    pytest.param([], id="a list"),
    pytest.param({"status": "UP"}, id="a state"),
    pytest.param({"status": "success"}, id="no data"),
    *(
        pytest.param({"status": "success", "data": data}, id=f"data {data}")
        for data in (
            None,
            7,
            "vector",
            {},
            {"result": [7]},
            {"resultType": "scalar", "result": []},
            {"resultType": "vector", "result": None},
            {"resultType": "vector", "result": [{"metric": "up", "value": [0, "1"]}]},
            {"resultType": "vector", "result": [{"metric": {}, "value": [0, "one"]}]},
        )
    ),
]


@pytest.fixture
async def ask():
    """Return a function that asks a server which always answers the same."""
    servers = []

    async def ask(said, question, status=200):
        text = said if isinstance(said, str) else json.dumps(said)

        async def answer(request):
            return web.Response(text=text, status=status, content_type="application/json")

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        server = TestServer(app)
        servers.append(server)
        await server.start_server()
        async with PrometheusClient(str(server.make_url(""))) as client:
            return await question(client)

    yield ask
    for each in servers:
        await each.close()


def success(type_, result):
    """Return an answer of Prometheus."""
    return {"status": "success", "data": {"resultType": type_, "result": result}}


async def test_an_answer_of_prometheus_is_read(ask):
    """A vector, a scalar, a matrix."""
    up = {"__name__": "up", "job": "a"}
    vector, scalar = success("vector", [{"metric": up, "value": [3, "+Inf"]}]), [3, "2.5"]
    matrix = success("matrix", [{"metric": up, "values": [[1.5, "1"]]}])

    assert [Sample(up, float("inf"))] == await ask(vector, lambda c: c.query("up"))
    assert [Sample({}, 2.5)] == await ask(success("scalar", scalar), lambda c: c.query("2.5"))
    [series] = await ask(matrix, lambda c: c.query_range("up", 0, 3, 1))
    assert isinstance(series, Series)
    assert (up, [1500], [1.0]) == (series.labels, [*series.times_ms], [*series.values])


@pytest.mark.parametrize("said", NO_ANSWERS)
async def test_json_that_is_no_answer_of_prometheus_is_told_as_such(ask, said):
    """Whatever was asked for: none of it is a mistake of the one who asked."""
    for question in (
        lambda c: c.query("up"),
        lambda c: c.query_range("up", 0, 1, 1),
        lambda c: c.points("up[5m]"),
    ):
        with pytest.raises(PrometheusError, match=r"answered 200, and not as Prometheus does$"):
            await ask(said, question)


@pytest.mark.parametrize(
    ("data", "question"),
    [
        (7, lambda c: c.series(["up"])),
        (["up"], lambda c: c.series(["up"])),
        (7, lambda c: c.labels()),
        (["up"], lambda c: c.samples_read("up")),
        ({"stats": 7}, lambda c: c.samples_read("up")),
        (["up"], lambda c: c.status("flags")),
    ],
)
async def test_labels_and_statistics_of_another_form_are_told_too(ask, data, question):
    """Where they are asked for: by backfill, by the costs, for the retention."""
    with pytest.raises(PrometheusError, match=r"answered 200, and not as Prometheus does$"):
        await ask({"status": "success", "data": data}, question)


@pytest.mark.parametrize("said", ["<html><body>Not found</body></html>", "[" * 100_000])
async def test_what_is_no_json_is_not_repeated(ask, said):
    """A page of HTML tells nobody anything on a terminal."""
    with pytest.raises(PrometheusError, match=r"answered 404 with no JSON$"):
        await ask(said, lambda c: c.query("up"), status=404)


async def test_what_is_refused_is_told_in_a_line(ask):
    """Without markup, and not without end."""
    refused = {"status": "error", "error": "too many\nsamples " + "x" * 1000}
    with pytest.raises(PrometheusRefusedError, match=r"refused: too many samples x{280,290}\.\.\."):
        await ask(refused, lambda c: c.query("up"), status=422)
    with pytest.raises(PrometheusRefusedError, match="refused samples: with a page that is not"):
        await ask("<html>no</html>", lambda c: c.remote_write([]), status=404)


@pytest.mark.parametrize(
    ("url", "expected"), [("http://127.0.0.1:9090", "identity"), ("http://prometheus", None)]
)
async def test_answers_are_compressed_only_where_they_have_a_way_to_go(url, expected):
    """On one machine that is work for both sides, and for nothing."""
    async with PrometheusClient(url) as client:
        assert expected == client._session.headers.get("Accept-Encoding")


async def test_what_is_asked_arrives_as_it_was_written():
    """Whatever characters PromQL and its labels have."""
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((await request.post())["query"])
        return web.json_response(
            {"status": "success", "data": {"resultType": "vector", "result": []}}
        )

    app = web.Application()
    app.router.add_post("/api/v1/query", answer)
    every = "".join(map(chr, range(32, 127)))
    queries = ['x{a=~"b|c+", d!="é %20&e=f"} % 2\n', every]
    async with TestServer(app) as server, PrometheusClient(str(server.make_url(""))) as client:
        for each in queries:
            await client.query(each)

    assert queries == asked
