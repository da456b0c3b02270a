"""What the kernel tells of the process."""

import os
import time

from exporters import catalog
from exporters.page import Page
from exporters.process import add_process


def read(proc=None) -> dict[str, float]:
    """The values by family."""
    page = Page()
    add_process(page, *([proc] if proc else []))
    return {name: series[()] for name, series in page.values.items()}


def test_a_process_tells_what_every_client_library_of_prometheus_does():
    """Of itself, now."""
    since = time.process_time()
    while time.process_time() - since < 0.05:
        pass
    told = read()
    assert told[catalog.PROCESS_CPU_SECONDS.name] >= 0.05
    assert told[catalog.PROCESS_CPU_SECONDS.name] <= time.process_time() + 0.1
    assert 0 <= time.time() - told[catalog.PROCESS_START_TIME.name] < 36_000
    resident = told[catalog.PROCESS_RESIDENT_MEMORY.name]
    assert 1e6 < resident < told[catalog.PROCESS_VIRTUAL_MEMORY.name]
    assert 0 < told[catalog.PROCESS_OPEN_FDS.name] <= told[catalog.PROCESS_MAX_FDS.name]


def test_open_files_are_counted():
    """A leak would be seen."""
    before = read()[catalog.PROCESS_OPEN_FDS.name]
    opened = os.pipe()
    after = read()[catalog.PROCESS_OPEN_FDS.name]
    for each in opened:
        os.close(each)
    assert after - before == 2


def test_a_name_with_blanks_and_brackets_moves_no_field(tmp_path):
    """Whoever starts it may choose one."""
    (tmp_path / "self/fd").mkdir(parents=True)
    rest = " ".join(str(number) for number in range(4, 30))
    (tmp_path / "self/stat").write_text(f"7 (a b) c) S {rest}\n")
    (tmp_path / "stat").write_text("cpu 1 2\nbtime 1000\n")
    ticks = os.sysconf("SC_CLK_TCK")
    told = read(tmp_path)
    assert told[catalog.PROCESS_CPU_SECONDS.name] == (14 + 15) / ticks
    assert told[catalog.PROCESS_START_TIME.name] == 1000 + 22 / ticks
    assert told[catalog.PROCESS_VIRTUAL_MEMORY.name] == 23
    assert told[catalog.PROCESS_RESIDENT_MEMORY.name] == 24 * os.sysconf("SC_PAGE_SIZE")


def test_where_there_is_no_proc_nothing_is_told(tmp_path):
    """Not even a 0."""
    assert read(tmp_path) == {}
