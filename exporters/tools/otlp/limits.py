"""Limits of what is taken from a client."""

from __future__ import annotations

LARGEST_BODY_BYTES = 4 * 1024 * 1024
"""Of a request, compressed or not. The worst that can be packed into it, two million empty
messages, takes 120 MB for a moment (measured); a batch of an SDK has some 100 kB."""
MOST_ITEMS = 20_000
"""Data points or spans of a request."""
MOST_ATTRIBUTES = 64
"""Of a point, a span or a resource."""
LONGEST_ATTRIBUTE = 1024
"""Characters of a value that tells one client or one stream from another."""
MOST_CLIENTS = 10_000
MOST_CLIENTS_OF_ADDRESS = MOST_CLIENTS // 2
"""Behind one address: a collector may send for thousands, but not shut all others out."""
MOST_STREAMS = 50_000
"""Of all clients: 1 kB each at most."""
MOST_STREAMS_OF_CLIENT = 8_000
"""Four instruments of 2,000 streams: an SDK keeps no more of an instrument
(https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits)."""
MOST_SPANS_REMEMBERED = 65_536
"""Identities of spans, so that a batch that is sent again is counted once."""
MOST_TOOLS = 100
"""Names of tools of a region where none are configured; those seen later are ``other``."""
BODY_SECONDS = 10.0
"""Until the last byte of a request."""
MOST_AT_ONCE = 8
"""Requests under way; a further one is told to come again."""
MOST_AT_ONCE_OF_ADDRESS = MOST_AT_ONCE // 2
"""Likewise, from one address: bodies that drip keep some busy, not all."""
