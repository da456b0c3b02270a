"""What counts as found: the fault by name, and nothing that does not follow from it."""

from alerts.benching.doctoring import is_found
from alerts.benching.faults import FAULTS
from alerts.doctor.diagnosis import Diagnosis, Finding
from alerts.doctor.finding import Found
from alerts.doctor.table import BY_ID

FAULT = next(each for each in FAULTS if each.name == "group-left-out")


def finding(check: str, found: str = "", subject: str = "groups") -> Finding:
    """Return what a check has found."""
    return Finding(BY_ID[check], Found(subject, found, "b", "c"))


def test_a_fault_is_found_if_it_is_named_with_what_it_is_about():
    """The right check of something else is no find."""
    named = finding("join/group-missing", "no series: eu-chat-1")

    assert is_found(FAULT, Diagnosis((named,)))
    assert not is_found(FAULT, Diagnosis((finding("join/group-missing", "no series: us-1"),)))
    assert not is_found(FAULT, Diagnosis(()))


def test_what_follows_from_a_fault_may_be_named_and_nothing_else():
    """Whoever names everything finds everything."""
    named = finding("join/group-missing", "no series: eu-chat-1")

    assert is_found(FAULT, Diagnosis((named, finding("join/gpu-missing"))))
    assert not is_found(FAULT, Diagnosis((named, finding("scrape/target-down"))))


def test_every_fault_is_of_a_check_that_there_is():
    """And so is what follows from it."""
    for each in FAULTS:
        assert {each.check, *each.consequences} <= set(BY_ID), each.name
