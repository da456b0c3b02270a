"""The programs that the demo's code execution runs.

They are named and not sent, so that the gateway's port runs nobody else's code.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Snippet:
    """One program, and its share of the calls."""

    code: str
    share: float


SNIPPETS = {
    "squares": Snippet("print(sum(n * n for n in range(1000)))", 0.3),
    "primes": Snippet(
        "print([n for n in range(2, 200) if all(n % d for d in range(2, n))][-1])", 0.3
    ),
    "words": Snippet(
        "from collections import Counter; print(Counter('a page can wait, a page'.split()))", 0.2
    ),
    # It fails, and the tool does not: the traceback is its result.
    "mistake": Snippet("print(1 / 0)", 0.198),
    # It never ends: the tool's time limit must.
    "forever": Snippet("import time; time.sleep(3600)", 0.002),
}
