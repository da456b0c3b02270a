"""The clients of the OTLP mode: what is known of each, and how many there may be. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from exporters.page import Labels
from exporters.tools.otlp.items import Client
from exporters.tools.otlp.limits import MOST_CLIENTS, MOST_CLIENTS_OF_ADDRESS
from exporters.tools.otlp.streams import Increment

ACTIVE_SECONDS = 300.0
"""A client that sent something within them is one of those that are counted."""


@dataclass(slots=True)
class Heard:
    """A client, and what counts its calls."""

    told_region: str
    """As the client says it."""
    region: str
    """Of ours."""
    address: str
    """It was first heard from there."""
    sends_durations: bool = False
    spans_since: float | None = None
    held: dict[tuple[Labels, str], Increment] = field(default_factory=dict)
    """By labels and error type."""
    last_heard: dict[str, float] = field(default_factory=dict)
    """By signal."""


class Clients:
    """All clients. Nobody can shut the others out: an address may be half of them at most.

    Args:
        region: makes what a client says a region of ours.
    """

    def __init__(self, region: Callable[[str], str]) -> None:
        self._region = region
        self._heard: dict[bytes, Heard] = {}
        self._of_address: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Heard]:
        return iter(self._heard.values())

    def hear(self, client: Client, signal: str, address: str, now: float) -> Heard | None:
        """Return the client, known from now on; None if there are too many.

        Args:
            client: who sent something.
            signal: of which kind.
            address: from where.
            now: in seconds of a monotonic clock.
        """
        heard = self._heard.get(client.key)
        if heard is None:
            of_address = self._of_address[address]
            if len(self._heard) >= MOST_CLIENTS or of_address >= MOST_CLIENTS_OF_ADDRESS:
                return None
            heard = Heard(client.region, self._region(client.region), address)
            self._heard[client.key] = heard
            self._of_address[address] += 1
        heard.last_heard[signal] = now
        return heard

    def place_anew(self) -> None:
        """Find the regions again, of which there may be others now."""
        for heard in self:
            heard.region = self._region(heard.told_region)

    def forget(self, is_over: Callable[[bytes, Heard], bool]) -> None:
        """Forget those of whom nothing more is expected."""
        for key in [key for key, heard in self._heard.items() if is_over(key, heard)]:
            address = self._heard.pop(key).address
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]

    def active(self, now: float) -> Counter[tuple[str, str]]:
        """Return how many sent something lately, by region and signal."""
        return Counter(
            (heard.region, signal)
            for heard in self
            for signal, at in heard.last_heard.items()
            if now - at <= ACTIVE_SECONDS
        )
