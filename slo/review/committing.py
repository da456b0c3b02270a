"""Many commits in one: whoever waits for the disk at the same time waits once, together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from exporters.opening import Opened

Item = TypeVar("Item")

MOST_AT_ONCE = 256
MOST_WAITING = 5_000
"""More are refused: their senders come again."""


class BusyError(Exception):
    """So many wait already that another would only wait in vain."""


class GroupCommit(Opened, Generic[Item]):
    """Commits items, in the order that they came; nobody is answered before theirs is on disk."""

    def __init__(self, commit: Callable[[Sequence[Item]], None]) -> None:
        """Commit by a function that blocks, and that either commits all of its items or none."""
        self._commit = commit
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._work: asyncio.Task[None] | None = None
        self._is_wanted = asyncio.Event()

    async def put(self, item: Item) -> None:
        """Return once the item is committed.

        Raises:
            BusyError: if too many wait.
            sqlalchemy.exc.DBAPIError: if it could not be committed.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise BusyError
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        self._is_wanted.set()
        await done

    async def _open(self) -> None:
        self._work = asyncio.create_task(self._run())

    async def _close(self) -> None:
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        for _, done in self._waiting:
            done.cancel()

    async def _run(self) -> None:
        while True:
            await self._is_wanted.wait()
            batch, self._waiting = (
                self._waiting[:MOST_AT_ONCE],
                self._waiting[MOST_AT_ONCE:],
            )
            if not self._waiting:
                self._is_wanted.clear()
            await self._commit_all(batch)

    async def _commit_all(self, batch: list[tuple[Item, asyncio.Future[None]]]) -> None:
        try:
            await asyncio.to_thread(self._commit, [item for item, _ in batch])
        except OperationalError as error:  # of the database, not of what is in the batch
            _answer(batch, error)
        except DBAPIError as error:
            if len(batch) == 1:
                _answer(batch, error)
                return
            for each in batch:  # one that cannot be stored must not take the others with it
                await self._commit_all([each])
        except BaseException as error:
            _answer(batch, error if isinstance(error, Exception) else BusyError())
            if not isinstance(error, Exception):
                raise
        else:
            _answer(batch, None)


def _answer(batch: list[tuple[Item, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, done in batch:
        if not done.done():
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
