"""The simulated cluster over HTTP."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from demo.faults import FAULTS
from demo.sim.engines.state import Phase
from demo.sim.server import make_app, make_runner
from demo.sim.simulation import LATE_SECONDS

PAGES = (
    "/engine/eu-chat-0/metrics",
    "/engine/eu-chat-0/health",
    "/host/eu-chat-0-h0/metrics",
    "/router/eu/metrics",
    "/tools/gateway-eu/metrics",
)


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
        ("/router/eu/metrics", "# HELP router_requests_total"),
        ("/router/us-gov/metrics", "# HELP router_requests_total"),
        ("/tools/gateway-us/metrics", "# HELP gen_ai_execute_tool_duration_seconds"),
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


async def test_pages_say_that_they_are_text_of_prometheus(client):
    """As prometheus-client does."""
    for path in PAGES:
        answer = await client.get(path)
        assert answer.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize(
    "path",
    ["/engine/x/metrics", "/engine/x/health", "/host/x/metrics", "/router/x/metrics",
     "/tools/x/metrics", "/tools/gateway-us-gov/metrics", "/"],
)  # fmt: skip
async def test_nothing_else_has_one(client, path):
    """It serves exactly the groups of the topology."""
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize("path", PAGES)
async def test_of_a_dark_region_nothing_answers(client, warm, path):
    """Until it is back; engines need to load first."""
    fault = warm.strike("lost-region", region="eu")
    assert (await client.get(path)).status == 503
    assert (await client.get(path.replace("eu", "us"))).status == 200
    warm.seconds(5)
    assert (await client.get(path)).status == 503
    warm.repair(fault)
    warm.seconds(60)
    assert (await client.get(path)).status == 200


async def test_the_page_of_a_lost_host_does_not_answer(client, warm):
    """Its neighbour's does."""
    warm.strike("lost-host", group="eu-chat-0", host="eu-chat-0-h0")
    assert (await client.get("/host/eu-chat-0-h0/metrics")).status == 503
    assert (await client.get("/host/eu-chat-0-h1/metrics")).status == 200


async def test_a_hung_engine_says_that_it_is_healthy(client, warm):
    """Its page answers, too: nothing but standing counters gives it away."""
    await client.post("/control/faults", json={"name": "lost-gpu", "place": {"group": "eu-chat-0"}})
    warm.seconds(120)
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
    """The place comes back completed; there is no strength where there is no more or less."""
    place = {"group": "eu-chat-0", "uuid": "GPU-eu-chat-0-0-1"}
    answer = await client.post("/control/faults", json={"name": "lost-gpu", "place": place})
    assert answer.status == 201
    fault = await answer.json()
    assert fault == {
        "id": fault["id"],
        "name": "lost-gpu",
        "place": {**place, "host": "eu-chat-0-h0"},
        "strength": None,
    }
    assert warm.state.hardware.hung.sum() == 1
    assert (await client.delete(f"/control/faults/{fault['id']}")).status == 204
    assert warm.state.hardware.hung.sum() == 0
    assert (await client.delete(f"/control/faults/{fault['id']}")).status == 404


@pytest.mark.parametrize("strength", [None, 0.25])
async def test_a_fault_is_as_strong_as_asked_or_as_usual(client, warm, strength):
    """The answer says how strong."""
    body = {"name": "straggler", "place": {"group": "us-chat-0"}, "strength": strength}
    if strength is None:
        del body["strength"]
    fault = await (await client.post("/control/faults", json=body)).json()
    expected = FAULTS["straggler"].strength.usual if strength is None else strength
    assert fault["strength"] == expected
    assert warm.state.hardware.speed[warm.group("us-chat-0")] == pytest.approx(1 - expected)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "found a body that is no JSON: "),
        ('{"name": "x", "place": {}}', "found the fault 'x', expected one of "),
        ('{"name": "lost-gpu", "place": {"group": "x"}}', "found the group 'x', which the "),
    ],
)
async def test_what_cannot_be_is_answered_with_422_and_a_sentence(client, warm, body, sentence):
    """Whether the order is wrong or the cluster has no such place; nothing has happened."""
    answer = await client.post("/control/faults", data=body)
    assert answer.status == 422
    assert (await answer.json())["error"].startswith(sentence)
    assert warm.simulation.faults.active == {}


async def test_the_truth_is_told_as_json(client, warm):
    """As of the last step."""
    warm.seconds(5)
    told = await (await client.get("/control/truth")).json()
    assert told == warm.told()


async def test_health_is_200_while_it_steps(run):
    """Not before the first step, and not when it has stopped."""
    now = [run.state.now]
    app = make_app(run.simulation, lambda: now[0])
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/healthz")).status == 503  # no step yet
        run.seconds(1)
        assert (await client.get("/healthz")).status == 200
        now[0] += LATE_SECONDS + 2
        assert (await client.get("/healthz")).status == 503


@pytest.mark.parametrize(("step_seconds", "speed"), [(15.0, 1.0), (1.0, 60.0), (15.0, 60.0)])
async def test_health_allows_for_the_step_and_the_speed(step_seconds, speed, make_run):
    """Between two steps of 15 s it is well, and at 60 x ten real seconds are ten minutes."""
    run = make_run(step_seconds=step_seconds)
    run.seconds(step_seconds)
    now = [run.state.now]
    app = make_app(run.simulation, lambda: now[0], speed=speed)
    async with TestClient(TestServer(app)) as client:
        now[0] += step_seconds + (LATE_SECONDS - 1) * speed
        assert (await client.get("/healthz")).status == 200
        now[0] += 2 * speed
        assert (await client.get("/healthz")).status == 503


ASKED = {"prompt": "one two", "max_tokens": 4}


async def test_groups_of_a_revision_answer_a_prompt_alike(client):
    """In so many words as tokens were asked for."""
    answers = [
        (await (await client.post(f"/engine/{group}/v1/completions", json=ASKED)).json())
        for group in ("eu-chat-0", "eu-chat-1")
    ]
    texts = [each["choices"][0]["text"] for each in answers]
    assert texts[0] == texts[1]
    assert len(texts[0].split()) == 4


async def test_a_corrupted_group_answers_otherwise(client, warm):
    """In the same form: only the words differ."""
    warm.strike("silent-corruption", 1.0, group="eu-chat-1")
    texts = []
    for group in ("eu-chat-0", "eu-chat-1"):
        answer = await client.post(f"/engine/{group}/v1/completions", json=ASKED)
        texts.append((await answer.json())["choices"][0]["text"].split())
    assert texts[0] != texts[1]
    assert len(texts[0]) == len(texts[1])


@pytest.mark.parametrize(
    ("content", "status"), [({"prompt": 1}, 400), ([], 400), ({"prompt": "", "max_tokens": 0}, 400)]
)
async def test_what_is_no_prompt_is_refused(client, content, status):
    """As OpenAI's interface does."""
    answer = await client.post("/engine/eu-chat-0/v1/completions", json=content)
    assert answer.status == status


async def test_a_hung_engine_says_nothing_until_its_client_leaves(warm):
    """And then nothing of the request is left."""
    warm.strike("lost-gpu", group="eu-chat-0")
    runner = make_runner(make_app(warm.simulation, lambda: warm.state.now))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    before = len(asyncio.all_tasks())
    async with aiohttp.ClientSession() as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await session.post(f"http://127.0.0.1:{runner.addresses[0][1]}"
                                   "/engine/eu-chat-0/v1/completions", json=ASKED)  # fmt: skip
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == before
    await runner.cleanup()
