"""What a process costs is its own: memory it shares is split, children are found."""

import os
import subprocess
import sys

import pytest

from exporters.costs import cpu_seconds, descendants, pss_bytes

CHILD = """
import subprocess, sys
grandchild = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
held = bytearray(b"a") * 50_000_000
print(grandchild.pid, flush=True)
input()
grandchild.communicate()
"""


@pytest.fixture
def family():
    """A process that holds 50 MB and has a child; ends with the test. Returns both ids."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        yield child.pid, int(child.stdout.readline())
        child.communicate("\n")


def test_the_children_of_children_are_found(family):
    """And nobody else."""
    assert set(family) == descendants([family[0]])


def test_memory_that_a_process_fills_is_counted(family):
    """Most of what it holds is its own, so little of it is split."""
    child, grandchild = family
    assert pss_bytes([child]) > 50_000_000 > pss_bytes([grandchild]) > 0
    # Not the same to the byte: what is shared with others changes as they come and go.
    both = pss_bytes([child]) + pss_bytes([grandchild])
    assert both == pytest.approx(pss_bytes(family), rel=0.1)


def test_processor_time_is_that_which_was_used():
    """As the process itself counts it, to a tick of the kernel's clock or two."""
    sum(range(3_000_000))
    times = os.times()
    assert times.user + times.system == pytest.approx(cpu_seconds([os.getpid()]), abs=0.2)


def test_processes_that_are_gone_cost_nothing():
    """One may end between being found and being looked at."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert (0, 0.0) == (pss_bytes([gone.pid]), cpu_seconds([gone.pid]))
