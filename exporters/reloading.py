"""What is read again when it changes, without a restart; a bad new content is not taken."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from exporters.problems import InputError

CHECK_SECONDS = 5.0
"""How often it is looked whether a file changed."""

_LOG = logging.getLogger("shardwatch")

Content = TypeVar("Content")


class Reloaded(Generic[Content]):
    """Content of files or of a service.

    Args:
        name: one of ``catalog.RELOADED_FILES``.
        content: as it was read at the start.
        read: reads it again; raises InputError. Runs in a thread.
        look: returns what tells whether there is something new to read; None if it is to be read
            every time. Runs in a thread.
        clock: gives Unix time.
    """

    def __init__(
        self,
        name: str,
        content: Content,
        read: Callable[[], Content],
        look: Callable[[], Hashable] | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.content = content
        self.is_good = True
        """Whether what was last read is what is in use."""
        self.failures = 0
        self.last_success_at = clock()
        """Unix time at which ``content`` was read; 0 if it never could be."""
        self._read = read
        self._look = look
        self._clock = clock
        self._seen = look() if look else None
        self._last_error = ""

    async def check(self, *, is_forced: bool = False) -> bool:
        """Read again if there is something new; return whether the content became another.

        What cannot be used is counted, and said once. If it is forced, all is read in any case.
        """
        seen = None
        if self._look:
            seen = await asyncio.to_thread(self._look)
            if seen == self._seen and not is_forced:
                return False
        self._seen = seen
        try:
            content = await asyncio.to_thread(self._read)
        except InputError as error:
            self._note_failure(str(error))
            return False
        except Exception as error:  # noqa: BLE001 - the exporter goes on with what it has
            self._note_failure(f"{type(error).__name__}: {error}")
            return False
        if not self.is_good:
            _LOG.info("%s: can be used again", self.name)
        self.is_good, self._last_error = True, ""
        self.last_success_at = self._clock()
        if content == self.content:
            return False
        self.content = content
        _LOG.info("%s: read again", self.name)
        return True

    def fail(self, error: InputError) -> None:
        """Begin without content: what there is stands for one that could not be had."""
        self.last_success_at = 0.0
        self._note_failure(str(error))

    def _note_failure(self, error: str) -> None:
        self.is_good = False
        self.failures += 1
        if error != self._last_error:
            stays = "the earlier one stays in use" if self.last_success_at else "there is none yet"
            _LOG.error("%s: %s:\n%s", self.name, stays, error)
        self._last_error = error


def stamps(files: Iterable[Path]) -> Hashable:
    """Return what changes when one of some files does, or comes, or goes."""
    found: list[Hashable] = []
    for file in files:
        try:
            state = file.stat()
        except OSError:
            found.append((str(file), None))
        else:
            # Not the time alone: a file may be replaced by an older one.
            found.append((str(file), (state.st_mtime_ns, state.st_size, state.st_ino)))
    return tuple(found)
