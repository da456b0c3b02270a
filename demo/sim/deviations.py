"""How far the simulated service is from what was published: measured, each figure by its name.

What comes out of a long run is held against the figures, not what was put into it: tokens that were
found in caches, tokens for each first token and each answer in truth, the times that an engine's
page shows after a day, how long tool calls lasted, how many incidents there were. Figures that are
chosen have nothing to deviate from and are left out.

Lengths were published as quantiles. A page shows these as they were put in, for an engine's
histograms of lengths are its finished requests times constant shares; what can go wrong is how many
tokens requests really had. So lengths are compared in their means: that which follows from the
published quantiles (:mod:`demo.sim.service`), and tokens over requests.

A page's buckets (1, 2, 5, 10 ...) say of a time's quantile only which bucket it is in. So a figure
is a range, on either side, and two ranges that meet do not deviate: to interpolate in a bucket
would measure the bucket, by up to 30 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from demo.sim.hardware.failure_rates import measure_failures
from demo.sim.hardware.figures import read_hardware_figures
from demo.sim.pages import Pages
from demo.sim.plan import planned_fleet
from demo.sim.routers.counts import OK
from demo.sim.service import model_figures, output_lengths, prompt_lengths
from demo.sim.simulation import Simulation
from demo.sim.state import State
from demo.sim.tools.deviations import measure_tools
from demo.sim.truth import CACHED, GENERATED, PROMPT
from demo.traffic.demand import CHOSEN
from demo.traffic.figures import figures
from demo.weektime import DAY_SECONDS
from exporters.exposition import PageReader

DEEPSEEK_TOKENS_PER_SECOND_AND_USER = (20.0, 22.0)  # [deepseek]
CONVERSING = ("chat", "reason")
"""Models like the service that was measured there."""
MLPERF_FIRST_TOKEN_SECONDS = 6.0
MLPERF_SECONDS_PER_TOKEN = 0.175
"""At the 0.99 quantile, at the most: Llama 3.1 405B, server."""
SOURCES = {
    "mlperf": (
        "MLPerf inference rules, Llama 3.1 405B, server: limits of the 0.99 quantiles",
        "https://github.com/mlcommons/inference_policies/blob/master/inference_rules.adoc",
    ),
    "llama3": (
        "The Llama 3 Herd of Models, table 5: interruptions of 54 days on 16,384 H100",
        "https://arxiv.org/abs/2407.21783",
    ),
}
"""Title and address of those that ``figures.yaml`` does not have."""

TUESDAY = datetime(2026, 9, 22, tzinfo=UTC).timestamp()
"""A working day begins."""
REGION = "eu"
"""Whose engines' pages are read, of each model the first."""
PER_MILLION = 1e6
MEAN_OF_QUANTILES = "mean of its quantiles"
_MOST = 1e-12


@dataclass(frozen=True)
class Deviation:
    """One figure, published and measured, each as a range that may be a point."""

    name: str
    published: tuple[float, float]
    measured: tuple[float, float]
    source: str
    note: str = ""
    """How the published figure follows from what the source says, if it is not there as such."""

    @property
    def ratio(self) -> float:
        """How far the ranges are apart, in parts of the published end; 0 if they meet."""
        (low, high), (least, most) = self.published, self.measured
        if most < low:
            return 1 - most / low
        return least / max(high, _MOST) - 1 if least > high else 0.0


@dataclass(frozen=True)
class Effort:
    """How long is measured: longer is nearer to the truth, for rare things most of all."""

    days: float = 1.0
    """Of the whole service."""
    tool_days: float = 7.0
    gpu_hours: int = 1_500_000_000
    """The rarest cause of failures is then known to 5 % (a standard deviation)."""
    seed: int = 1


def measure_deviations(effort: Effort = Effort()) -> list[Deviation]:
    """Return every deviation, in the order of the table."""
    return [*_service_deviations(effort), *_tool_deviations(effort), *_failure_rates(effort)]


def worst(deviations: list[Deviation]) -> Deviation:
    """Return the deviation that is farthest off."""
    return max(deviations, key=lambda each: each.ratio)


def _service_deviations(effort: Effort) -> Iterator[Deviation]:
    fleet = planned_fleet()
    simulation = Simulation(fleet, seed=effort.seed, now=TUESDAY, failure_rate=0)
    state = simulation.state
    steps = round(effort.days * DAY_SECONDS / fleet.step_seconds)
    speeds = np.zeros(fleet.groups)
    for _ in range(steps):
        simulation.step()
        speeds += 1 / state.engines.step_seconds
    for model in sorted({model for _, model in fleet.cells}):
        yield from _token_deviations(state, model)
    pages = Pages(fleet, state.tools.cells)
    for model in sorted({model for _, model in fleet.cells}):
        first = fleet.cells.index((REGION, model))
        group = int(np.flatnonzero(fleet.cell_of_group == first)[0])
        yield from _page_deviations(model, pages.engine(state, group))
    conversing = np.array([fleet.cells[at][1] in CONVERSING for at in fleet.cell_of_group])
    mean = float(speeds[conversing].mean()) / steps
    yield Deviation(
        "tokens_per_second_and_user",
        DEEPSEEK_TOKENS_PER_SECOND_AND_USER,
        (mean, mean),
        "deepseek",
    )


