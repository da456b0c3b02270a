"""One reading out of two libraries'."""

import pytest

from exporters.gpu.local.merging import merge
from exporters.gpu.readings import Reading

NVML = Reading(power_watts=70.0, ranks=("TP0",), age_seconds=1.0)
DCGM = Reading(power_watts=71.0, sm_active_ratio=0.5, age_seconds=2.0)
TROUBLES = {trouble: Reading(trouble=trouble) for trouble in (
    "lost", "unresponsive", "missing", "unread",
)}  # fmt: skip


def test_what_both_know_is_nvmls_and_what_one_knows_is_its():
    """NVML is asked each time; DCGM has the profiling of older GPUs."""
    assert merge(NVML, DCGM) == Reading(
        power_watts=70.0, sm_active_ratio=0.5, ranks=("TP0",), age_seconds=1.0
    )


@pytest.mark.parametrize("dcgm", TROUBLES.values(), ids=TROUBLES)
def test_what_dcgm_does_not_have_costs_nothing(dcgm):
    """It is beside."""
    assert merge(NVML, dcgm) == NVML


@pytest.mark.parametrize("trouble", ["lost", "unresponsive"])
def test_a_loss_is_believed_though_dcgm_has_values(trouble):
    """Its last ones, for a second or so."""
    assert merge(TROUBLES[trouble], DCGM) == TROUBLES[trouble]


@pytest.mark.parametrize("trouble", ["missing", "unread"])
def test_what_nvml_does_not_show_to_us_dcgm_may(trouble):
    """A container without the GPUs."""
    assert merge(TROUBLES[trouble], DCGM) == DCGM
