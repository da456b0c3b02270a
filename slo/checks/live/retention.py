"""How long a server keeps samples, as it says itself."""

from __future__ import annotations

from exporters.durations import parse_duration
from slo.prometheus import PrometheusClient, PrometheusError, PrometheusUnreachableError

_FLAG = "storage.tsdb.retention.time"
USUAL_SECONDS = 15 * 86400.0
"""What Prometheus keeps where nobody says how much: ``0s`` as a flag, and no size either."""


async def ask_retention(prometheus: PrometheusClient) -> float | None:
    """Return how many seconds a server keeps; None if it does not tell, as VictoriaMetrics.

    A limit of size, which may cut that short, is left aside.

    Raises:
        PrometheusUnreachableError: if there is no answer at all.
    """
    try:
        said = str((await prometheus.status("runtimeinfo")).get("storageRetention", ""))
    except PrometheusUnreachableError:
        raise
    except PrometheusError:
        said = ""
    seconds = _first_duration(said)
    if seconds is not None:
        return seconds
    try:
        flags = await prometheus.status("flags")
    except PrometheusUnreachableError:
        raise
    except PrometheusError:
        return None
    if flags.get(_FLAG) == "0s" and flags.get("storage.tsdb.retention.size") in ("0B", None):
        return USUAL_SECONDS
    return _first_duration(str(flags.get(_FLAG, "")))


def _first_duration(said: str) -> float | None:
    """Return the duration in ``15d or 100GiB``, if there is one."""
    for part in said.split(" or "):
        try:
            return parse_duration(part.strip())
        except ValueError:
            continue
    return None
