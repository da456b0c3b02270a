"""The table of verdicts."""

import pytest

from exporters import catalog
from exporters.gpu.taxonomy import ROW_OF_REASON, ROWS, RULE_OF_XID, XID_RULES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.reason)
def test_a_row_speaks_the_catalogues_words_and_names_its_source(row):
    """Nothing is served that the catalogue does not have."""
    assert row.state in catalog.GPU_STATES
    assert row.reason in catalog.GPU_REASONS
    assert row.severity in catalog.GPU_SEVERITIES
    assert row.action in catalog.GPU_ACTIONS
    assert row.why
    assert row.source


def test_every_reason_has_its_row_but_those_that_are_a_lack_of_knowledge():
    """And the catalogue lists them in the same order."""
    known = [reason for reason in catalog.GPU_REASONS if reason in ROW_OF_REASON]
    assert [row.reason for row in ROWS] == known
    assert set(catalog.GPU_REASONS) - set(known) == {"telemetry_unreachable", "starting", "none"}


def test_rows_stand_in_the_order_of_precedence():
    """The worst first."""
    order = [catalog.GPU_STATES.index(row.state) for row in ROWS]
    assert order == sorted(order)


def test_a_rule_of_xids_names_a_row_and_codes_that_are_served():
    """A code that no label has would be told as 'other'."""
    for rule in XID_RULES:
        assert rule.reason in ROW_OF_REASON
        assert {str(code) for code in rule.codes} <= set(catalog.XID_CODES)


def test_no_code_has_two_rules():
    """Else the later one would win unseen."""
    assert len(RULE_OF_XID) == sum(len(rule.codes) for rule in XID_RULES)


@pytest.mark.parametrize("code", [8, 13, 31, 32, 43, 45, 69])
def test_faults_of_applications_leave_the_gpu_healthy_and_wake_nobody(code):
    """NVIDIA's catalogue: restart the application, or ignore."""
    row = ROW_OF_REASON[RULE_OF_XID[code].reason]
    assert (row.state, row.severity) == ("healthy", "info")


@pytest.mark.parametrize("code", [63, 92, 93, 121, 137, 157, 160, 161])
def test_codes_that_ask_for_nothing_have_no_rule(code):
    """They are counted."""
    assert code not in RULE_OF_XID
