"""PromQL of anybody: parsed, or told where it stops being PromQL.

The parser says what is wrong and not where. An unknown function and a bracket without its other
half are looked for; of all else the place is the first word with which no expression could begin.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import promql_parser

from exporters.durations import LONGEST_SECONDS
from slo.promql import children

MOST_TOKENS = 2000
"""Words of an expression. The parser follows them by recursion, and a process dies of too many."""
DEEPEST = 100
"""Expressions within one another."""

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|\#[^\n]*)
    | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)
    | (?P<word>[A-Za-z_:][\w:]*)
    | (?P<number>\d[\w.]*|\.\d+)
    | (?P<open>[({\[])
    | (?P<close>[)}\]])
    | (?P<sign>=~|!~|==|!=|<=|>=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"(": ")", "{": "}", "[": "]"}
_UNKNOWN_FUNCTION = re.compile(r"unknown function with name '(?P<name>.*)'")
_TOO_DEEP = f"nested more than {DEEPEST} deep"
_VAGUE, _UNEXPECTED = "invalid promql query", "unexpected"
_ENDINGS = (
    "", "x", "(x)", "(x) (x)", "5m", '"x"', '="x"', 'x="x"', "x[5m]", "(x[5m])", "[5m]", "1",
    "x, x", ") (x)", ") x", "x) x",
)  # fmt: skip
"""What may be missing at the end of the beginning of an expression."""


@dataclass(frozen=True)
class Word:
    """A token of an expression."""

    kind: str
    text: str
    offset: int


@dataclass(frozen=True)
class Parsed:
    """An expression, or why it is none."""

    tree: promql_parser.Expr | None
    error: str = ""
    """In a sentence; empty where there is a tree."""
    offset: int = 0
    """Of the error, in characters of the text."""


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Parsed:
    """Return the tree of an expression that gives numbers or series, or what is wrong and where."""
    tokens = words(text)
    wrong = _wrong_with_words(tokens)
    if wrong is not None:
        return wrong
    try:
        tree = promql_parser.parse(text)
    except ValueError as error:
        return _located(text, tokens, str(error))
    wrong_with_tree = _wrong_with_tree(tree)
    return Parsed(None, wrong_with_tree) if wrong_with_tree else Parsed(tree)


def _wrong_with_words(tokens: Sequence[Word]) -> Parsed | None:
    """Return what keeps an expression from being given to the parser."""
    if not tokens:
        return Parsed(None, "found no expression")
    if len(tokens) > MOST_TOKENS:
        said = f"found {len(tokens)} words, expected at most {MOST_TOKENS}"
        return Parsed(None, said, tokens[MOST_TOKENS].offset)
    endless = _endless_duration(tokens)
    if endless is not None:
        return Parsed(None, f"found {endless.text}, expected a duration", endless.offset)
    deep = _too_deep(tokens)
    return None if deep is None else Parsed(None, _TOO_DEEP, deep.offset)


def _endless_duration(tokens: Sequence[Word]) -> Word | None:
    """Return a number of seconds that is too large for a duration: the parser would panic."""
    before = ""
    for each in tokens:
        if _seconds(each.text.removeprefix(":")) > LONGEST_SECONDS and each.text[0] == ":":
            return Word(each.kind, each.text[1:], each.offset + 1)  # the step of a subquery
        if before in ("[", ":", "offset") and _seconds(each.text) > LONGEST_SECONDS:
            return each
        is_sign = before == "offset" and each.text in ("-", "+")
        before = before if is_sign else each.text.lower()
    return None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return math.inf if math.isnan(seconds) else seconds


def _wrong_with_tree(tree: promql_parser.Expr) -> str:
    if _depth(tree) > DEEPEST:
        return _TOO_DEEP
    of_ranges = promql_parser.MatrixSelector, promql_parser.SubqueryExpr
    if isinstance(tree, (*of_ranges, promql_parser.StringLiteral)):
        return "found a range or a text, expected one value for each series"
    return ""


def words(text: str) -> list[Word]:
    """Return the tokens of an expression, spaces and comments left out."""
    return [
        Word(each.lastgroup or "", each[0], each.start())
        for each in _TOKEN.finditer(text)
        if each.lastgroup != "space"
    ]


def offset_of(text: str, token: str) -> int | None:
    """Return where a word stands in an expression at first; None if it does not."""
    for each in words(text):
        if each.kind in ("word", "text") and each.text.strip("\"'`") == token:
            return each.offset
    return None


def _located(text: str, tokens: Sequence[Word], said: str) -> Parsed:
    unknown = _UNKNOWN_FUNCTION.fullmatch(said)
    if unknown is not None:
        name = unknown["name"]
        return Parsed(None, f"found the unknown function {name}", offset_of(text, name) or 0)
    lone = _lone_bracket(tokens)
    if lone is not None:
        return Parsed(None, f"found {lone.text} without its other half", lone.offset)
    if said != _VAGUE and not said.startswith(_UNEXPECTED):
        return Parsed(None, said, _place_of_type_error(text, tokens, said))
    at = _first_wrong(text, tokens)
    if at is None:
        return Parsed(None, "found the end, expected more", len(text.rstrip()))
    return Parsed(None, f"found {at.text}, which cannot stand here", at.offset)


def _first_wrong(text: str, tokens: Sequence[Word]) -> Word | None:
    """Return the first word with which no expression could go on; None if only the end is wrong."""
    places = range(len(tokens))
    index = bisect_left(places, 1, key=lambda at: int(not _begins(text, tokens, at + 1)))
    return tokens[index] if index < len(tokens) else None


def _place_of_type_error(text: str, tokens: Sequence[Word], said: str) -> int:
    """Return where the function stands that an error names; else the expression's beginning."""
    named = re.search(r"call to (?:function )?'(\w+)'", said)
    place = None if named is None else offset_of(text, named[1])
    return tokens[0].offset if place is None else place


def _lone_bracket(tokens: Sequence[Word]) -> Word | None:
    """Return a bracket that opens and is not closed, or closes what is not open."""
    opened: list[Word] = []
    for each in tokens:
        if each.kind == "open":
            opened.append(each)
        elif each.kind == "close":
            if not opened or _CLOSING[opened[-1].text] != each.text:
                return each
            opened.pop()
    return opened[-1] if opened else None


def _too_deep(tokens: Sequence[Word]) -> Word | None:
    depth = 0
    for each in tokens:
        depth += (each.kind == "open") - (each.kind == "close")
        if depth > DEEPEST:
            return each
    return None


def _begins(text: str, tokens: Sequence[Word], count: int) -> bool:
    """Tell whether an expression could begin with the first words of this one."""
    if not count:
        return True
    last = tokens[count - 1]
    beginning = text[: last.offset + len(last.text)]
    opened: list[str] = []
    for each in tokens[:count]:
        if each.kind == "open":
            opened.append(_CLOSING[each.text])
        elif each.kind == "close" and opened:
            opened.pop()
    closing = "".join(reversed(opened))
    for ending in _ENDINGS:
        rest = closing[1:] if ending.startswith(")") and closing.startswith(")") else closing
        try:
            promql_parser.parse(f"{beginning} {ending}{rest}")
        except ValueError as error:
            if str(error) == _VAGUE or str(error).startswith(_UNEXPECTED):
                continue
        return True
    return False


def _depth(tree: promql_parser.Expr) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for each in level for child in children(each)]
    return deepest
