"""Clusters: what the one is called, and which of several in a server it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from shlex import quote as quoted

from exporters.problems import InputError, problem
from exporters.topology import is_name
from slo.adopt.found import Found, LabelSet
from slo.adopt.labels import Sureness, Told, read_field
from slo.adopt.saying import Notes, counted


def external(found: Found, name: str) -> Told | None:
    """Return a field by the external labels of the server; None if they do not tell it."""
    told = read_field(Found(found.url), found.external_labels, name)
    return told and Told(told.value, f"external {told.by}", Sureness.LIKELY)


def without_others(found: Found, name: str) -> Found:
    """Return what was found without what says another cluster; engines are told apart elsewhere."""

    def is_ours(labels: LabelSet) -> bool:
        told = read_field(found, labels, "cluster")
        return told is None or told.value == name

    return replace(
        found,
        gpus=tuple(filter(is_ours, found.gpus)),
        routers=tuple(each for each in found.routers if is_ours(each.labels)),
        tools=tuple(filter(is_ours, found.tools)),
        targets=found.targets.only(is_ours),
        gone=tuple(filter(is_ours, found.gone)),
    )


def choose_cluster(
    found: Found, wanted: str, notes: Notes
) -> tuple[str, list[LabelSet], dict[str, str]]:
    """Return the cluster's name, the series of the engines that are of it, and what tells them.

    The last is the label by which they are told from those of other clusters; empty where there
    are no others.

    Args:
        found: in the server.
        wanted: what the user says; empty if nothing.
        notes: gets how it was worked out.

    Raises:
        InputError: if nobody says its name, or labels name several.
    """
    told = [(each, read_field(found, each, "cluster")) for each in found.engines]
    values = Counter(said.value for _, said in told if said)
    if len(values) > 1 and wanted not in values:
        each = ", ".join(f"{name} ({count:,})" for name, count in sorted(values.items()))
        raise InputError([
            problem(
                found.url,
                f"found engines of {len(values)} clusters: {each}{_and_of_none(told)}"
                + (f", and none of {wanted!r}" if wanted else ""),
                fix="choose one: --cluster NAME; each has a topology of its own"
                + _if_unwritable(told),
            )
        ])  # fmt: skip
    outside = external(found, "cluster")
    said = next((each for _, each in told if each), None) or outside
    if not wanted and said is None:
        raise InputError([
            problem(found.url, "found no label of a cluster, on engines or among external labels",
                    fix="say its name: --cluster NAME")
        ])  # fmt: skip
    name = wanted or (said.value if said else "")
    if not is_name(name):
        raise InputError([
            problem(found.url,
                    f"found the cluster {name!r}, expected a name without spaces, of ASCII",
                    fix="say what it is called here: --cluster OTHER")
        ])  # fmt: skip
    if wanted and said and wanted != said.value and wanted not in values:
        notes.doubt(
            "cluster",
            f"it is called {wanted!r} by --cluster, and {said.value!r} by {said.by}",
            "see that alerts of both go where they should",
        )
    by = Told(name, "option --cluster", Sureness.SURE) if wanted or said is None else said
    notes.tell("cluster", replace(by, value=name))
    if len(values) < 2:
        return name, list(found.engines), {}
    if of_none := _jobs_without(told):
        notes.doubt(
            "engines of no cluster",
            "without a label of a cluster beside others that have one, and left out: "
            f"{_in_jobs(of_none)}",
            "give these jobs the label of the cluster that they are of, and run init again",
        )
    engines = [each for each, of in told if of and of.value == name]
    labels = {of.label for _, of in told if of and of.value == name}
    return name, engines, dict.fromkeys(labels - {""}, name) if len(labels) == 1 else {}


def _if_unwritable(told: Iterable[tuple[LabelSet, Told | None]]) -> str:
    """Return how one is chosen whose name a topology cannot have, such as one with a space."""
    wrong = sorted(
        {(each.label, each.value) for _, each in told if each and not is_name(each.value)}
    )
    if not wrong:
        return ""
    label, value = wrong[0]
    return f"; {value!r} is no name here: --where {quoted(f'{label}={value}')} --cluster OTHER"


def _jobs_without(told: Iterable[tuple[LabelSet, Told | None]]) -> Counter[str]:
    """Return how many engines say no cluster, by their job."""
    return Counter(each.get("job", "no job") for each, said in told if said is None)


def _in_jobs(jobs: Counter[str]) -> str:
    each = ", ".join(f"{name} ({count:,})" for name, count in sorted(jobs.items()))
    return f"{counted(jobs.total(), 'engine')} of the job {each}"


def _and_of_none(told: Iterable[tuple[LabelSet, Told | None]]) -> str:
    jobs = _jobs_without(told)
    return f", beside {_in_jobs(jobs)} without a label of a cluster" if jobs else ""
