"""Pages that are scraped beside those that were found, and do not answer: what may be missing."""

from __future__ import annotations

from collections.abc import Iterator

from slo.adopt.found import Found, Source, source_of
from slo.adopt.saying import LeftOut

_TO_DO = "once it answers, init again into another folder, or add it by hand"


def find_unanswered(found: Found) -> Iterator[LeftOut]:
    """Yield pages that nothing was found on, though their job has what is looked for.

    Where the server tells its targets, those that do not answer it; else what had an engine within
    the last hour (``gone``), of which nobody tells whether it ended on purpose.
    """
    kinds: dict[str, str] = {}
    for kind, series in (
        ("tools", found.tools),
        ("router", [each.labels for each in found.routers if each.dialect != "envoy"]),
        ("GPU", found.gpus),
        ("engine", [*found.engines, *found.gone]),
    ):
        kinds |= dict.fromkeys((each.get("job", "") for each in series), kind)
    there = set(map(source_of, found.engines))
    for target in found.targets.unanswered():
        source = source_of(target.labels)
        if source[0] in kinds and source not in there:
            why = f"does not answer the server: {target.error}" if target.error else (
                "was not scraped yet"
            )  # fmt: skip
            yield LeftOut(kinds[source[0]], _name(source), f"its page {why}", _TO_DO)
    for source in () if found.targets else sorted(set(map(source_of, found.gone))):
        why = "it had a sample within the last hour, and has none now"
        yield LeftOut("engine", _name(source), why, _TO_DO)


def _name(source: Source) -> str:
    job, instance = source
    return f"{instance or 'without instance'} of job {job or 'without name'}"
