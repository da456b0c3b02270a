"""What the objectives of ``slo/library`` judge, for those who tell the truth (:mod:`demo.engine`).

Both engines count by these, where nothing is scraped; a test holds them against the library.
"""

from __future__ import annotations

AVAILABILITY, FIRST_TOKEN, TOOL_SUCCESS = "chat-availability", "chat-ttft", "tool-success"
"""Names of the objectives."""

FIRST_TOKEN_SECONDS = 2.5
"""A first token later than this is bad."""

BAD_OUTCOMES = frozenset({"error", "timeout", "rejected"})
"""Of requests; one whose user left is good."""
UNCOUNTED_OUTCOMES = frozenset({"rate_limited"})
"""A user's own limit is neither good nor bad."""
NOT_ADMITTED = UNCOUNTED_OUTCOMES | {"rejected"}
UNCOUNTED_CALLS = frozenset({"cancelled"})
"""Of tools."""
