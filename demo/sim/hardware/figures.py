"""The figures of the simulated hardware, from ``hardware.yaml``, where each has its source."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from exporters.documents import Document, Place, read_document
from exporters.problems import InputError, Problem

Cause = Literal[
    "lost-gpu",
    "nvlink",
    "hbm",
    "sram",
    "gsp",
    "thermal",
    "silent-corruption",
    "host",
    "network",
    "software-hang",
]
Reach = Literal["host", "rack", "power"]
"""What neighbours have in common with what fails first."""


def _value_of(entry: Any) -> Any:
    if not isinstance(entry, dict) or entry.keys() != {"value", "source"}:
        raise ValueError(f"found {entry!r}, expected a value and its source")
    return entry["value"]


def _whole(shares: dict[Cause, float]) -> dict[Cause, float]:
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError(f"found shares that sum to {sum(shares.values()):g}, expected 1")
    return shares


Figure = Annotated[float, BeforeValidator(_value_of), Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GpuFigures(_Strict):
    """What one GPU draws, runs at and holds."""

    memory_mib: Figure
    reserved_mib: Figure
    sm_clock_mhz: Figure
    idle_sm_clock_mhz: Figure
    memory_clock_mhz: Figure
    idle_watts: Figure
    resting_watts: Figure
    waiting_watts: Figure
    loading_watts: Figure
    least_working_watts: Figure
    most_working_watts: Figure
    power_growth: Figure
    used_memory_ratio: Figure
    spread_ratio: Figure
    noise_ratio: Figure


class HeatFigures(_Strict):
    """How GPUs and racks warm up, and what they do then."""

    inlet_celsius: Figure
    celsius_per_watt: Figure
    heating_seconds: Figure
    memory_offset_celsius: Figure
    limit_celsius: Figure
    slowdown_celsius: Figure
    shutdown_celsius: Figure
    rack_rise_celsius: Figure
    rack_seconds: Figure
    restart_celsius: Figure
    power_of_clock: Figure
    least_clock_ratio: Figure


class FailureRow(_Strict):
    """A row of the published table of failures."""

    name: str
    count: Annotated[int, Field(gt=0)]
    source: str
    causes: Annotated[dict[Cause, Ratio], AfterValidator(_whole)]
    """What it is here, by share."""


class CauseFigures(_Strict):
    """How long a failure lasts, and whom it takes with it."""

    hours_median: Positive
    hours_sigma: Annotated[float, Field(ge=0)]
    source: str
    spreads: dict[Reach, Ratio] = {}
    """Share of such failures that take neighbours with them."""


class FailureFigures(_Strict):
    """How often what fails."""

    gpu_hours: Figure
    """In which the counts of the rows happened."""
    rows: Annotated[list[FailureRow], Field(min_length=1)]
    causes: dict[Cause, CauseFigures]
    contained_ratio: Figure
    nvlink_hangs_ratio: Figure
    nvlink_slowness_ratio: Figure
    nvlink_crc_per_second: Figure
    thermal_slowness_ratio: Figure
    cooling_lost_ratio: Figure


class HardwareFigures(_Strict):
    """All of ``hardware.yaml``."""

    sources: dict[str, str]
    gpu: GpuFigures
    heat: HeatFigures
    failures: FailureFigures


@cache
def read_hardware_figures() -> HardwareFigures:
    """Return the figures of the file beside this module."""
    return parse_hardware_figures(read_document(Path(__file__).parent / "hardware.yaml"))


def parse_hardware_figures(document: Document) -> HardwareFigures:
    """Return the figures that a document holds.

    Raises:
        InputError: if a figure is missing, is no number, or names a source that is not listed.
    """
    figures = document.parse(HardwareFigures)
    if problems := list(_unknown_sources(document, document.data, (), figures.sources)):
        raise InputError(problems)
    missing = {cause for row in figures.failures.rows for cause in row.causes}
    if missing := missing - figures.failures.causes.keys():
        found = f"no repair time of {', '.join(sorted(missing))}, which rows name"
        raise InputError([document.problem(("failures", "causes"), found, "add it")])
    return figures


def _unknown_sources(
    document: Document, data: Any, place: Place, sources: dict[str, str]
) -> Iterator[Problem]:
    if isinstance(data, list):
        for at, each in enumerate(data):
            yield from _unknown_sources(document, each, (*place, at), sources)
    elif isinstance(data, dict):
        if "source" in data and data["source"] not in sources:
            expected = f"one of: {', '.join(sources)}"
            yield document.problem(
                (*place, "source"), f"found {data['source']!r}, expected {expected}"
            )
        for key, each in data.items():
            yield from _unknown_sources(document, each, (*place, key), sources)
