"""From the record to the boards."""

from urllib.parse import parse_qs, urlsplit

from alerts import links
from slo.review import boards
from slo.review.boards import group_of, incident_boards, objective_board


def test_an_incident_leads_to_its_place_and_its_time():
    """With room before and after it; the uids are those of our boards."""
    labels = {"cluster": "demo", "region": "eu & us", "service": "chat", "group": "eu-chat-0"}
    found = dict(
        incident_boards("http://g/", labels, "2026-09-21T10:00:00Z", "2026-09-21T10:10:00Z")
    )

    detail = urlsplit(found["SLO detail"])
    chosen = parse_qs(detail.query)
    assert f"/d/{links.SLO_DETAIL_BOARD}" == detail.path
    assert f"/d/{links.GROUP_BOARD}" == urlsplit(found["Shard group"]).path
    assert ["eu & us"] == chosen["var-region"]
    assert "var-service" not in chosen
    length = int(chosen["to"][0]) - int(chosen["from"][0])
    assert (600 + boards.BEFORE_SECONDS + boards.AFTER_SECONDS) * 1000 == length


def test_an_incident_that_lasts_is_shown_until_now():
    """And nothing leads anywhere where no boards are known."""
    lasting = dict(incident_boards("http://g", {}, "2026-09-21T10:00:00Z", None))

    assert lasting["SLO detail"].endswith("to=now")
    assert [] == incident_boards(None, {}, "2026-09-21T10:00:00Z", None)
    assert None is objective_board(None, "x", 28)


def test_the_group_is_chosen_where_all_alerts_speak_of_one():
    """Of two nobody knows which."""
    one, two = ({"labels": {"group": name}} for name in ("eu-chat-0", "eu-chat-1"))

    assert {"group": "eu-chat-0"} == group_of([one, {"labels": {}}, one])
    assert {} == group_of([one, two])
