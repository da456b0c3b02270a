"""Group commit: together to disk, each answered after it, one's mistake not another's."""

import asyncio
import threading

import pytest
from sqlalchemy.exc import DataError, OperationalError

from slo.review import committing
from slo.review.committing import BusyError, GroupCommit


async def test_who_waits_at_the_same_time_is_committed_together():
    """A disk that takes its time makes batches larger, not answers later."""
    batches: list[list[int]] = []
    begin = threading.Event()

    def commit(items):
        begin.wait(5)
        batches.append(list(items))

    async with GroupCommit(commit) as group:
        first = asyncio.create_task(group.put(0))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(group.put(each)) for each in (1, 2, 3)]
        await asyncio.sleep(0.01)
        assert not first.done()
        begin.set()
        await asyncio.gather(first, *others)

    assert [[0], [1, 2, 3]] == batches


async def test_one_that_cannot_be_stored_leaves_the_others_stored():
    """Whose it is, is told."""
    stored: list[int] = []

    def commit(items):
        if 2 in items:
            raise DataError("INSERT", {}, Exception("no"))
        stored.extend(items)

    async with GroupCommit(commit) as group:
        came = await asyncio.gather(*map(group.put, (1, 2, 3)), return_exceptions=True)

    assert [1, 3] == stored
    assert [type(None), DataError, type(None)] == [type(each) for each in came]


async def test_a_database_that_is_down_is_told_to_all():
    """And asked once, not once for each."""
    asked: list[int] = []

    def commit(items):
        asked.append(len(items))
        raise OperationalError("BEGIN", {}, Exception("down"))

    async with GroupCommit(commit) as group:
        came = await asyncio.gather(*map(group.put, range(3)), return_exceptions=True)

    assert [3] == asked
    assert {OperationalError} == {type(each) for each in came}


async def test_more_than_can_be_held_are_refused(monkeypatch: pytest.MonkeyPatch):
    """Their senders come again."""
    monkeypatch.setattr(committing, "MOST_WAITING", 2)
    group: GroupCommit[int] = GroupCommit(lambda _: None)
    waiting = [asyncio.create_task(group.put(each)) for each in (1, 2)]
    await asyncio.sleep(0)

    with pytest.raises(BusyError):
        await group.put(3)

    for each in waiting:
        each.cancel()
