"""Pages: a review from list to signature, deep links, and texts that are shown and never run."""

import httpx2 as httpx
import pytest
from sqlalchemy import Engine

from slo.review.alert_store import write_facts
from slo.review.facts import ALERTMANAGER, AlertFact
from slo.review.incident_store import sync_incidents
from slo.review.people import Gate, read_proxy
from tests.slo.review.asking import asking
from tests.slo.review.histories import PERIOD
from tests.slo.review.test_api import GATE
from tests.slo.review.test_reporting import fill

NOW = PERIOD.end + 3600.0
PAGE = {"Accept": "text/html"}
MARKUP = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture
def week(sqlite_record: Engine) -> Engine:
    """A record of a week."""
    fill(sqlite_record)
    return sqlite_record


async def post(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Send a form as a browser does."""
    return await client.post(path, data={"author": "ada", **fields}, headers=PAGE)


async def test_a_review_goes_from_the_list_to_a_signature(week: Engine):
    """By forms alone; then it has none any more but for its actions."""
    async with asking(week, NOW) as client:
        begun = await post(client, "/reviews", service="chat", period=PERIOD.name)
        own = begun.headers["location"]
        steps = [
            await post(client, f"{own}/notes", revision="1", notes="A switch broke."),
            await post(client, f"{own}/decisions", revision="2", text="We slow down."),
            await post(client, f"{own}/actions", revision="3", text="Buy one", owner="ben",
                       due_on=""),
            await post(client, f"{own}/signature", revision="4"),
        ]  # fmt: skip
        page = (await client.get(f"{own}?again=1")).text
        listed = (await client.get("/reviews")).text
        link = await client.get(f"/reviews/chat/{PERIOD.name}")

    assert [303] * 5 == [each.status_code for each in (begun, *steps)]
    assert own == link.headers["location"]
    for text in ("A switch broke.", "We slow down.", "Buy one", "the same hash", "Incident 1"):
        assert text in page
    assert "signed by ada" in listed
    assert 'action="/reviews/1/notes"' not in page


async def test_a_draft_begun_by_mistake_is_discarded(week: Engine):
    """While nothing is decided in it; its form says what it was made of."""
    async with asking(week, NOW) as client:
        begun = await post(client, "/reviews", service="chat", period=PERIOD.name, author="ada")
        own = begun.headers["location"]
        offered = (await client.get(own)).text
        gone = await post(client, f"{own}/discard", revision="1", author="ada")
        missing = await client.get(own, headers=PAGE)
        begun = await post(client, "/reviews", service="chat", period=PERIOD.name, author="ada")
        own = begun.headers["location"]
        await post(client, f"{own}/decisions", revision="1", text="We wait.", author="ada")
        decided = (await client.get(own)).text
        refused = await post(client, f"{own}/discard", revision="2", author="ada")

    assert (303, "/reviews", 404) == (
        gone.status_code,
        gone.headers["location"],
        missing.status_code,
    )
    assert "Discard</button>" in offered
    assert "Discard</button>" not in decided
    assert 409 == refused.status_code


async def test_a_draft_whose_period_runs_says_when_it_can_be_signed(week: Engine):
    """Instead of a form that would be refused."""
    own = "/reviews/1"
    async with asking(week, PERIOD.end - 7200.0) as client:
        await post(client, "/reviews", service="chat", period=PERIOD.name)
        running = (await client.get(own)).text
    async with asking(week, float(PERIOD.end)) as client:
        over = (await client.get(own)).text

    assert "It can be signed once its period is over, at 2026-09-28 00:00 UTC." in running
    assert [False, True] == [f'action="{own}/signature"' in each for each in (running, over)]


async def test_the_second_of_two_is_told_and_keeps_what_was_written(week: Engine):
    """On the page, with a way back."""
    async with asking(week, NOW) as client:
        await post(client, "/reviews", service="chat", period=PERIOD.name)
        await post(client, "/reviews/1/notes", revision="1", notes="first")
        second = await post(client, "/reviews/1/notes", revision="1", notes="a long text & more")
        page = (await client.get("/reviews/1")).text

    assert 412 == second.status_code
    assert "a long text &amp; more" in second.text
    assert "Somebody changed review 1 meanwhile" in second.text
    assert 'href="/reviews/1"' in second.text
    assert "first" in page


async def test_markup_of_alerts_and_people_is_shown_and_never_run(week: Engine):
    """On each page that shows it, under a policy that would run nothing of it."""
    labels = {"alertname": MARKUP, "severity": "page", "region": MARKUP, "service": "chat"}
    evidence = (("probable_cause", MARKUP), ("summary", MARKUP))
    start = (PERIOD.end - 7200) * 1000
    facts = [AlertFact(ALERTMANAGER, labels, start, start + 600_000, evidence)]
    write_facts(week, facts, int(NOW))
    sync_incidents(week, 0)
    async with asking(week, NOW) as client:
        await post(client, "/changes", at="2026-09-22T10:00Z", kind=MARKUP, summary=MARKUP)
        await post(client, "/maintenance", starts_at="2026-09-22T10:00Z",
                   ends_at="2026-09-22T11:00Z", reason=MARKUP)  # fmt: skip
        await post(client, "/incidents/2/annotations", at="2026-09-22T10:00Z", text=MARKUP)
        await post(client, "/reviews", service="chat", period=PERIOD.name, author=MARKUP)
        await post(client, "/reviews/1/notes", revision="1", notes=f"</textarea>{MARKUP}")
        await post(client, "/reviews/1/decisions", revision="2", text=MARKUP)
        await post(client, "/reviews/1/actions", revision="3", text=MARKUP, owner=MARKUP)
        paths = ("/", "/incidents", "/incidents/2", "/reviews/1", "/changes", "/maintenance")
        pages = {path: await client.get(path, headers=PAGE) for path in paths}
        missing = await client.get(f"/objectives/{MARKUP}/x", headers=PAGE)

    for path, page in {**pages, "missing": missing}.items():
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text, path
        assert "script-src 'self'" in page.headers["content-security-policy"]
    shown = ("/incidents", "/incidents/2", "/reviews/1", "/changes", "/maintenance")
    assert all("&lt;script&gt;alert(1)" in pages[path].text for path in shown)
    assert 404 == missing.status_code


async def test_now_leads_to_objectives(week: Engine):
    """Whose page has its days and its cells."""
    async with asking(week, NOW) as client:
        now = (await client.get("/")).text
        page = (await client.get("/objectives/chat/availability")).text

    assert 'href="/objectives/chat/availability"' in now
    assert "20.0 %" in now
    assert "<td>2026-09-21</td>" in page
    assert 7 == page.count("data-at=")
    assert 'href="/incidents/1"' in page


async def test_an_incident_whose_alerts_say_little_is_shown_all_the_same(week: Engine):
    """The week's has a cause, and no summary; its place's course is beside it."""
    async with asking(week, NOW) as client:
        answer = await client.get("/incidents/1")

    assert 200 == answer.status_code
    assert "GpuLost: gpu-3 of h1" in answer.text
    assert 'data-step="300"' in answer.text


async def test_boards_lead_to_objectives_and_incidents_of_a_place(week: Engine):
    """By what is chosen on them; a name that is not known leads to the first page."""
    async with asking(week, NOW) as client:
        found = await client.get("/objectives?var-slo=availability&from=now-6h&to=now")
        unknown = await client.get("/objectives?var-slo=other")
        here, elsewhere, everywhere = [
            (await client.get(f"/incidents?var-region={each}")).text
            for each in ("eu", "us", "$__all")
        ]

    assert "/objectives/chat/availability" == found.headers["location"]
    assert "/" == unknown.headers["location"]
    assert ["/incidents/1" in each for each in (here, elsewhere, everywhere)] == [True, False, True]


async def test_two_reviews_are_compared(week: Engine):
    """On a page and for programs; those of two services are not."""
    async with asking(week, NOW) as client:
        for period in (PERIOD.name, "2026-09"):
            await post(client, "/reviews", service="chat", period=period)
        page = await client.get("/reviews/1/compared?with=2")
        told = (await client.get("/api/v1/reviews/1/compared?with=2")).json()
        missing = await client.get("/api/v1/reviews/1/compared?with=9")

    assert "2026-09</a> (before)" in page.text
    assert (PERIOD.name, "2026-09") == (told["period"], told["other_period"])
    assert "availability" == told["objectives"][0]["slo"]
    assert 404 == missing.status_code


async def test_a_browser_is_asked_for_a_token(week: Engine):
    """And whom it vouches for need not say a name."""
    async with asking(week, NOW, GATE) as client:
        refused = await client.get("/", headers=PAGE)
        allowed = await client.get("/changes", auth=("", "write"))

    assert 401 == refused.status_code
    assert refused.headers["www-authenticate"].startswith("Basic")
    assert 'name="author"' not in allowed.text


@pytest.mark.parametrize("host", ["reviews.example.com", "127.0.0.1:19810"])
@pytest.mark.parametrize(("asks_from", "expected"), [("127.0.0.1", 303), ("10.1.2.3", 401)])
async def test_a_form_comes_by_a_proxy_that_keeps_the_name_or_not(
    week: Engine, host: str, asks_from: str, expected: int
):
    """Who somebody is it says from its own address alone."""
    gate = Gate(proxy=read_proxy("X-Forwarded-User", [f"{asks_from}/32"], "write"))
    public = "https://reviews.example.com"
    headers = {"Host": host, "Origin": public, "X-Forwarded-User": "ada"}
    fields = {"at": "2026-09-22", "kind": "x", "summary": "y"}
    async with asking(week, NOW, gate, public_url=public) as client:
        answer = await client.post("/changes", data=fields, headers=headers)

    assert expected == answer.status_code


async def test_forms_of_other_sites_and_other_kinds_are_refused(week: Engine):
    """A page elsewhere cannot sign for whoever visits it."""
    async with asking(week, NOW) as client:
        fields = {"at": "2026-09-22", "kind": "x", "summary": "y"}
        elsewhere = {"Origin": "http://evil.example"}
        answers = [
            await client.post("/changes", data=fields, headers=elsewhere),
            await client.post("/changes", json=fields),
            await client.post("/changes", data={**fields, "at": "soon"}),
            await client.post("/changes", data={**fields, "labels": "eu"}),
            await client.post("/reviews", data={"service": "chat", "period": "next"}),
        ]
        listed = (await client.get("/api/v1/changes")).json()["items"]

    assert [403, 415, 422, 422, 422] == [each.status_code for each in answers]
    assert [] == listed
