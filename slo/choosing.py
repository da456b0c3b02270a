"""The objectives that a command is about: of files that a user names, or of a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporters.config import Config, Links, read_config
from exporters.problems import InputError, problem
from slo.intervals import wrong_interval
from slo.objective import Objective
from slo.objectives import read_objective_paths, read_objectives, wrong_scrapes
from slo.spec.slices import wrong_slices

USUAL_SCRAPE_INTERVAL_SECONDS = 15.0
"""Where no configuration says another: ``exporters.config.Prometheus``."""


@dataclass(frozen=True)
class Chosen:
    """Objectives, and what their rules are made with."""

    objectives: tuple[Objective, ...]
    """Sorted by name; at least one."""
    scrape_interval_seconds: float
    links: Links
    sources: tuple[str, ...]
    """Names of the files that were read beside the objectives' own."""
    config: Config | None = None
    """The configuration, if one was read."""


def choose_objectives(
    paths: Sequence[Path], config: Path, scrape_interval_seconds: float | None = None
) -> Chosen:
    """Return the objectives in files and folders, or without any those of a configuration.

    Args:
        paths: files of objectives, or folders of them.
        config: says the scrape interval and the bases of links; with files it may be missing.
        scrape_interval_seconds: instead of the configuration's.

    Raises:
        InputError: with everything that is wrong; also where rules cannot be made for the interval.
    """
    wrong = None if scrape_interval_seconds is None else wrong_interval(scrape_interval_seconds)
    if wrong is not None:
        message, fix = wrong
        raise InputError([problem("--scrape-interval", message, fix=fix)])
    if paths and not config.exists():
        interval = scrape_interval_seconds or USUAL_SCRAPE_INTERVAL_SECONDS
        return _for_rules(Chosen(read_objective_paths(paths), interval, Links(), ()))
    read = read_config(config)
    unfit = list(wrong_scrapes(read)) if scrape_interval_seconds is None else []
    if paths and unfit:
        raise InputError(unfit)
    objectives = read_objective_paths(paths) if paths else read_objectives(read)
    interval = scrape_interval_seconds or read.file.prometheus.scrape_interval
    return _for_rules(Chosen(objectives, interval, read.file.links, (config.name,), read))


def _for_rules(chosen: Chosen) -> Chosen:
    unfit = list(wrong_slices(chosen.objectives, chosen.scrape_interval_seconds))
    if unfit:
        raise InputError(unfit)
    return chosen
