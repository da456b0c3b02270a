"""The bad revision's middleware, as vLLM's server mounts it (ASGI)."""

from typing import Any

import pytest

from demo.vllm.plugin.shardwatch_bad_revision import PATH, VARIABLE, FailSome


async def statuses(path: str, times: int) -> list[int]:
    """Return what comes of requests to a server that answers 200 with this middleware."""
    found: list[int] = []

    async def send(event: Any) -> None:
        if event["type"] == "http.response.start":
            found.append(event["status"])

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    server = FailSome(serve)
    for _ in range(times):
        await server({"type": "http", "path": path}, None, send)
    return found


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0])
async def test_a_share_of_the_chat_requests_fails(monkeypatch: pytest.MonkeyPatch, ratio: float):
    """With 500, as the variable says."""
    monkeypatch.setenv(VARIABLE, str(ratio))
    found = await statuses(PATH, 2000)

    assert {200, 500} >= {*found}
    assert abs(found.count(500) / 2000 - ratio) < 0.05


async def test_health_and_metrics_are_served(monkeypatch: pytest.MonkeyPatch):
    """Nobody notices the canary but its users."""
    monkeypatch.setenv(VARIABLE, "1.0")

    assert [200] * 5 == await statuses("/health", 5)
