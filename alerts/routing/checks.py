"""What is in doubt of who is told.

Pages that wake nobody, tickets that nobody reads, a watchdog whose silence nobody hears, owners
whom nobody knows, an Alertmanager that stands alone, links that lead to the reader's own machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alerts.causes.gpus import GPU_LOST
from alerts.causes.regions import REGION_DOWN
from alerts.own_machine import WHAT_IS_THERE, links_to_own_machine
from alerts.routing.names import fallback_of, wakes
from alerts.watch.exporters import EXPORTER_DOWN
from alerts.watchdog import WATCHDOG
from exporters.config import Config, ConfigFile
from exporters.documents import Place
from exporters.problems import Problem
from slo.objective import Objective

_ADD_PAGER = "add pagerduty, or alertmanager.fallback"


def nobody_told(config: Config) -> list[Problem]:
    """Return that nobody at all is told of pages, and what to do; nothing, if somebody is."""
    if _tells_people(config.file):
        return []
    return [config.document.problem(*each) for each in _unheard(config.file, [])]


def routing_doubts(config: Config, objectives: Iterable[Objective]) -> list[Problem]:
    """Return what somebody should know of a configuration that can be built. None stops it."""
    every = list(objectives)
    return [
        config.document.problem(place, message, fix)
        for place, message, fix in (
            *_unheard(config.file, every),
            *_unread(config.file),
            *_silent(config.file),
            *_alone(config.file),
            *_owners(config.file, every),
            *_unused(config.file),
            *_own_machine(config.file),
        )
    ]


def _unheard(file: ConfigFile, objectives: list[Objective]) -> Iterator[tuple[Place, str, str]]:
    ours = file.alertmanager
    fallback = fallback_of(file)
    if fallback is not None:
        told = ours.receivers.get(fallback)
        if told is not None and not wakes(told):
            yield (
                ("alertmanager", "fallback"),
                f"pages of the fallback {fallback!r} reach no pager",
                "give it pagerduty, if somebody is to wake up",
            )
        return
    owned = {each.owner for each in objectives} & ours.owners.keys()
    alone = sorted(each.name for each in objectives if each.owner not in owned)
    if not ours.owners:
        hook = "only the webhook is told" if file.webhook else "nobody is told"
        yield (), f"no page wakes anybody: {hook} of alerts", _ADD_PAGER
        return
    shown = ", ".join(alone[:5]) + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
    of = f"the objectives {shown}, nor of " if alone else ""
    what = f"no page wakes anybody of {of}vanished traffic, nor of causes such as {REGION_DOWN}"
    yield (), what, _ADD_PAGER


def _unread(file: ConfigFile) -> Iterator[tuple[Place, str, str]]:
    """Yield that what belongs to no objective is told to no person."""
    such = f"{GPU_LOST}, {EXPORTER_DOWN} and the like"
    if file.alertmanager.fallback is None and file.webhook and _tells_people(file):
        yield (
            ("webhook",),
            f"alone is told of tickets that no objective has: {such}",
            "name who is to read them as alertmanager.fallback",
        )


def _silent(file: ConfigFile) -> Iterator[tuple[Place, str, str]]:
    """Yield that nobody hears when alerts stop coming."""
    if file.alertmanager.watchdog is not None or not _tells_people(file):
        return
    told = "is told to the webhook alone" if file.webhook else "is told to nobody"
    yield (
        ("alertmanager", "watchdog"),
        f"missing: {WATCHDOG} {told}, and where alerts stop, so does whoever would page",
        "name a receiver whose webhook is outside, and pages when it is not called for minutes",
    )


def _alone(file: ConfigFile) -> Iterator[tuple[Place, str, str]]:
    """Yield that one Alertmanager has no other; a file that names none may have a mesh of its own.

    Another name of the same one is no other.
    """
    ours = file.alertmanager
    if "addresses" not in ours.model_fields_set or not _tells_people(file):
        return
    if len(set(ours.addresses)) == 1:
        said = (
            f"found {ours.addresses[0]} alone: while it is away nobody is told, and what ends then "
            "is never told as ended"
        )
        yield ("alertmanager", "addresses"), said, "run two as a mesh, and name both"


def _tells_people(file: ConfigFile) -> bool:
    """Tell whether anybody is told at all, so that it matters what is not."""
    return fallback_of(file) is not None or bool(file.alertmanager.owners)


def _owners(file: ConfigFile, objectives: list[Objective]) -> Iterator[tuple[Place, str, str]]:
    owners = {each.owner for each in objectives if each.owner}
    for name in sorted(file.alertmanager.owners.keys() - owners):
        known = f", expected one of {', '.join(sorted(owners))}" if owners else ""
        yield (
            ("alertmanager", "owners", name),
            f"no objective has the owner {name!r}{known}",
            "correct the name, here or in the objective's annotation shardwatch.dev/owner",
        )
    for owner, receiver in sorted(file.alertmanager.owners.items()):
        told = file.alertmanager.receivers.get(receiver)
        if told is not None and not wakes(told):
            yield (
                ("alertmanager", "owners", owner),
                f"pages of the owner {owner!r} reach no pager",
                f"give the receiver {receiver!r} pagerduty, if somebody is to wake up",
            )


def _unused(file: ConfigFile) -> Iterator[tuple[Place, str, str]]:
    ours = file.alertmanager
    used = {*ours.owners.values(), ours.fallback, ours.watchdog}
    for name in sorted(ours.receivers.keys() - used):
        yield (
            ("alertmanager", "receivers", name),
            f"the receiver {name!r} is told of nothing",
            "name it under owners, as fallback or as watchdog, or remove it",
        )
    if file.pagerduty and ours.fallback is not None:
        yield (
            ("pagerduty",),
            f"is told of nothing, for alertmanager.fallback is {ours.fallback!r}",
            "remove one of the two",
        )


def _own_machine(file: ConfigFile) -> Iterator[tuple[Place, str, str]]:
    """Yield the links of alerts that cannot be followed from where somebody is told."""
    for name, url in links_to_own_machine(file).items():
        found = "found" if name in file.links.model_fields_set else "missing, taken to be"
        what = f"{found} {url}, which leads whoever is paged to their own machine"
        yield ("links", name), what, f"say where people reach {WHAT_IS_THERE[name]}"
