"""PromQL with Grafana's variables in it, made PromQL: something that could stand for each.

Grafana replaces variables in the text, wherever they stand, so that what one stands for follows
from its place alone: a duration in ``[$x]``, a label in ``by ($x)``, a name before ``{`` or within
a word, any value in a matcher. A variable in a matcher may have any value but none: what has no
such label is not selected by it. Where it could be a number or series (``a > $x``), both are tried;
what a function takes is known (:mod:`dashboards.lint.arguments`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboards.lint.arguments import Argument, argument_of
from dashboards.lint.placeholders import (
    COUNT,
    LABEL,
    NAME_MATCHER,
    NUMBER,
    SERIES,
    STEP,
    UNIT,
    WINDOW,
    Filled,
    Window,
    any_value,
)
from dashboards.lint.references import Reference, references

_QUOTES = "\"'`"
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_STANDS_FOR: Mapping[Argument, str] = {
    "series": SERIES,
    "range": f"{SERIES}[{WINDOW}]",
    "number": NUMBER,
    "text": f'"{LABEL}"',
}
_RUN = re.compile(r"[\w:.]", re.ASCII)
_UNITS = tuple("smhdwy")
_OPERATORS = ("=~", "!~", "!=", "==", "=")


@dataclass
class _Bracket:
    sign: str
    word: str
    """Before it."""
    commas: int = 0


@dataclass
class _Filler:
    """Goes through an expression once, from left to right."""

    text: str
    guess: str
    by_start: Mapping[int, Reference]
    at: int = 0
    parts: list[str] = field(default_factory=list)
    origins: list[tuple[int, int]] = field(default_factory=list)
    length: int = 0
    brackets: list[_Bracket] = field(default_factory=list)
    word: str = ""
    """The last word, if nothing but a grouping stands between it and here."""
    before: str = ""
    """The last sign or word."""
    aggregation: str = ""
    """The last word that is neither a number nor that of a grouping."""
    labels: int = 0
    """Labels that variables stand for, so far: none must be named twice."""
    is_open: bool = False
    guessed: list[str] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)

    def fill(self) -> Filled:
        while self.at < len(self.text):
            self._step()
        self.origins.append((self.length, self.at))
        return Filled(
            "".join(self.parts),
            self.origins,
            self.is_open,
            tuple(self.guessed),
            tuple(self.windows),
        )

    def _step(self) -> None:
        char = self.text[self.at]
        if self._is_run(self.at):
            self._run()
        elif char.isspace():
            self._copy(1)
        elif char == "#":
            end = self.text.find("\n", self.at)
            self._copy((end if end >= 0 else len(self.text)) - self.at)
        elif char in _QUOTES:
            self._literal(char)
        else:
            self._sign(char)

    # --- writing ------------------------------------------------------------------------------

    def _emit(self, piece: str, length: int) -> None:
        """Write a piece that stands for the next characters."""
        self.origins.append((self.length, self.at))
        self.parts.append(piece)
        self.length += len(piece)
        self.at += length

    def _copy(self, length: int) -> None:
        self._emit(self.text[self.at : self.at + length], length)

    # --- signs and texts ------------------------------------------------------------------------

    def _sign(self, char: str) -> None:
        if char == "[" and self.brackets:
            self._note_window(self.brackets[-1].word)
        if char in _CLOSING:
            self.brackets.append(_Bracket(char, self.word if char == "(" else ""))
        elif char in _CLOSING.values():
            closed = self.brackets.pop() if self.brackets else _Bracket("", "")
            # `sum by (x) (...)`: what is in the second brackets belongs to sum.
            self.word = closed.before_grouping if isinstance(closed, _Grouping) else ""
            self.before = char
            self._copy(1)
            return
        elif char == "," and self.brackets:
            self.brackets[-1].commas += 1
        sign = next((each for each in _OPERATORS if self.text.startswith(each, self.at)), char)
        if char == "(" and self.word in _GROUPING:
            self.brackets[-1] = _Grouping("(", self.word, before_grouping=self.aggregation)
        self.word = ""
        self.before = sign
        self._copy(len(sign))

    def _note_window(self, function: str) -> None:
        start = self.at + 1
        ends = (self.text.find(each, start) for each in "]:")
        end = min((each for each in ends if each >= 0), default=len(self.text))
        # `[[name]]` and `${name:format}` have these signs in them.
        reference = self.by_start.get(start)
        end = end if reference is None else max(end, reference.end)
        self.windows.append(Window(function, self.text[start:end].strip(), start))

    def _literal(self, quote: str) -> None:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != quote:
            end += 2 if self.text[end] == "\\" and quote != "`" else 1
        end = min(end + 1, len(self.text))
        inside = [each for start, each in self.by_start.items() if self.at < start < end]
        if inside:
            if self.before == "=":
                self._make_regular()
            elif self.before not in _OPERATORS:
                self.is_open = True
        while inside:
            reference = inside.pop(0)
            self._copy(reference.start - self.at)
            self._emit(any_value(reference.name), reference.end - reference.start)
        self._copy(max(0, end - self.at))
        self.before = "text"
        self.word = ""

    def _make_regular(self) -> None:
        """Make the last ``=`` one of a regular expression."""
        index = len(self.parts) - 1
        while self.parts[index] != "=":
            index -= 1
        self.parts[index] = "=~"
        self.length += 1
        self.origins[index + 1 :] = [(new + 1, old) for new, old in self.origins[index + 1 :]]

    # --- words and variables --------------------------------------------------------------------

    def _is_run(self, at: int) -> bool:
        return at < len(self.text) and (
            at in self.by_start or _RUN.fullmatch(self.text[at]) is not None
        )

    def _run(self) -> None:
        """Take a word, a number, a variable, or what they make together."""
        end, found = self.at, []
        in_range = bool(self.brackets) and self.brackets[-1].sign == "["
        while self._is_run(end) and not (in_range and self.text[end] == ":"):
            reference = self.by_start.get(end)
            end = end + 1 if reference is None else reference.end
            found += [] if reference is None else [reference]
        if end == self.at:  # the colon of a subquery
            self._sign(self.text[self.at])
            return
        run = self.text[self.at : end]
        if not found:
            self._plain(run)
            return
        self._variable(run, found, end)
        self.before = "variable"

    def _plain(self, run: str) -> None:
        if run in _GROUPING:
            self.aggregation = self.word or self.aggregation
        elif not run[0].isdigit():
            self.aggregation = run
        self.word = self.before = run
        self._copy(len(run))

    def _variable(self, run: str, found: list[Reference], end: int) -> None:
        length = end - self.at
        inside = self.brackets[-1] if self.brackets else _Bracket("", "")
        if inside.sign == "[" or self.before.lower() == "offset":
            self._emit(self._duration(run, found[-1]), length)
        elif isinstance(inside, _Grouping):
            self._emit(self._label(), length)
        elif inside.sign == "{":
            self._in_matchers(found[-1].name, length, self._following(end))
        elif self.before == "@" or run[0].isdigit() or run[0] == ".":
            self._emit(NUMBER, length)
        else:
            is_alone = len(found) == 1 and found[0].end - found[0].start == length
            names = [each.name for each in found]
            self._in_expression(names, end, inside, is_alone=is_alone)

    def _duration(self, run: str, last: Reference) -> str:
        digits = re.match(r"[0-9]+", run)
        if digits is not None:
            return digits[0] + UNIT
        unit = self.text[last.end : last.end + 1]
        if unit in _UNITS:
            return COUNT + unit
        return STEP if self.before == ":" else WINDOW

    def _label(self) -> str:
        self.is_open = True
        self.labels += 1
        return LABEL if self.labels == 1 else f"{LABEL}_{self.labels}"

    def _in_matchers(self, name: str, length: int, following: str) -> None:
        if self.before in _OPERATORS:
            if self.before == "=":
                self._make_regular()
            self._emit(f'"{any_value(name)}"', length)
            return
        is_label = following.startswith(("=", "!"))
        self._emit(self._label() if is_label else f'{self._label()}=~".*"', length)

    def _in_expression(
        self, names: list[str], end: int, inside: _Bracket, *, is_alone: bool
    ) -> None:
        length, following = end - self.at, self._following(end)
        if following.startswith("(") or following.partition("(")[0].strip() in ("by", "without"):
            self.guessed += names
            self.word = self.aggregation = "sum"
            self._emit("sum", length)
            return
        if following.startswith("{"):
            brace = self.text.index("{", end)
            self._emit(f"{{{NAME_MATCHER},", brace + 1 - self.at)
            self.brackets.append(_Bracket("{", ""))
            self.is_open = True
            return
        if not is_alone or following.startswith("["):
            self.is_open = True
            self._emit(SERIES, length)
            return
        self._emit(self._alone(names, inside), length)

    def _alone(self, names: list[str], inside: _Bracket) -> str:
        taken = None
        if inside.sign == "(" and self.before in ("(", ","):
            taken = argument_of(inside.word, inside.commas)
        if taken is None:
            self.guessed += names
            return self.guess
        self.is_open = self.is_open or taken != "number"
        return _STANDS_FOR[taken]

    def _following(self, end: int) -> str:
        return self.text[end : end + 80].lstrip()


@dataclass
class _Grouping(_Bracket):
    """Brackets of labels."""

    before_grouping: str = ""
    """The aggregation that they belong to."""


def fill(text: str, guess: str = NUMBER) -> Filled:
    """Return an expression with something in the place of each variable.

    Args:
        text: the expression.
        guess: what stands for variables that may be a number or series.
    """
    by_start = {each.start: each for each in references(text)}
    return _Filler(text, guess, by_start).fill()
