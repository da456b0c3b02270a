"""The simulated cluster over HTTP."""

import pytest
from aiohttp.test_utils import TestClient, TestServer

from demo.sim.server import LATE_SECONDS, make_app
from demo.sim.state import Phase


@pytest.fixture
async def client(warm):
    """Asks a simulation that stands still; its clock is the simulation's own."""
    async with TestClient(TestServer(make_app(warm.simulation, lambda: warm.state.now))) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        ("/engine/eu-chat-0/metrics", "# HELP python_gc_objects_collected_total"),
        ("/host/us-code-1-h1/metrics", "# HELP DCGM_FI_DEV_SM_CLOCK"),
        ("/router/eu-router/metrics", "# HELP router_requests_total"),
        ("/tools/us-gateway/metrics", "# HELP gen_ai_execute_tool_duration_seconds"),
        ("/engine/eu-chat-0/health", ""),
    ],
)
async def test_everything_in_the_topology_has_its_page(client, path, begins):
    """The /health of vLLM is an empty 200."""
    answer = await client.get(path)
    assert answer.status == 200
    text = await answer.text()
    assert text.startswith(begins)
    assert bool(text) == bool(begins)


@pytest.mark.parametrize(
    "path",
    ["/engine/x/metrics", "/engine/x/health", "/host/x/metrics", "/router/x/metrics",
     "/tools/x/metrics", "/"],
)  # fmt: skip
async def test_nothing_else_has_one(client, path):
    """It serves exactly the groups of the topology."""
    assert (await client.get(path)).status == 404


async def test_a_hung_engine_says_that_it_is_healthy(client, warm):
    """Its page answers, too: nothing but standing counters gives it away."""
    await client.post("/control/faults", json={"name": "lost-gpu", "place": {"group": "eu-chat-0"}})
    warm.steps(120)
    assert (await client.get("/engine/eu-chat-0/health")).status == 200
    assert (await client.get("/engine/eu-chat-0/metrics")).status == 200


@pytest.mark.parametrize(
    ("phase", "health", "metrics"),
    [(Phase.SERVING, 200, 200), (Phase.DRAINING, 503, 200), (Phase.LOADING, 503, 503)],
)
async def test_health_and_page_follow_the_engines_life(client, warm, phase, health, metrics):
    """503 stands for a refused connection, which one path of a port cannot give."""
    warm.state.engines.phase[warm.group("eu-chat-0")] = phase
    assert (await client.get("/engine/eu-chat-0/health")).status == health
    assert (await client.get("/engine/eu-chat-0/metrics")).status == metrics


async def test_a_fault_is_struck_and_repaired(client, warm):
    """The place comes back completed."""
    place = {"group": "eu-chat-0", "uuid": "GPU-eu-chat-0-0-1"}
    answer = await client.post("/control/faults", json={"name": "lost-gpu", "place": place})
    assert answer.status == 201
    fault = await answer.json()
    assert fault == {
        "id": fault["id"],
        "name": "lost-gpu",
        "place": {**place, "host": "eu-chat-0-h0"},
    }
    assert warm.state.hardware.lost.sum() == 1
    assert (await client.delete(f"/control/faults/{fault['id']}")).status == 204
    assert warm.state.hardware.lost.sum() == 0
    assert (await client.delete(f"/control/faults/{fault['id']}")).status == 404


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "found a body that is no JSON: "),
        ("[]", "found a body that is no JSON object, expected name and place"),
        ("{}", "the body needs a 'name', a text"),
        ('{"name": "lost-gpu", "place": "x"}', "found 'x' as place, expected an object"),
        ('{"name": "x"}', "found the fault 'x', expected one of: "),
        ('{"name": "lost-gpu"}', "lost-gpu needs 'group' in its place"),
    ],
)
async def test_what_cannot_be_is_answered_with_422_and_a_sentence(client, body, sentence):
    """Bodies of any kind."""
    answer = await client.post("/control/faults", data=body)
    assert answer.status == 422
    assert (await answer.json())["error"].startswith(sentence)


async def test_the_truth_is_told(client, warm):
    """As of the last step."""
    told = await (await client.get("/control/truth")).json()
    assert told["time"] == warm.state.now
    first = told["classes"][0]
    assert first["slo"] == "chat-availability"
    assert first["labels"] == {"region": "eu", "model": "chat"}
    ended = warm.ended("eu", "chat")
    assert first["total"] == sum(ended.values()) - ended["rate_limited"]


async def test_health_is_200_while_it_steps(run):
    """Not before the first step, and not when it has stopped."""
    now = [run.state.now]
    app = make_app(run.simulation, lambda: now[0])
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/healthz")).status == 503  # no step yet
        run.steps(1)
        assert (await client.get("/healthz")).status == 200
        now[0] += LATE_SECONDS + 2
        assert (await client.get("/healthz")).status == 503
