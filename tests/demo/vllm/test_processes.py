"""Who descends from whom, and whether a process is still the one that was noted."""

import os
import subprocess
import time
from pathlib import Path

from demo.vllm.processes import Process, descendants, read_note, read_process, write_note


def process(pid: int, parent: int) -> Process:
    """Return a process."""
    return Process(pid, parent, started=pid, state="S", title=f"p{pid}")


def test_descendants_are_children_and_their_children():
    """Parents come first; strangers and the root itself do not come at all."""
    family = {each.pid: each for each in (
        process(1, 0), process(4, 3), process(2, 1), process(3, 2), process(5, 1), process(9, 8),
    )}  # fmt: skip

    assert [3, 4] == [each.pid for each in descendants(2, family)]
    assert [2, 5, 3, 4] == [each.pid for each in descendants(1, family)]
    assert [] == descendants(9, family)


def test_a_title_with_brackets_and_blanks_is_read_whole():
    """The kernel writes names between parentheses, in which anything may stand."""
    child = subprocess.Popen(["a) R (b c", "60"], executable="/bin/sleep")
    try:
        # The kernel tells that a program was started a moment before it has written its title.
        while (found := read_process(child.pid)) is not None and not found.title:
            time.sleep(0.01)
    finally:
        child.kill()
        child.wait()

    assert found is not None
    assert ("a) R (b c", os.getpid()) == (found.title, found.parent)


def test_a_process_that_is_gone_is_not_found():
    """Its number may be somebody else's tomorrow."""
    child = subprocess.Popen(["true"])
    child.wait()

    assert None is read_process(child.pid)


def test_a_note_names_its_process_and_no_later_one_of_the_same_number(tmp_path: Path):
    """Two processes of one number differ in when they started."""
    note = tmp_path / "note"
    write_note(note, os.getpid())
    assert os.getpid() == read_note(note).pid

    note.write_text(f'{{"pid": {os.getpid()}, "started": 1}}')
    assert None is read_note(note)


def test_without_a_note_there_is_no_process(tmp_path: Path):
    """A server that has not started yet."""
    assert None is read_note(tmp_path / "note")
