"""The report says how each thing was worked out, what was kept, and what is missed."""

from slo.adopt.doubts import find_doubts
from slo.adopt.placing import place
from slo.adopt.report import MOST_ROWS, Adopted, write_report, write_summary
from tests.slo.adopt.test_doubts import GOOD
from tests.slo.adopt.test_objective_file import AVAILABILITY, proposal
from tests.slo.adopt.test_placing import engine, gpu


def adopted(found=GOOD, bad=11):
    """Return what is reported of a cluster."""
    placed = place(found, cluster="prod")
    return Adopted(
        found, placed, find_doubts(found, placed), (proposal(AVAILABILITY, {"chat": bad}),)
    )


def test_what_was_kept_is_told_for_each_target():
    """11 bad events of 10,000 are one more than 99.9 % allows."""
    report = write_report(adopted())

    assert "| eu | chat | 99.9 % | 10,000, 11 bad | 0 of 1 | -10% | not met |" in report
    assert "| eu | chat | 99.5 % | 10,000, 11 bad | 1 of 1 | 78% | proposed |" in report
    assert "| eu | chat | 99 % | 10,000, 11 bad | 1 of 1 | 89% |  |" in report
    assert "1 day of the last 28 days with data, which is short: look again after a week." in report
    assert "- not seen: something is not seen" in report
    assert "Written: 99.5 % for every model." in report


def test_how_things_were_worked_out_is_told_with_how_sure_that_is():
    """And as of what."""
    report = write_report(adopted())

    assert "| region of engines | label region | sure | 1 | eu |" in report
    assert "| name of groups | host in label instance | likely | 1 | 10.0.0.1 |" in report


def test_the_summary_is_shorter_and_has_what_somebody_must_see():
    """Counts, doubts, what has no place, what was kept."""
    summary = write_summary(adopted())

    assert "- cluster prod: 1 group of 1 engine, 1 of 1 GPU, 1 router, 0 tool gateways" in summary
    assert "- names of vLLM: vllm_0_12 (1)" in summary
    assert "## What was kept so far" in summary
    assert "How it was worked out" not in summary


def test_a_table_that_is_too_long_is_cut_and_counted():
    """Of a thousand idle hosts the first fifty are as good as all."""
    gpus = tuple(gpu(f"GPU-{each}", f"x{each:04}", f"10.9.{each}.1:9400") for each in range(1000))
    found = adopted(type(GOOD)(**{**vars(GOOD), "gpus": gpus, "engines": (engine(),)}))

    assert f"... and {1000 - MOST_ROWS} more" in write_summary(found)
