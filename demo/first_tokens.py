"""Quantiles of times to the first token, from counts in fine buckets: both engines tell them alike.

Buckets do not grow with the requests, as a list of times would in a demo that stays up for days.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST_TOKEN_BOUNDS = tuple(np.geomspace(0.02, 10.0, 300).tolist())
"""Upper ends in seconds, each 2 % above the one before; one more bucket is above them all."""
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
_ENDS = np.log([FIRST_TOKEN_BOUNDS[0], *FIRST_TOKEN_BOUNDS, 2 * FIRST_TOKEN_BOUNDS[-1]])


def quantile(counts: NDArray[np.float64], share: float) -> float | None:
    """Return the time that ``share`` of all are not above, in seconds; None without any.

    Exact to the width of a bucket, in which times are taken to lie evenly on a logarithmic scale.

    Args:
        counts: of first tokens in each bucket, not cumulative. [K + 1].
        share: above 0, at the most 1.
    """
    upto = counts.cumsum()
    if upto[-1] <= 0:
        return None
    wanted = share * upto[-1]
    at = int(upto.searchsorted(wanted))
    inside = 1 - (upto[at] - wanted) / counts[at]
    return float(np.exp(_ENDS[at] + inside * (_ENDS[at + 1] - _ENDS[at])))


def tell_quantiles(counts: NDArray[np.float64]) -> dict[str, float | None]:
    """Return what ``GET /control/truth`` says of first tokens: p50, p90 and p99, in seconds."""
    found = {name: quantile(counts, share) for name, share in QUANTILES.items()}
    return {name: None if value is None else round(value, 4) for name, value in found.items()}
