"""What is read again when it changes."""

import os

import pytest

from exporters.problems import InputError, problem
from exporters.reloading import Reloaded, stamps


@pytest.fixture
def file(tmp_path):
    """A file with a number in it."""
    file = tmp_path / "number"
    file.write_text("1")
    return file


@pytest.fixture
def number(file, clock):
    """The number, read again when the file changes."""

    def read():
        try:
            return int(file.read_text())
        except ValueError:
            raise InputError([problem(file, "no number")]) from None

    return Reloaded("topology", 1, read, lambda: stamps([file]), clock)


async def test_what_did_not_change_is_not_read_again(number):
    """Looking is cheap, reading may not be."""
    number._read = None
    assert not await number.check()
    assert number.content == 1


async def test_a_new_content_is_taken(number, file, clock):
    """And it is known since when."""
    file.write_text("22")
    clock.now = 200.0
    assert await number.check()
    assert (number.content, number.last_success_at, number.failures) == (22, 200.0, 0)


async def test_a_content_that_is_written_anew_as_it_was_is_no_change(number, file, clock):
    """Whoever follows has nothing to do; that it is good is known again."""
    os.utime(file, (1, 1))
    clock.now = 200.0
    assert not await number.check()
    assert number.last_success_at == 200.0


async def test_a_bad_content_is_counted_and_said_once_and_the_earlier_stays(
    number, file, clock, caplog
):
    """Until it is mended."""
    for text in ("one", "zero"):
        file.write_text(text)
        assert not await number.check()
        assert not await number.check()
    assert (number.content, number.is_good, number.failures) == (1, False, 2)
    assert number.last_success_at == 100.0
    assert caplog.text.count("no number") == 1
    file.write_text("333")
    assert await number.check()
    assert (number.content, number.is_good, number.failures) == (333, True, 2)


async def test_a_file_that_went_away_is_a_bad_content(number, file):
    """And so is whatever else goes wrong with reading it."""
    file.unlink()
    assert not await number.check()
    assert (number.content, number.failures) == (1, 1)


async def test_what_cannot_be_looked_at_is_read_each_time(clock):
    """As a service is asked."""
    answers = iter([1, 2, 2])
    number = Reloaded("topology", 1, lambda: next(answers), None, clock)
    assert [await number.check() for _ in range(3)] == [False, True, False]


def test_a_stamp_changes_with_content_time_and_place(tmp_path):
    """An older file that took the place of another is another."""
    file, other = tmp_path / "a", tmp_path / "b"
    seen = {stamps([file])}
    file.write_text("1")
    seen.add(stamps([file]))
    os.utime(file, ns=(5, 5))
    seen.add(stamps([file]))
    other.write_text("2")
    os.utime(other, ns=(5, 5))
    other.replace(file)
    seen.add(stamps([file]))
    assert len(seen) == 4
