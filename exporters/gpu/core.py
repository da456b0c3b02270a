"""The core of the gpu exporter: hosts' telemetry in, a page with every expected GPU out."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from exporters import catalog
from exporters.catalog import Family
from exporters.folding import Folder
from exporters.gpu.dcgm_page import DcgmPage
from exporters.gpu.members import LocalSource, WatchedGpus
from exporters.gpu.readings import RECOVERY_ACTIONS, Reading
from exporters.gpu.tallies import Tally
from exporters.gpu.verdict import Verdict
from exporters.page import Labels, Page
from exporters.sources import Answers
from exporters.topology import Topology

_DRIVER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}")
"""As NVIDIA numbers drivers: ``580.95.05``."""

PLAIN: Mapping[str, Family] = {
    "temperature_celsius": catalog.GPU_TEMPERATURE,
    "memory_temperature_celsius": catalog.GPU_MEMORY_TEMPERATURE,
    "power_watts": catalog.GPU_POWER,
    "power_limit_watts": catalog.GPU_POWER_LIMIT,
    "energy_joules": catalog.GPU_ENERGY,
    "utilization_ratio": catalog.GPU_UTILIZATION,
    "graphics_active_ratio": catalog.GPU_GRAPHICS_ACTIVE,
    "sm_active_ratio": catalog.GPU_SM_ACTIVE,
    "sm_occupancy_ratio": catalog.GPU_SM_OCCUPANCY,
    "tensor_active_ratio": catalog.GPU_TENSOR_ACTIVE,
    "memory_active_ratio": catalog.GPU_MEMORY_ACTIVE,
    "sm_clock_hertz": catalog.GPU_SM_CLOCK,
    "memory_clock_hertz": catalog.GPU_MEMORY_CLOCK,
    "memory_used_bytes": catalog.GPU_MEMORY_USED,
    "memory_free_bytes": catalog.GPU_MEMORY_FREE,
    "memory_reserved_bytes": catalog.GPU_MEMORY_RESERVED,
    "row_remap_pending": catalog.GPU_ROW_REMAP_PENDING,
    "row_remap_failure": catalog.GPU_ROW_REMAP_FAILURE,
    "pcie_replays": catalog.GPU_PCIE_REPLAYS,
}
"""Numbers of a reading that are served as they are."""

SPLIT: Mapping[str, tuple[Family, str]] = {
    "ecc_corrected_errors": (catalog.GPU_ECC_ERRORS, "corrected"),
    "ecc_uncorrected_errors": (catalog.GPU_ECC_ERRORS, "uncorrected"),
    "remapped_rows_correctable": (catalog.GPU_REMAPPED_ROWS, "correctable"),
    "remapped_rows_uncorrectable": (catalog.GPU_REMAPPED_ROWS, "uncorrectable"),
    "nvlink_sent_bytes": (catalog.GPU_NVLINK_BYTES, "sent"),
    "nvlink_received_bytes": (catalog.GPU_NVLINK_BYTES, "received"),
    "pcie_sent_bytes_per_second": (catalog.GPU_PCIE_THROUGHPUT, "sent"),
    "pcie_received_bytes_per_second": (catalog.GPU_PCIE_THROUGHPUT, "received"),
}
"""Numbers that share a family, with the label's value of each."""


