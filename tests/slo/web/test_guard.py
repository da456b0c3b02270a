"""What stands before every page: a strict policy, known hosts, bounded bodies."""

from typing import Any

import httpx2
import pytest

from slo.web.guard import HEADERS, Guard


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the body of the request."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message.get("body", b"")})


async def ask(
    method: str = "GET",
    *,
    host: str = "127.0.0.1",
    listening: str = "127.0.0.1",
    public_url: str | None = None,
    **more: Any,
) -> httpx2.Response:
    """Return what a guarded application answers."""
    guard = Guard(echo, listening, public_url=public_url, largest_body_bytes=10)
    transport = httpx2.ASGITransport(guard)
    async with httpx2.AsyncClient(transport=transport, base_url=f"http://{host}:19811") as client:
        return await client.request(method, "/", **more)


async def test_every_answer_has_the_policy():
    """No script or style within a page, nothing from elsewhere, no frame around it."""
    answer = await ask()
    assert HEADERS == {name: answer.headers[name] for name in HEADERS}
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("host", "listening", "status"),
    [("127.0.0.1", "127.0.0.1", 200), ("localhost", "127.0.0.1", 200), ("[::1]", "::1", 200),
     ("evil.example", "127.0.0.1", 421), ("evil.example", "192.0.2.1", 200)],
)  # fmt: skip
async def test_on_loopback_only_names_of_loopback_are_answered(
    host: str, listening: str, status: int
):
    """A page from elsewhere whose name was made to lead here is refused, with the policy too."""
    answer = await ask(host=host, listening=listening)
    assert status == answer.status_code
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:19811", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://127.0.0.1:19812"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_what_asks_for_something_comes_from_our_own_pages(
    headers: dict[str, str], status: int
):
    """Or from no page at all."""
    assert status == (await ask("POST", headers=headers)).status_code


@pytest.mark.parametrize("host", ["127.0.0.1", "reviews.example.com"])
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://reviews.example.com", 200),
        ("https://reviews.example.com:443", 200),
        ("https://reviews.example.com:8443", 403),
        ("http://reviews.example.com", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
async def test_a_proxy_before_it_may_keep_the_public_name_or_not(
    host: str, origin: str, status: int
):
    """Pages of the public address are ours, and no others."""
    public = {"public_url": "https://reviews.example.com/"}
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}

    assert status == (await ask("POST", host=host, headers=headers, **public)).status_code
    assert 200 == (await ask("GET", host=host, **public)).status_code
    assert 421 == (await ask("GET", host="evil.example", **public)).status_code


@pytest.mark.parametrize(("length", "status"), [(10, 200), (11, 413)])
async def test_a_body_has_a_size_that_is_bounded(length: int, status: int):
    """It is not read any further than that."""
    assert status == (await ask("POST", content=b"x" * length)).status_code


async def test_a_body_reaches_the_application_whole():
    """Though the guard has read it."""
    assert b"hello" == (await ask("POST", content=b"hello")).content
