"""Sections of the GPU health board: all that is known of one host's GPUs."""

from __future__ import annotations

from typing import Any

from dashboards.layout import Band
from dashboards.panels import About, colored_column, row, state_timeline, table, time_series
from dashboards.queries import gpus
from dashboards.queries.query import Query
from dashboards.signs import GPU_STATES
from exporters import catalog
from exporters.catalog import Family

_SILENT = "No such host, or it does not tell"
_SEVERITIES = (("page", "red"), ("ticket", "orange"), ("info", "blue"), ("none", "green"))


def how_hosts_gpus_are() -> tuple[Band, ...]:
    """Return the states of the chosen host's GPUs, heat and clocks (ids 20 to 28)."""
    columns = (catalog.ACTION, catalog.REASON, catalog.SEVERITY, catalog.UUID, catalog.GROUP)
    return (
        Band(1, (row(20, "Host $host"),)),
        Band(7, (
            state_timeline(
                About(
                    21, "States of its GPUs", "Of each GPU: lost, hung, degraded, healthy.",
                    "short", "No such host", meanings=GPU_STATES,
                ),
                gpus.STATES,
            ),
            table(
                About(
                    22, "Its GPUs, and what to do",
                    "The reason of each GPU's state, how urgent it is, and what to do.",
                    "none", "No such host",
                    overrides=(colored_column(catalog.SEVERITY, _SEVERITIES),),
                ),
                gpus.WHAT_THEY_ARE,
                {each: each for each in columns},
            ),
        )),
        Band(8, (
            _line(
                23, "Temperature", "celsius", catalog.GPU_TEMPERATURE,
                "Of the GPU. One that is hotter than those beside it has a cooling of its own.",
            ),
            _line(
                24, "Memory temperature", "celsius", catalog.GPU_MEMORY_TEMPERATURE,
                "Of the memory, which throttles before the GPU does.",
            ),
            _line(
                25, "Power", "watt", catalog.GPU_POWER,
                "Of the board. One at the limit of its power is slowed down by it.",
            ),
            _line(
                26, "SM clock", "hertz", catalog.GPU_SM_CLOCK,
                "A clock below those beside it slows the whole group.",
            ),
        )),
        Band(8, (
            _graph(
                27, "Slowed down, by reason", "percentunit",
                gpus.per_second(catalog.GPU_CLOCK_EVENT_SECONDS, catalog.EVENT),
                "Share of time in which clocks were lowered: for heat, for power, by a brake.",
            ),
            _graph(
                28, "XIDs", "short", gpus.happened(catalog.GPU_XID_EVENTS),
                "XIDs of all codes within each step.",
            ),
        )),
    )  # fmt: skip


def what_they_measure() -> tuple[Band, ...]:
    """Return work, memory, links of the host's GPUs (ids 29 to 43)."""
    return (
        Band(1, (row(29, "Work and memory of its GPUs"),)),
        Band(8, (
            _line(
                30, "Utilization", "percentunit", catalog.GPU_UTILIZATION,
                "Share of time in which a kernel ran: 1 says busy, not fast. A hung GPU is at 1.",
            ),
            _line(
                31, "Tensor pipe", "percentunit", catalog.GPU_TENSOR_ACTIVE,
                "Share of cycles in which the tensor pipe was active: work that is really done.",
            ),
            _line(
                32, "Memory bandwidth", "percentunit", catalog.GPU_MEMORY_ACTIVE,
                "Share of the memory's bandwidth in use, which limits decoding.",
            ),
            _line(
                33, "Memory used", "bytes", catalog.GPU_MEMORY_USED,
                "Weights and KV cache: it is taken at the start, and stays.",
            ),
        )),
        Band(1, (row(34, "Errors and links of its GPUs"),)),
        Band(8, (
            _graph(
                35, "Memory errors", "short",
                gpus.happened(catalog.GPU_ECC_ERRORS, catalog.KIND, may_be_empty=True),
                "ECC errors within each step. Corrected ones are a warning; uncorrected ones kill "
                "what ran there.",
            ),
            _graph(
                36, "Rows remapped", "short",
                gpus.happened(catalog.GPU_REMAPPED_ROWS, catalog.KIND),
                "Rows of memory remapped within each step: spare rows are few.",
            ),
            _graph(
                37, "NVLink errors", "short",
                gpus.happened(catalog.GPU_NVLINK_ERRORS, catalog.KIND),
                "Errors of all NVLinks within each step. All members of a group talk over them at "
                "every step.",
            ),
            _graph(
                38, "NVLink traffic", "Bps",
                gpus.per_second(catalog.GPU_NVLINK_BYTES, catalog.DIRECTION, may_be_empty=True),
                "Bytes per second over all NVLinks, without overhead.",
            ),
        )),
        Band(8, (
            _graph(
                39, "PCIe traffic", "Bps",
                gpus.reading_by(catalog.GPU_PCIE_THROUGHPUT, catalog.DIRECTION),
                "Bytes per second, packets' headers included.",
            ),
            _graph(
                40, "PCIe replays", "short", gpus.happened(catalog.GPU_PCIE_REPLAYS),
                "Packets sent again within each step: a bad riser or slot shows here first.",
            ),
            _line(
                41, "Age of readings", "s", catalog.GPU_SAMPLE_AGE,
                "Seconds since each GPU last answered: one that hangs in the driver grows old.",
            ),
            _graph(
                42, "Energy", "watt", gpus.per_second(catalog.GPU_ENERGY),
                "Joules per second by the energy counter: between scrapes as well, which the power "
                "above is not.",
            ),
        )),
    )  # fmt: skip


def _line(id: int, title: str, unit: str, family: Family, description: str) -> Any:
    return _graph(id, title, unit, gpus.reading(family), description)


def _graph(id: int, title: str, unit: str, query: Query, description: str) -> Any:
    return time_series(About(id, title, description, unit, _SILENT), [query])