class GpuCore:
    """Watches the GPUs of a topology. Nothing is served of a GPU whose host has no telemetry.

    Args:
        topology: says which GPUs there are.
        local: reads those of this host, without a page; then no other host is watched.
        wall: tells the time of day, in Unix seconds.
        dcgm_names: whether the local GPUs are served under dcgm-exporter's names too.
    """

    name = "gpu"
    samples_itself = True

    def __init__(
        self,
        topology: Topology,
        local: LocalSource | None = None,
        wall: Callable[[], float] = time.time,
        *,
        dcgm_names: bool = False,
    ) -> None:
        self.cluster = topology.cluster
        self._gpus = WatchedGpus(topology, local=local)
        self._local = local
        self._wall = wall
        self._dcgm = DcgmPage(local.host) if dcgm_names and local else None
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self._answered_at: dict[str, float] = {}
        self._folder = Folder(self.name, (catalog.CODE, catalog.VERSION))
        self.targets = self._gpus.targets

    def take_over(self, earlier: GpuCore) -> None:
        """Go on from what was counted of the GPUs that both topologies have."""
        self._gpus.take_over(earlier._gpus)
        self._folder.take_over(earlier._folder)
        for place in self._gpus.places:
            uuid = place.uuid
            if uuid in earlier._tallies:
                self._tallies[uuid] = earlier._tallies[uuid]
            if uuid in earlier._answered_at:
                self._answered_at[uuid] = earlier._answered_at[uuid]

    def observe(self, answers: Answers, now: float) -> Page:
        """Return the page for one collection."""
        verdicts = self._gpus.judge(answers, now)
        page, wall = Page(), self._wall()
        for place in self._gpus.places:
            uuid, group = place.uuid, place.group
            verdict = verdicts[uuid]
            labels = (self.cluster, group.region, group.model, group.name, place.host, uuid)
            _add_verdict(page, labels, verdict)
            tally = self._tallies[uuid]
            tally.take(self._gpus.reading(uuid), now, wall)
            self._add_age(page, labels, uuid, verdict, now)
            self._add_xids(page, labels, tally, verdict)
            if verdict.answers and verdict.reading:
                _add_reading(page, labels, verdict.reading, tally)
                if self._dcgm:
                    self._dcgm.add(page, uuid, verdict.reading, now)
        self._add_hosts(page)
        self._folder.add_to(page, now)
        return page

    def _add_hosts(self, page: Page) -> None:
        hosts = self._gpus.hosts
        for host, count in hosts.items():
            labels = (self.cluster, host)
            page.of(catalog.GPU_HOST_EXPECTED)[labels] = float(count.expected)
            page.of(catalog.GPU_HOST_FOUND)[labels] = float(count.found)
            page.of(catalog.GPU_HOST_UNEXPECTED)[labels] = float(count.unexpected)
        for group, host in self._gpus.hosts_of_groups:
            if host in hosts and (version := hosts[host].driver):
                place = (self.cluster, group.region, group.model, group.name, host)
                page.of(catalog.GPU_DRIVER)[*place, self._known_driver(version)] = 1.0
        if self._local is None:
            return
        here, health = (self.cluster, self._local.host), self._local.health
        for backend, is_up in health.backends.items():
            page.of(catalog.GPU_BACKEND_UP)[*here, backend] = float(is_up)
        for backend, children in health.children_started.items():
            page.of(catalog.GPU_CHILDREN)[*here, backend] = float(children)
        if health.follows_kernel_log is not None:
            page.of(catalog.GPU_KERNEL_LOG)[here] = float(health.follows_kernel_log)

    def _known_driver(self, version: str) -> str:
        if _DRIVER.fullmatch(version):
            return version
        self._folder.count(catalog.VERSION, version)
        return catalog.OTHER

    def _add_age(self, page: Page, labels: Labels, uuid: str, verdict: Verdict, now: float) -> None:
        if verdict.answers and verdict.reading:
            self._answered_at[uuid] = now - verdict.reading.age_seconds
        if uuid in self._answered_at:
            page.of(catalog.GPU_SAMPLE_AGE)[labels] = now - self._answered_at[uuid]

    def _add_xids(self, page: Page, labels: Labels, tally: Tally, verdict: Verdict) -> None:
        xids = tally.xids(verdict.xids)
        by_code, times = page.of(catalog.GPU_XIDS), page.of(catalog.GPU_XID_TIME)
        for xid in xids:
            code = str(xid.code)
            if code not in catalog.XID_CODES:
                self._folder.count(catalog.CODE, code)
                code = catalog.OTHER
            key = (*labels, code)
            by_code[key] = by_code.get(key, 0.0) + xid.count
            times[key] = max(times.get(key, 0.0), xid.last_at or 0.0)
        page.of(catalog.GPU_XID_EVENTS)[labels] = float(sum(xid.count for xid in xids))
        page.of(catalog.GPU_XID_BURSTS)[labels] = float(tally.bursts)


def _add_verdict(page: Page, labels: Labels, verdict: Verdict) -> None:
    page.of(catalog.GPU_UP)[labels] = float(verdict.answers)
    page.choose(catalog.GPU_STATE, labels, catalog.GPU_STATES, verdict.state)
    page.of(catalog.GPU_REASON)[*labels, verdict.reason] = 1.0
    page.of(catalog.GPU_VERDICT)[*labels, verdict.severity, verdict.action] = 1.0
    if verdict.answers or verdict.xid:
        page.of(catalog.GPU_LAST_XID)[labels] = float(verdict.xid)


def _add_reading(page: Page, labels: Labels, reading: Reading, tally: Tally) -> None:
    measured = reading.measured
    for name, family in PLAIN.items():
        if name in measured:
            page.of(family)[labels] = measured[name]
    for name, (family, word) in SPLIT.items():
        if name in measured:
            page.of(family)[*labels, word] = measured[name]
    for event, seconds in (tally.clock_seconds(reading) or {}).items():
        page.of(catalog.GPU_CLOCK_EVENT_SECONDS)[*labels, event] = seconds
    for kind, count in (reading.nvlink_errors or {}).items():
        page.of(catalog.GPU_NVLINK_ERRORS)[*labels, kind] = count
    if reading.fabric_state:
        health = reading.fabric_health or "not_supported"
        page.of(catalog.GPU_FABRIC)[*labels, reading.fabric_state, health] = 1.0
    if reading.recovery_action is not None:
        action = RECOVERY_ACTIONS[reading.recovery_action]
        page.of(catalog.GPU_RECOVERY_ACTION)[*labels, action] = 1.0
    for part in reading.mig:
        where = (str(part.gpu_instance), str(part.compute_instance), part.profile)
        page.of(catalog.GPU_MIG)[*labels, *where] = 1.0
    for rank in reading.ranks:
        page.of(catalog.GPU_RANK)[*labels, rank] = 1.0
