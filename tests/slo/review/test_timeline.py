"""An incident's alerts, each in one line."""

from typing import Any

from slo.review.timeline import timeline


def alert(witness: str, start: str, end: str | None, **labels: str) -> dict[str, Any]:
    """Return an alert as the interface tells it."""
    at, until = (None if each is None else f"2026-09-21T10:{each}:00Z" for each in (start, end))
    told = [{"at": at, "annotations": {"summary": witness}}]
    return {"labels": labels, "starts_at": at, "ends_at": until, "witness": witness,
            "evidence": told}  # fmt: skip


def test_what_two_witnesses_tell_of_an_alert_is_one_line():
    """From the first beginning to the last end, with the evidence of both."""
    (line,) = timeline(
        [
            alert("alertmanager", "02", "08", alertname="A"),
            alert("prometheus", "01", "07", alertname="A"),
        ]
    )

    assert ("01", "08") == (line["starts_at"][14:16], line["ends_at"][14:16])
    assert ["alertmanager", "prometheus"] == line["witnesses"]
    assert 2 == len(line["evidence"])


def test_an_alert_that_fires_again_is_another_line():
    """So is one of another place; of one whose end only one witness saw, it is the end."""
    found = timeline(
        [
            alert("prometheus", "01", "02", alertname="A"),
            alert("prometheus", "05", None, alertname="A"),
            alert("alertmanager", "06", "09", alertname="A"),
            alert("prometheus", "01", "02", alertname="A", region="eu"),
        ]
    )

    assert 3 == len(found)
    assert "2026-09-21T10:09:00Z" == found[-1]["ends_at"]
