"""The fuzzing of readers finds what is neither read nor refused."""

import pytest

from exporters.exposition import PageError
from tests.fuzz import READERS, check, damage


@pytest.mark.parametrize("name", READERS)
def test_the_good_bytes_of_a_reader_are_read(name):
    """What is always refused would try nothing but the refusal."""
    read, good = READERS[name]
    assert read(good)


def test_a_refusal_is_no_failure_and_any_other_exception_is():
    """An error that a user would see as a traceback."""

    def read(data: bytes) -> None:
        if data == b"bad":
            raise PageError(1, "bad")
        raise KeyError(data)

    check(read, b"bad")
    with pytest.raises(KeyError):
        check(read, b"worse")


def test_damage_finds_a_reader_that_chokes():
    """On a byte that the good bytes do not have."""

    def read(data: bytes) -> None:
        assert b"\0" not in data

    with pytest.raises(AssertionError):
        damage(read, b"good", seconds=20.0)
