"""Values that a matcher asks for and that a label never has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

import promql_parser

_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
"""Of a regular expression: a class of characters is one."""
_GROUP = re.compile(r"\((?:\?:)?(?P<inside>[^()]*)\)")
_SWITCHED = re.compile(r"\(\?(?!:)")
"""Letters mean something else after it, such as either case."""
_PLAIN = re.compile(r"(?:\.[*+])?[\w./-]*(?:\.[*+])?", re.ASCII)
"""What Python reads as RE2 does, and at once: ``error``, ``err.*``, ``5..``."""

_NUMBER = re.compile(r"(?:\\\+)?(?:\d+(?:\\?\.\d+)?|Inf)", re.ASCII)
"""A number within a regular expression, whose point may be that of any character."""


def unknown_values(matcher: promql_parser.Matcher, known: Collection[str]) -> Iterator[str]:
    """Yield what a matcher asks for and never finds: its value, or alternatives of several.

    Nothing of matchers that leave values out, and of regular expressions that are more than names
    with ``|`` between them.

    Args:
        matcher: of a label.
        known: all values that the label can have.
    """
    if matcher.op == promql_parser.MatchOp.Equal:
        if matcher.value and matcher.value not in known:
            yield matcher.value
    elif matcher.op == promql_parser.MatchOp.Re and not _SWITCHED.search(matcher.value):
        for each in _alternatives(matcher.value):
            if each not in known and _PLAIN.fullmatch(each) and not _takes(each, ["", *known]):
                yield each


def leaves_out_none(matcher: promql_parser.Matcher, known: Collection[str]) -> bool:
    """Tell whether a matcher is there to leave values out, and leaves out none that there can be.

    Not of ``!=""``, which leaves out what has no such label, nor of what is more than names with
    ``|`` between them: of a dashboard's variable it is the pattern of any value.

    Args:
        matcher: of a label.
        known: all values that the label can have.
    """
    if matcher.op == promql_parser.MatchOp.NotEqual:
        return bool(_PLAIN.fullmatch(matcher.value)) and matcher.value not in ("", *known)
    if matcher.op != promql_parser.MatchOp.NotRe or _SWITCHED.search(matcher.value):
        return False
    parts = _alternatives(matcher.value)
    are_plain = all(_PLAIN.fullmatch(each) for each in parts)
    return are_plain and not any(_takes(each, ["", *known]) for each in parts)


def asked_values(matcher: promql_parser.Matcher) -> Iterator[str]:
    """Yield the values that a matcher asks for, as they are written; none where that is not sure.

    Args:
        matcher: of a label whose values are numbers.
    """
    if matcher.op == promql_parser.MatchOp.Equal:
        yield matcher.value
    elif matcher.op == promql_parser.MatchOp.Re and not _SWITCHED.search(matcher.value):
        yield from (each for each in _alternatives(matcher.value) if _NUMBER.fullmatch(each))


def nearest_value(value: str, known: Collection[str]) -> str | None:
    """Return the known value that one may be mistyped of; None if it looks like none of them."""
    by_lower = {each.lower(): each for each in sorted(known)}
    near = get_close_matches(value.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


def _takes(pattern: str, values: Collection[str]) -> bool:
    return any(re.fullmatch(pattern, each, re.DOTALL) for each in values)


def _alternatives(pattern: str) -> list[str]:
    """Return the parts of a regular expression between which ``|`` stands, outside of brackets."""
    pattern = pattern.removeprefix("^").removesuffix("$")  # it has to match the whole value anyway
    whole = _GROUP.fullmatch(pattern)
    parts, depth = [""], 0
    for piece in _PIECE.findall(pattern if whole is None else whole["inside"]):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts
