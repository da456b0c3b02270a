"""The verdicts on all GPUs that a topology expects, from one collection to the next.

The gpu exporter serves them; the groups exporter counts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporters.gpu.inventory import Inventory
from exporters.gpu.readings import GpuReadings, Reading
from exporters.gpu.sightings import Reports, Setting, Sighting, Unread
from exporters.gpu.telemetry import TelemetryReader
from exporters.gpu.verdict import LINK_REASONS, Verdict, judge
from exporters.sources import Answers, Target
from exporters.topology import GpuPlace, Group, Member, Topology


@dataclass(frozen=True)
class LocalHealth:
    """How what reads the local GPUs is doing."""

    backends: Mapping[str, bool]
    """Libraries, and whether each is being read."""
    children_started: Mapping[str, int]
    """By library."""
    follows_kernel_log: bool | None
    """Whether XIDs come from the kernel's log as well; None where it is left alone."""


class LocalSource(Protocol):
    """What reads the GPUs of the host that the exporter runs on, without a page."""

    @property
    def host(self) -> str:
        """As the topology calls it."""

    @property
    def url(self) -> str:
        """Of no scheme that anybody could fetch: ``local://HOST``."""

    @property
    def health(self) -> LocalHealth:
        """How it is doing."""

    @property
    def others(self) -> frozenset[str]:
        """GPUs that are there and that nobody told it to expect."""

    def expect(self, uuids: Sequence[str], *, all_found: bool = False) -> None:
        """Take these for the GPUs of the host, as the topology has them now.

        Args:
            uuids: of the GPUs.
            all_found: whether those that are there beside them are to be read as well.
        """

    def read(self, body: bytes) -> GpuReadings:
        """Return the newest readings; the body says nothing."""


class HostReader(Protocol):
    """Reads the pages of one host."""

    def read(self, page: bytes) -> GpuReadings | Reports:
        """Return what is said of the GPUs on a page; raise PageError."""


@dataclass(frozen=True)
class HostCount:
    """GPUs of one host."""

    expected: int
    found: int
    """Of those that are expected; whether they answer is another matter."""
    unexpected: int
    """That are there, and in nobody's inventory."""
    driver: str | None = None
    """Its version; None if no GPU tells."""


@dataclass
class _Host:
    """One page, or the local host, and what is remembered of it."""

    name: str
    target: Target[GpuReadings | Reports]
    local: LocalSource | None = None
    seats: list[_Seat] = field(default_factory=list)
    shown: GpuReadings | Reports | None = None
    """At the last look that saw something."""
    refreshes: int = 0
    """How often it was seen to have measured anew."""
    blank_since: float | None = None
    """When all its GPUs lost their values."""
    is_read: bool = False
    """Whether it was, by the last look."""
    stands: bool = False
    """Whether the last look saw the very readings of the look before: nothing was read anew."""
    stood_until: float | None = None
    """When that was last so, if it was at the last look or the one before."""
    stood_at: float | None = None
    """When the last look was, if it saw the very readings of the look before."""

    @property
    def gpus(self) -> list[str]:
        """Those that are expected."""
        return [uuid for seat in self.seats for uuid in seat.gpus]

    def look(self, content: GpuReadings | Reports | None, now: float) -> None:
        """Take what one collection saw; None if it saw nothing."""
        stands = self.is_read and content is not None and content is self.shown
        if stands:
            self.stood_until = now
        elif not self.stands:
            self.stood_until = None
        self.is_read, self.stands = content is not None, stands
        if content is None or stands:
            return
        self._learn(content)
        if self.shown and any(content.get(uuid, old) != old for uuid, old in self.shown.items()):
            self.refreshes += 1
        self.shown = content
        # What says itself how its GPUs are is not blind.
        is_page = self.local is None and not isinstance(content, Reports)
        if not is_page or not all(
            isinstance(each, Reading) and each.is_blank for each in content.values()
        ):
            self.blank_since = None
        elif self.blank_since is None:
            self.blank_since = now

    def setting(self, now: float, gpus_of_group: int, *, has_lost_peer: bool = False) -> Setting:
        """Return what a GPU of the host stands in."""
        blank = None if self.blank_since is None else now - self.blank_since
        # The local source says itself how old a reading is.
        refreshes = None if self.local else self.refreshes
        return Setting(gpus_of_group, has_lost_peer, refreshes, blank)

    def see(self, uuid: str) -> Sighting:
        """Return what the last look saw of a GPU."""
        if not self.is_read or self.shown is None:
            return Unread.UNREACHABLE
        # A dcgm-exporter leaves out what is lost; an exporter of ours leaves out nothing it knows.
        is_whole = isinstance(self.shown, GpuReadings) and self.shown.is_whole
        return self.shown.get(uuid, Unread.MISSING if is_whole else Unread.UNREACHABLE)

    def count(self) -> HostCount | None:
        """Return how many GPUs it has; None while nobody knows."""
        if not self.is_read or not isinstance(self.shown, GpuReadings):
            return None
        gpus = set(self.gpus)
        there = {uuid for uuid, each in self.shown.items() if each.trouble != "missing"}
        others = self.local.others if self.local else there - gpus
        drivers = (each.driver_version for each in self.shown.values())
        driver = next((each for each in drivers if each), None)
        return HostCount(len(gpus), len(there & gpus), len(others), driver)

    def _learn(self, content: GpuReadings | Reports) -> None:
        for seat in self.seats:
            if seat.inventory:
                taken = {uuid for other in self.seats if other is not seat for uuid in other.gpus}
                seat.inventory.look(content, taken)


