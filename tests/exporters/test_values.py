"""Labels whose values the catalogue says: nothing else is served."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters import catalog
from exporters.gpu.core import SPLIT
from exporters.gpu.dcgm_fields import FIELDS
from exporters.gpu.readings import CLOCK_EVENTS, FABRIC_HEALTH, FABRIC_STATES, RECOVERY_ACTIONS
from exporters.groups.mapping import VALUES
from exporters.router.dialects import DIALECTS

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.prom"))


def test_values_are_said_of_labels_that_the_family_has():
    """And none twice."""
    for family in catalog.FAMILIES.values():
        for label, values in family.values.items():
            assert label in family.labels
            assert len(values) == len(set(values)) > 0


def test_a_family_with_values_can_be_a_key():
    """As every family."""
    assert {catalog.GROUP_STATE: 1}[catalog.GROUP_STATE] == 1


@pytest.mark.parametrize("page", GOLDEN, ids=lambda path: path.stem)
def test_a_page_has_no_other_values(page):
    """Of any label that is said to have these only."""
    seen = set()
    for family in text_string_to_metric_families(page.read_text()):
        known = catalog.FAMILIES.get(family.name) or catalog.FAMILIES.get(f"{family.name}_total")
        for sample in family.samples:
            for label, values in (known.values if known else {}).items():
                seen.add(label)
                assert sample.labels[label] in values, sample
    assert seen


def test_whatever_a_router_says_becomes_one_of_the_values():
    """Of each dialect; what it says besides becomes ``other``."""
    for dialect in DIALECTS.values():
        for rule in dialect.rules:
            for label, values in rule.family.values.items():
                if label != catalog.TIER:
                    assert {*rule.options(label), catalog.OTHER} <= set(values)


def test_whatever_a_gpu_says_is_one_of_the_values():
    """Of its driver's words, each of which has its place there."""
    events = {catalog.EVENT: tuple(CLOCK_EVENTS.values())}
    assert events == catalog.GPU_CLOCK_EVENT_SECONDS.values
    fabric = {catalog.STATE: FABRIC_STATES, catalog.HEALTH: FABRIC_HEALTH}
    assert fabric == catalog.GPU_FABRIC.values
    assert {catalog.ACTION: RECOVERY_ACTIONS} == catalog.GPU_RECOVERY_ACTION.values
    for family in {each for each, _ in SPLIT.values()}:
        told = tuple(word for each, word in SPLIT.values() if each is family)
        assert {family.labels[-1]: told} == family.values
    kinds = {each.part for each in FIELDS if each.whole == "nvlink_errors"}
    assert kinds == set(catalog.GPU_NVLINK_ERRORS.values[catalog.KIND])


def test_whatever_an_engine_says_becomes_one_of_the_values():
    """By whichever of its names."""
    for kept in VALUES:
        for label, values in kept.family.values.items():
            assert label == kept.family.labels[-1]
            assert {*kept.allowed.values(), *kept.labels} <= set(values)
            assert not kept.label_from or catalog.OTHER in values
