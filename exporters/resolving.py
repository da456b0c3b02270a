"""Names of hosts to addresses, so that a name server that hangs costs its own names only.

The system's resolver blocks, for up to half a minute. Asked in threads that everybody shares, a few
names that do not resolve keep all others from it, and with them whatever else needs a thread. So
each question has a thread of its own, which nobody waits for at the end; one name has one at a
time; and an address that was good once is used while it is asked for anew.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp.abc import AbstractResolver, ResolveResult

GOOD_SECONDS = 60.0
"""Until an address is asked for anew."""
FAILED_SECONDS = 10.0
"""Until a name that did not resolve is asked for anew."""
MOST_AT_ONCE = 64
"""Questions under way. Names that failed before have half of them."""
_MOST_NAMES = 10_000
"""That are remembered. They come and go with the topology."""

Look = Callable[[str, socket.AddressFamily], list[ResolveResult]]


@dataclass
class _Name:
    """What is known of a name."""

    found: list[ResolveResult] = field(default_factory=list)
    error: OSError | None = None
    due_at: float = 0.0
    flight: asyncio.Task[None] | None = None


class Resolver(AbstractResolver):
    """Resolves names for one aiohttp session.

    Args:
        look: asks the system, and blocks.
        clock: in seconds.
    """

    def __init__(
        self, look: Look | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look or ask_system
        self._clock = clock
        self._names: dict[tuple[str, socket.AddressFamily], _Name] = {}
        self._all = asyncio.Semaphore(MOST_AT_ONCE)
        self._failing = asyncio.Semaphore(MOST_AT_ONCE // 2)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            OSError: if it has none, as far as is known.
        """
        name = self._names.get((host, family))
        if name is None:
            if len(self._names) >= _MOST_NAMES:
                self._names.clear()
            name = self._names[host, family] = _Name()
        if self._clock() >= name.due_at and (name.flight is None or name.flight.done()):
            name.flight = asyncio.create_task(self._ask(name, host, family))
        if not name.found and name.flight and not name.flight.done():
            await asyncio.shield(name.flight)
        if not name.found:
            raise name.error or OSError(None, f"{host} does not resolve")
        return [_with_port(each, port) for each in name.found]

    async def close(self) -> None:
        """Leave all questions to themselves."""
        for name in self._names.values():
            if name.flight:
                name.flight.cancel()
        self._names.clear()

    async def _ask(self, name: _Name, host: str, family: socket.AddressFamily) -> None:
        try:
            if name.error:
                async with self._failing, self._all:
                    found = await _in_a_thread(self._look, host, family)
            else:
                async with self._all:
                    found = await _in_a_thread(self._look, host, family)
        except socket.gaierror as error:
            name.error, name.due_at = error, self._clock() + FAILED_SECONDS
            if error.errno not in _MAY_PASS:
                # There is no such name any more: its address may be another's by now.
                name.found = []
        except (OSError, UnicodeError) as error:
            name.error = error if isinstance(error, OSError) else OSError(None, f"{host}: {error}")
            name.due_at = self._clock() + FAILED_SECONDS
        else:
            name.found, name.error = found, None
            name.due_at = self._clock() + GOOD_SECONDS


_MAY_PASS = (socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY, socket.EAI_FAIL)


def ask_system(host: str, family: socket.AddressFamily) -> list[ResolveResult]:
    """Return what the system's resolver says; blocks.

    Raises:
        OSError: if it finds nothing.
    """
    infos = socket.getaddrinfo(
        host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [
        ResolveResult(
            hostname=host, host=str(address[0]), port=0, family=of, proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for of, _, protocol, _, address in infos
    ]  # fmt: skip


async def _in_a_thread(look: Look, host: str, family: socket.AddressFamily) -> list[ResolveResult]:
    """Return what ``look`` returns, from a thread that the process does not wait for at its end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[ResolveResult]] = loop.create_future()

    def tell(found: list[ResolveResult] | None, error: Exception | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error or found is None:
            future.set_exception(error or OSError(None, "no answer"))
        else:
            future.set_result(found)

    def ask() -> None:
        found, error = None, None
        try:
            found = look(host, family)
        except Exception as caught:  # noqa: BLE001 - whoever waits gets it
            error = caught
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(tell, found, error)

    threading.Thread(target=ask, name=f"resolving {host}", daemon=True).start()
    return await future


def _with_port(result: ResolveResult, port: int) -> ResolveResult:
    with_port = result.copy()
    with_port["port"] = port
    return with_port