@dataclass(frozen=True, eq=False)
class _Seat:
    """A member of a group, on its host."""

    group: Group
    member: Member
    inventory: Inventory | None
    """Where the topology does not name its GPUs."""

    @property
    def gpus(self) -> Sequence[str]:
        """Those that are expected."""
        return self.inventory.gpus if self.inventory else self.member.gpus


class WatchedGpus:
    """The GPUs of hosts that have telemetry; or, with a local source, of its host alone.

    Args:
        topology: names the GPUs and the hosts' pages; a page shared by groups is read once. A
            member without GPUs has those that its host shows (:mod:`exporters.gpu.inventory`).
        shown: whether the pages are listed among the exporter's own sources.
        local: reads the local host's GPUs, whether it has a page or not.
        make_reader: makes what reads the pages of one host.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        shown: bool = True,
        local: LocalSource | None = None,
        make_reader: Callable[[], HostReader] = TelemetryReader,
    ) -> None:
        self._verdicts: dict[str, Verdict] = {}
        self._hosts: dict[str, _Host] = {}
        """By the page's address."""
        members = Counter(m.host for group in topology.groups for m in group.members)
        self._listed = {
            group.name: sum(len(member.gpus) for member in group.members)
            for group in topology.groups
        }
        self._seats: dict[str, list[_Seat]] = {group.name: [] for group in topology.groups}
        for group in topology.groups:
            for member in group.members:
                if local and member.host != local.host:
                    continue
                url = local.url if local else member.telemetry
                if url is None:
                    continue
                if url not in self._hosts:
                    target: Target[GpuReadings | Reports] = Target(
                        member.host, group.region, url,
                        local.read if local else make_reader().read, shown,
                        "" if local else "hosts",
                    )  # fmt: skip
                    self._hosts[url] = _Host(member.host, target, local)
                inventory = None if member.gpus else Inventory(
                    member.pod, is_alone=members[member.host] == 1
                )  # fmt: skip
                seat = _Seat(group, member, inventory)
                self._hosts[url].seats.append(seat)
                self._seats[group.name].append(seat)
        self.targets = [host.target for host in self._hosts.values()]
        self._local = local
        self._is_open = any(s.inventory for host in self._hosts.values() for s in host.seats)
        """Whether there are seats whose GPUs nobody names: they come and go with what is found."""
        self.places: Sequence[GpuPlace] = ()
        """Every GPU that is watched, and where it stands: in the topology's order."""
        self._expect()

    def of_group(self, name: str) -> list[str]:
        """Return the GPUs of a group that are watched, by UUID."""
        return [uuid for seat in self._seats[name] for uuid in seat.gpus]

    def size(self, name: str) -> int:
        """Return how many GPUs a group has: those that the topology names, and those found."""
        found = (len(seat.gpus) for seat in self._seats[name] if seat.inventory)
        return self._listed[name] + sum(found)

    def judge(self, answers: Answers, now: float) -> dict[str, Verdict]:
        """Return the verdict on each GPU, by UUID, in the topology's order."""
        before, self._verdicts = self._verdicts, {}
        for host in self._hosts.values():
            host.look(answers[host.target].content, now)
        if self._is_open or self._local:
            self._expect()
        host_of = self._host_of
        gone: Counter[str] = Counter()
        places = self.places
        for place in places:
            host = host_of[place.uuid]
            known = before.get(place.uuid)
            if known and known.reading and known.is_settled and host.stood_until is not None:
                if host.stands:
                    self._verdicts[place.uuid] = known
                    continue
                # What grows is compared with how it was at the look before this one.
                setting = host.setting(host.stood_until, self.size(place.group.name))
                known = before[place.uuid] = judge(known.reading, known, host.stood_until, setting)
            setting = host.setting(now, self.size(place.group.name))
            verdict = judge(host.see(place.uuid), known, now, setting)
            self._verdicts[place.uuid] = verdict
            gone[host.name] += verdict.state in ("lost", "hung")
        for place in places:
            host = host_of[place.uuid]
            if gone[host.name] and self._verdicts[place.uuid].reason in LINK_REASONS:
                setting = host.setting(now, self.size(place.group.name), has_lost_peer=True)
                verdict = judge(host.see(place.uuid), before.get(place.uuid), now, setting)
                self._verdicts[place.uuid] = verdict
        return self._verdicts

    def take_over(self, earlier: WatchedGpus) -> None:
        """Go on from what was known under another topology, of what both expect."""
        for url, host in self._hosts.items():
            if (same := earlier._hosts.get(url)) is None:
                continue
            host.shown, host.refreshes = same.shown, same.refreshes
            host.blank_since = same.blank_since
            known = {(s.group.name, s.member.pod): s.inventory for s in same.seats}
            for seat in host.seats:
                old = known.get((seat.group.name, seat.member.pod))
                if seat.inventory and old:
                    seat.inventory.gpus = old.gpus
        self._expect()
        uuids = self._host_of
        self._verdicts = {u: verdict for u, verdict in earlier._verdicts.items() if u in uuids}

    @property
    def hosts(self) -> dict[str, HostCount]:
        """How many GPUs each host has, by its name: of those that could be read."""
        counts = {host.name: host.count() for host in self._hosts.values()}
        return {name: count for name, count in counts.items() if count}

    @property
    def hosts_of_groups(self) -> Iterator[tuple[Group, str]]:
        """Each group with each host that it has GPUs on."""
        for seats in self._seats.values():
            for host in dict.fromkeys(seat.member.host for seat in seats):
                yield seats[0].group, host

    def reading(self, uuid: str) -> Reading | None:
        """Return what the last collection read of a GPU; None if nothing."""
        host = self._host_of.get(uuid)
        sighting = host.see(uuid) if host else None
        return sighting if isinstance(sighting, Reading) else None

    def _expect(self) -> None:
        """Take note of which GPUs are expected where, and tell the local source."""
        self._host_of = {uuid: host for host in self._hosts.values() for uuid in host.gpus}
        self.places = [
            GpuPlace(uuid, seat.member.host, seat.group)
            for seats in self._seats.values()
            for seat in seats
            for uuid in seat.gpus
        ]
        if self._local:
            self._local.expect(list(self._host_of), all_found=self._is_open)