def _token_deviations(state: State, model: str) -> Iterator[Deviation]:
    """Yield what requests to a model had of tokens, in truth: found in caches, read, written."""
    truth, asked = state.truth, model_figures(model)
    cells = np.array([each == model for _, each in state.fleet.cells])
    tokens = truth.tokens[cells].sum(axis=(0, 1))
    first = truth.first_tokens[cells, :2].sum()  # in time or late: for each a prompt was computed
    finished = truth.outcomes[cells, :, OK].sum()
    for name, figure, published, found, note in (
        ("hit_ratio", asked.prefix_hit_ratio, asked.prefix_hit_ratio.value,
         tokens[CACHED] / tokens[PROMPT], ""),
        ("prompt_tokens.mean", asked.prompt_tokens, prompt_lengths(model).mean,
         tokens[PROMPT] / first, MEAN_OF_QUANTILES),
        ("output_tokens.mean", asked.output_tokens, output_lengths(model).mean,
         tokens[GENERATED] / finished, MEAN_OF_QUANTILES),
    ):  # fmt: skip
        if not figure.is_chosen:
            yield _point(f"{model}.{name}", published, float(found), figure.source, note)


def _page_deviations(model: str, page: bytes) -> Iterator[Deviation]:
    """Yield what an engine's page shows of times."""
    for name, family, limit in (
        ("first_token_seconds", "vllm:time_to_first_token_seconds", MLPERF_FIRST_TOKEN_SECONDS),
        (
            "seconds_per_token",
            "vllm:request_time_per_output_token_seconds",
            MLPERF_SECONDS_PER_TOKEN,
        ),
    ):
        measured = bucket_of(page, family, 0.99)
        yield Deviation(f"{model}.{name}.p99", (0.0, limit), measured, "mlperf")


def bucket_of(page: bytes, family: str, share: float) -> tuple[float, float]:
    """Return the bounds of the bucket in which a quantile of a page's histogram lies."""
    buckets = sorted(
        (float(series.labels["le"]), count)
        for series, count in PageReader().read(page).items()
        if series.name == f"{family}_bucket"
    )
    low = 0.0
    for bound, count in buckets:
        if count >= share * buckets[-1][1]:
            return low, bound
        low = bound
    raise ValueError(f"found no buckets of {family}")


def _tool_deviations(effort: Effort) -> Iterator[Deviation]:
    fleet = planned_fleet()
    rates = np.full(len(fleet.cells), 10.0)
    seconds = effort.tool_days * DAY_SECONDS
    for each in measure_tools(fleet, rates, seconds=seconds, seed=effort.seed):
        if each.source != CHOSEN:
            yield _point(f"tools.{each.name}", each.published, each.measured, each.source)


def _failure_rates(effort: Effort) -> Iterator[Deviation]:
    fleet = planned_fleet(12_500, hosts_of_group=1)
    hours = effort.gpu_hours // fleet.gpus
    source = read_hardware_figures().failures.rows[0].source
    for each in measure_failures(fleet, effort.seed, hours=hours):
        name = f"failures.{each.cause}.per_million_gpu_hours"
        published, measured = each.published * PER_MILLION, each.measured * PER_MILLION
        yield _point(name, published, measured, source)


def _point(name: str, published: float, measured: float, source: str, note: str = "") -> Deviation:
    return Deviation(name, (published, published), (measured, measured), source, note)


def source_of(key: str) -> tuple[str, str]:
    """Return title and address of a source."""
    known = figures().sources
    return SOURCES[key] if key in SOURCES else (known[key].title, known[key].url)


def table(deviations: list[Deviation]) -> str:
    """Return the deviations as a table in Markdown, and their sources under it."""
    rows = [
        f"| `{each.name}` | {_told(each.published)} | {_told(each.measured)} "
        f"| {each.ratio:.1%} | {': '.join(filter(None, (each.source, each.note)))} |"
        for each in deviations
    ]
    head = ["| figure | published | measured | off by | source |", "|---|---|---|---|---|"]
    keys = sorted({each.source for each in deviations})
    sources = [f"- {key}: [{source_of(key)[0]}]({source_of(key)[1]})" for key in keys]
    return "\n".join([*head, *rows, "", *sources]) + "\n"


def _told(figure: tuple[float, float]) -> str:
    low, high = figure
    if low == high:
        return _number(low)
    return f"up to {_number(high)}" if low == 0 else f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
