"""The table of verdicts."""

import pytest

from exporters import catalog
from exporters.gpu.taxonomy import RULE_OF_XID, XID_RULES


@pytest.mark.parametrize("rule", XID_RULES, ids=lambda rule: str(rule.codes))
def test_a_rule_speaks_the_catalogues_words_and_names_its_source(rule):
    """Nothing is served that the catalogue does not have."""
    assert rule.state in catalog.GPU_STATES
    assert rule.reason in catalog.GPU_REASONS
    assert rule.why
    assert rule.source


def test_rules_stand_in_the_order_of_precedence():
    """The worst first."""
    order = [catalog.GPU_STATES.index(rule.state) for rule in XID_RULES]
    assert order == sorted(order)


def test_no_code_has_two_rules():
    """Else the later one would win unseen."""
    assert len(RULE_OF_XID) == sum(len(rule.codes) for rule in XID_RULES)


@pytest.mark.parametrize("code", [8, 13, 31, 32, 43, 45, 63, 92, 94])
def test_faults_of_applications_are_no_verdict_on_the_gpu(code):
    """NVIDIA's catalogue: restart the application, or ignore."""
    assert code not in RULE_OF_XID
