"""What works within ``async with`` only, so that nothing stays open behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Opened(ABC):
    """Opened at the beginning of ``async with``, closed at its end, however it ends."""

    @abstractmethod
    async def _open(self) -> None:
        """Begin to work."""

    @abstractmethod
    async def _close(self) -> None:
        """Let go of everything."""

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()
