"""The prompts of probes, as data.

Half of them have one obvious continuation, so that harmless differences in arithmetic do not change
the answer; half are open, so that other weights do. Short: a probe costs an engine some 30 tokens.
"""

from __future__ import annotations

PROMPTS = (
    "1, 2, 3, 4, 5, 6,",
    "The days of the week are Monday, Tuesday,",
    "The sea in winter is",
    "A B C D E F G",
    "Once there was a lighthouse keeper who",
    "2 + 2 = 4. 3 + 3 = 6. 4 + 4 =",
    "My favourite thing about mountains is",
    "The capital of France is Paris. The capital of Italy is",
    "The three most useful tools in a workshop are",
    "one two three four five",
    "When the train finally arrived, she",
    "def add(a, b):\n    return a +",
)
"""Greedy answers to them are compared. The order mixes both kinds."""

TOKENS = 16
"""Of an answer: numeric drift grows with every token."""
