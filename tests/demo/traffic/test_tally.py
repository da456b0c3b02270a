"""The truth: what is bad, what counts, and under which objective."""

import pytest

from demo.objectives import AVAILABILITY, FIRST_TOKEN, TOOL_SUCCESS
from demo.traffic.tally import Tally, Tokens
from slo.objectives import LIBRARY, ObjectiveFile, read_objective_files

LABELS = {"region": "eu", "model": "chat"}


def told(tally: Tally) -> dict[str, tuple[float, float, dict[str, float]]]:
    """Return bad, total and reasons by objective."""
    truth = tally.tell(LABELS, now=1.5)
    return {each["slo"]: (each["bad"], each["total"], each["reasons"]) for each in truth["classes"]}


def test_a_bad_request_is_one_that_failed_or_came_too_late_or_was_turned_away():
    """A user's own limit does not count; a user who left is no failure."""
    tally = Tally()
    for outcome in (
        "ok",
        "ok",
        "error",
        "timeout",
        "timeout",
        "rejected",
        "aborted",
        "rate_limited",
    ):
        tally.note_request("free", outcome, None, Tokens())
    reasons = {"error": 1.0, "rejected": 1.0, "timeout": 2.0}

    assert (4.0, 7.0, reasons) == told(tally)[AVAILABILITY]


def test_a_first_token_is_late_after_2_5_seconds_and_never_if_the_request_failed_before_it():
    """One that the user did not wait for, or that a limit forbade, is unknown and not counted."""
    tally = Tally()
    for outcome, seconds in (
        ("ok", 0.1),
        ("ok", 2.5),
        ("ok", 2.6),
        ("timeout", 0.2),  # it paused later
        ("timeout", None),
        ("error", None),
        ("rejected", None),
        ("aborted", None),
        ("rate_limited", None),
    ):
        tally.note_request("pro", outcome, seconds, Tokens())

    assert (4.0, 7.0, {"late": 1.0, "never": 3.0}) == told(tally)[FIRST_TOKEN]


def test_a_tool_call_is_bad_unless_it_ended_well_or_its_caller_left():
    """Reasons are the outcomes."""
    tally = Tally()
    for outcome in ("ok", "ok", "timeout", "error", "cancelled"):
        tally.note_call(outcome)

    assert (2.0, 4.0, {"error": 1.0, "timeout": 1.0}) == told(tally)[TOOL_SUCCESS]


def test_each_tier_has_its_own_account():
    """What was sent, let in, and served, why not, how fast, and for how many tokens."""
    tally = Tally(started=1.0)
    whole, broken = Tokens(100, 60, 20, is_billed=True), Tokens(generated=3)
    for outcome, seconds, tokens in (
        ("ok", 0.3, whole),
        ("ok", 0.1, whole),
        ("ok", 0.2, whole),
        ("timeout", 0.4, broken),
        ("rejected", None, Tokens()),
        ("rejected", None, Tokens()),
        ("rate_limited", None, Tokens()),
        ("aborted", 0.2, Tokens()),
    ):
        tally.note_offer("pro")
        tally.note_request("pro", outcome, seconds, tokens)
    tally.note_offer("pro")  # still on its way
    truth = tally.tell(LABELS, now=1.5)
    services = {each["labels"]["tier"]: each for each in truth["services"]}

    assert 1.0 == truth["started"]
    assert ["free", "pro", "enterprise", "gov"] == [*services]
    assert {
        "labels": {**LABELS, "tier": "pro"},
        "offered": 9,
        "admitted": 5,
        "good": 4,
        "bad": {"rejected": 2, "timeout": 1},
        "first_token_seconds": pytest.approx({"p50": 0.2, "p90": 0.4, "p99": 0.4}, rel=0.02),
        "tokens": {"prompt": 300, "cached": 180, "generated": 63, "billed": 360},
    } == services["pro"]
    assert (0, None) == (services["gov"]["offered"], services["gov"]["first_token_seconds"]["p50"])


def test_before_anything_happened_all_is_0():
    """With time and labels."""
    truth = Tally().tell(LABELS, now=1.5)

    assert 1.5 == truth["time"]
    assert [LABELS] * 3 == [each["labels"] for each in truth["classes"]]
    assert {AVAILABILITY: (0.0, 0.0, {}), FIRST_TOKEN: (0.0, 0.0, {}), TOOL_SUCCESS: (0.0, 0.0, {})} == told(Tally())  # fmt: skip # noqa: E501


def test_its_classes_are_the_objectives_of_the_library():
    """Of those that the demo loads: held against what is measured by these names."""
    files = [ObjectiveFile(LIBRARY / f"{name}.yaml", name) for name in ("agents", "chat")]

    assert {each.name for each in read_objective_files(files)} == told(Tally()).keys()
