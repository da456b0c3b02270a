"""A cluster that does not fit is refused before anything starts."""

import pytest

from demo.stack.memory import GIBIBYTE, available_bytes, check_memory, read_available_bytes
from exporters.problems import InputError

MEMINFO = """\
MemTotal:       16000000 kB
MemFree:          500000 kB
MemAvailable:    8000000 kB
"""


def test_what_can_be_had_is_read():
    """Not what is free: caches can be given up."""
    assert 8_000_000 * 1024 == available_bytes(MEMINFO)


def test_a_kernel_that_does_not_say_is_no_reason_to_refuse():
    """Unknown is not nothing."""
    assert available_bytes("MemTotal: 1 kB\n") is None
    check_memory(10**6, 10**15, None)


def test_this_machine_says():
    """On Linux."""
    assert (read_available_bytes() or 0) > 0


def test_a_size_that_does_not_fit_is_refused_with_what_it_needs():
    """And with what was found."""
    with pytest.raises(InputError) as refused:
        check_memory(125_000, 9 * GIBIBYTE, 4 * GIBIBYTE)
    assert str(refused.value) == (
        "--groups: 125000 groups need 9.0 GiB of memory, found 4.0 GiB available; "
        "take fewer groups or free memory"
    )


def test_a_size_that_fits_is_taken():
    """To the last byte."""
    check_memory(18, 4 * GIBIBYTE, 4 * GIBIBYTE)
