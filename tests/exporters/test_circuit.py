"""The circuit breaker."""

from exporters.circuit import Circuit


def after_failures(number: int, *, now: float = 0.0) -> Circuit:
    """A circuit after so many failures in a row."""
    circuit = Circuit()
    for _ in range(number):
        circuit = circuit.after(success=False, now=now)
    return circuit


def test_it_opens_at_the_third_failure_in_a_row():
    """Two failures may be chance."""
    assert [after_failures(n).is_open for n in range(5)] == [False, False, False, True, True]


def test_a_success_between_failures_starts_the_count_again():
    """Only failures in a row count."""
    circuit = after_failures(2).after(success=True, now=0.0)
    assert circuit.after(success=False, now=0.0) == after_failures(1)


def test_it_is_probed_after_pauses_that_double_up_to_ten_seconds():
    """A repaired source is found within ten seconds, however long it was broken."""
    assert [after_failures(n).probe_at for n in (3, 4, 5, 6, 7, 8, 2000)] == [
        1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0,
    ]  # fmt: skip


def test_a_probe_is_due_only_when_its_pause_is_over():
    """An open circuit costs nothing in between."""
    circuit = after_failures(3, now=100.0)
    assert [circuit.is_probe_due(now) for now in (100.0, 100.9, 101.0)] == [False, False, True]


def test_a_closed_circuit_needs_no_probe():
    """It is asked in each collection anyway."""
    assert not after_failures(2).is_probe_due(1000.0)


def test_the_first_success_closes_it():
    """And forgets all failures."""
    assert after_failures(9).after(success=True, now=5.0) == Circuit()
