"""Pages of what exporters read, where it is well or has one thing wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporters import catalog
from exporters.testing import histogram_samples, page_of


def engine_page(more: Sequence[tuple[str, Mapping[str, str], float]] = ()) -> str:
    """Return the page of an engine that has nothing to do, of vLLM 0.32."""
    labels = {"engine": "0", "model_name": "chat"}
    sources = [
        ("vllm:prompt_tokens_by_source_total", {**labels, "source": source}, 0.0)
        for source in catalog.TOKEN_SOURCES
    ]
    finished = [
        ("vllm:request_success_total", {**labels, "finished_reason": reason}, 0.0)
        for reason in catalog.FINISH_REASONS
    ]
    least = [
        ("vllm:num_requests_running", labels, 0.0),
        ("vllm:num_requests_waiting", labels, 0.0),
        ("vllm:iteration_tokens_total_count", labels, 100.0),
    ]
    return page_of("vllm_0_32", [*least, *finished, *sources, *more])


def router_page(model: str = "chat", without_bound: float | None = None) -> str:
    """Return the page of a router that has served some requests.

    Args:
        model: as it calls it.
        without_bound: of the time to first token, a bucket that it lacks.
    """
    cell = {"model": model, "revision": "r1", "tier": "pro"}
    bounds = [each for each in catalog.TIME_TO_FIRST_TOKEN_BOUNDS if each != without_bound]
    times = histogram_samples("router_time_to_first_token_seconds", cell, bounds, [0.2] * 100)
    ended = [
        ("router_requests_total", {**cell, "outcome": outcome}, 100.0 * (outcome == "ok"))
        for outcome in catalog.OUTCOMES
    ]
    tried = [
        ("router_request_attempts_total", {**cell, "attempt": attempt}, 100.0)
        for attempt in catalog.ATTEMPTS
    ]
    return page_of(
        "router_demo", [*ended, *tried, ("router_requests_in_flight", cell, 0.0), *times]
    )
