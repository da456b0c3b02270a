"""A live run agrees with the lab within one interval, or the table says where not."""

from typing import Any

import pytest

from demo.lab.live import compare, live_blocks, main, table
from tests.demo.lab.outcomes import CELL, alert, outcome

BURN = {**CELL, "slo": "chat-availability", "severity": "page"}


def report(fired: float, paged: float, resolved: float) -> dict[str, Any]:
    """Return what a demo reports of one burn."""
    details = {"alertname": "ErrorBudgetBurn", **BURN}
    return {
        "firings": [{"seconds": fired, "labels": details}],
        "pages": [
            {"seconds": paged, "event": {"event_action": "trigger", "dedup_key": "k",
                                         "payload": {"custom_details": details}}},
            {"seconds": resolved, "event": {"event_action": "resolve", "dedup_key": "k"}},
        ],
    }  # fmt: skip


LAB = outcome(
    alert("ErrorBudgetBurn", "expected", 100.0, paged_seconds=106.0, resolved_seconds=400.0,
          labels=BURN)
)  # fmt: skip


def test_times_within_one_interval_agree() -> None:
    """A resolve within one interval of its group beside."""
    rows = compare(report(104.0, 111.0, 412.0), LAB)

    assert ["fired", "paged", "resolved"] == [each.what for each in rows]
    assert all(each.agrees for each in rows)


def test_a_page_that_is_two_intervals_late_differs() -> None:
    """And the table says so."""
    rows = compare(report(104.0, 116.5, 412.0), LAB)

    assert ["paged"] == [each.what for each in rows if not each.agrees]
    assert "<- DIFFERS" in table(rows)


def test_comparisons_are_a_section_of_the_results() -> None:
    """Each with its play; what differs is counted, and marked."""
    good = compare(report(104.0, 111.0, 412.0), LAB)
    late = compare(report(104.0, 116.5, 412.0), LAB)

    heading, said, rows = live_blocks([("gpu-lost", good), ("slow-gpu@0.4", late)])

    assert "## Live runs" == heading
    assert said.startswith("2 runs")
    assert "6 things happened, 1 of them" in said
    assert 5 == rows.count(" | yes |")
    (differing,) = (each for each in rows.splitlines() if each.endswith("| NO |"))
    assert differing.startswith("| slow-gpu@0.4 | paged | ErrorBudgetBurn page chat-availability ")
    assert differing.endswith("| 116.5 | 106.0 | NO |")


def test_what_only_one_of_them_saw_differs() -> None:
    """A time that there is not is no time that agrees."""
    lab = outcome(*LAB.alerts, alert("GpuLost", "allowed", 20.0))
    rows = compare(report(104.0, 111.0, 412.0), lab)

    assert [("GpuLost chat eu", None, 20.0)] == [
        (each.alert, each.live, each.lab) for each in rows if not each.agrees
    ]


def test_what_the_lab_saw_after_the_live_run_ended_is_not_held_against_it() -> None:
    """The lab watches for longer."""
    lab = outcome(*LAB.alerts, alert("GpuLost", "allowed", 900.0))
    assert all(each.agrees for each in compare(report(104.0, 111.0, 412.0), lab))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"scenario": 1}'])
def test_what_is_no_report_is_refused_in_a_sentence(tmp_path, capsys, monkeypatch, text) -> None:
    """With exit code 2."""
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["live", str(path)])
    with pytest.raises(SystemExit) as ended:
        main()

    assert 2 == ended.value.code
    assert "is no report of a demo run" in capsys.readouterr().err
