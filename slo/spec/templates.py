"""Templates of alerts' labels and annotations, checked as Go's text/template would parse them.

Prometheus refuses a whole set of rules for one template that it cannot parse, so that a missing
brace would stop every alert. What only fails when it is filled in stays within its annotation.

Sources: https://pkg.go.dev/text/template and
https://prometheus.io/docs/prometheus/latest/configuration/template_reference/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from exporters.documents import shown

_OF_GO = """
and break call continue eq ge gt html index js le len lt ne not or print printf println slice
urlquery
"""
_OF_PROMETHEUS = """
args externalURL first graphLink humanize humanize1024 humanizeDuration humanizePercentage
humanizeTimestamp label match now parseDuration pathPrefix query reReplaceAll safeHtml sortByLabel
stripDomain stripPort strvalue tableLink title toDuration toLower toTime toUpper
urlQueryEscape value
"""
FUNCTIONS = frozenset((*_OF_GO.split(), *_OF_PROMETHEUS.split()))
"""What a template may call, in any version of Prometheus; Go's ``break`` and ``continue`` are no
functions, and stand alone."""

TEMPLATE_BROKEN = "template-broken"
"""The id of the check."""
CORRECT_TEMPLATE = "correct the template: Prometheus would refuse all rules for it"

VARIABLES = ("$", "$externalLabels", "$externalURL", "$labels", "$value")
"""Which Prometheus declares."""

_CONSTANTS = frozenset({"true", "false", "nil"})
_OPENING = frozenset({"if", "range", "with", "define", "block"})
_WORDS_OF_BLOCKS = _OPENING | {"else", "end", "template"}
_NAMED = frozenset({"define", "block", "template"})

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<text>"(?:\\["abfnrtv\\0-7xuU]|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])+')
    | (?P<number>[+-]?(?:0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)i?\b)
    | (?P<variable>\$\w*)
    | (?P<field>\.\w*)
    | (?P<word>\w+)
    | (?P<sign>:=|[()|,=])
    """,
    re.VERBOSE,
)
_TRIM_LEFT = re.compile(r"-\s")
_CLOSING = re.compile(r"(?:\s-)?\}\}")
_COMMENT = re.compile(r"\{\{(?:-\s+)?/\*.*?\*/(?:\s+-)?\}\}", re.DOTALL)


class Token(NamedTuple):
    """A word of an action."""

    kind: str
    """A group of the pattern above."""
    text: str
    is_apart: bool
    """Whether there is a space before it."""


class _TemplateError(ValueError):
    """What no server could parse."""


def wrong_with_template(text: str) -> str | None:
    """Return what keeps a text from being a template that Prometheus takes, or None."""
    parser = _Parser()
    try:
        for action in actions(text):
            parser.read(action)
        parser.finish()
    except _TemplateError as error:
        return f"found the template {shown(text)}: {error}"
    return None


def actions(text: str) -> Iterator[list[Token]]:
    """Yield the tokens of each ``{{ ... }}``, spaces left out; comments are none.

    Raises:
        ValueError: where the text is no template, which :func:`wrong_with_template` tells.
    """
    position = text.find("{{")
    while position >= 0:
        comment = _COMMENT.match(text, position)
        if comment is not None:
            position = text.find("{{", comment.end())
            continue
        tokens, end = _tokens(text, position + len("{{"))
        yield tokens
        position = text.find("{{", end)


def _tokens(text: str, position: int) -> tuple[list[Token], int]:
    if _TRIM_LEFT.match(text, position):
        position += 1
    tokens: list[Token] = []
    is_apart = True
    while position < len(text):
        closing = _CLOSING.match(text, position)
        if closing is not None:
            return tokens, closing.end()
        token = _TOKEN.match(text, position)
        if token is None:
            raise _TemplateError(f"found {shown(text[position])} in an action, expected none")
        kind = token.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, token[0], is_apart))
        is_apart = kind == "space"
        position = token.end()
    raise _TemplateError("found {{ without }}, expected both")


@dataclass
class _Parser:
    """Follows blocks, and the variables that are declared in each."""

    blocks: list[str] = field(default_factory=list)
    scopes: list[set[str]] = field(default_factory=lambda: [set(VARIABLES)])

    def read(self, action: list[Token]) -> None:
        word = action[0].text if action and action[0].kind == "word" else ""
        is_of_block = word in _WORDS_OF_BLOCKS
        rest = action[1:] if is_of_block else action
        if word in ("break", "continue") and "range" not in self.blocks:
            raise _TemplateError(f"found {word} outside of a range")
        if not is_of_block:
            self._pipeline(rest)
        elif word == "end":
            self._end(rest)
        elif word == "else":
            self._else(rest)
        else:
            self._open(word, rest)

    def finish(self) -> None:
        if self.blocks:
            raise _TemplateError(f"found {{{{ {self.blocks[-1]} }}}} without {{{{ end }}}}")

    def _open(self, word: str, rest: list[Token]) -> None:
        if word == "define" and self.blocks:
            raise _TemplateError("found define within a block")
        if word in _OPENING:
            self.blocks.append(word)
            self.scopes.append(set())
        if word in _NAMED:
            if not rest or rest[0].kind != "text":
                raise _TemplateError(f"found {word} without a name in quotes")
            rest = rest[1:]
            if word == "define" and rest:
                raise _TemplateError("found more than a name after define")
            if word != "block" and not rest:
                return
        self._pipeline(rest, of_range=word == "range")

    def _else(self, rest: list[Token]) -> None:
        block = self.blocks[-1] if self.blocks else ""
        if block not in ("if", "with", "range"):
            raise _TemplateError("found {{ else }} without {{ if }}, {{ with }} or {{ range }}")
        if rest and block in ("if", "with") and rest[0].text == block:
            self._pipeline(rest[1:])
        elif rest:
            raise _TemplateError(f"found {shown(rest[0].text)} after else")
        else:
            # A range's else is still within a range for those around it alone.
            self.blocks[-1] = "else"

    def _end(self, rest: list[Token]) -> None:
        if rest:
            raise _TemplateError(f"found {shown(rest[0].text)} after end")
        if not self.blocks:
            raise _TemplateError("found {{ end }} with nothing to end")
        self.blocks.pop()
        self.scopes.pop()

    def _pipeline(self, tokens: list[Token], *, of_range: bool = False) -> None:
        """Check variables, functions, parentheses, and that no command of a pipe is empty."""
        tokens = self._declared(tokens, of_range=of_range)
        if not tokens:
            raise _TemplateError("found an action without a value, expected one")
        before = Token("sign", "(", is_apart=True)
        depth, is_piped = 0, False
        for each in tokens:
            begins = before.kind == "sign" and before.text in ("(", "|")
            if each.kind == "sign" and each.text in ("|", ")"):
                if begins and (each.text == "|" or before.text == "("):
                    raise _TemplateError(f"found nothing before {each.text}, expected a value")
                depth -= each.text == ")"
                is_piped = each.text == "|"
            elif each.kind == "sign" and each.text == "(":
                depth, is_piped = depth + 1, False
            else:
                self._check_operand(each)
                _check_neighbours(before, each, is_first_of_pipe=begins and is_piped)
            if depth < 0:
                raise _TemplateError("found ) without (")
            before = each
        if depth:
            raise _TemplateError("found ( without )")

    def _declared(self, tokens: list[Token], *, of_range: bool) -> list[Token]:
        """Return what stands after ``$x :=`` or ``$i, $x :=``, which is known from then on."""
        for count in (2, 4) if of_range else (2,):
            names, signs = tokens[0:count:2], [each.text for each in tokens[1:count:2]]
            is_declared = signs == [",", ":="][-count // 2 :]
            if is_declared and all(each.kind == "variable" for each in names):
                self.scopes[-1].update(each.text for each in names)
                return tokens[count:]
        is_assigned = [each.kind for each in tokens[:1]] == ["variable"]
        if is_assigned and [each.text for each in tokens[1:2]] == ["="]:
            return tokens[2:]
        return tokens

    def _check_operand(self, token: Token) -> None:
        text = token.text
        if token.kind == "sign":
            raise _TemplateError(f"found {shown(text)} where a value is expected")
        if token.kind == "variable" and not any(text in scope for scope in self.scopes):
            raise _TemplateError(
                f"found the variable {text}, expected one of {', '.join(VARIABLES)}"
            )
        if token.kind == "word" and text not in FUNCTIONS | _CONSTANTS:
            raise _TemplateError(
                f"found the function {shown(text)}, which Prometheus does not have"
            )


def _check_neighbours(before: Token, token: Token, *, is_first_of_pipe: bool) -> None:
    """Refuse values that are piped into, and what stands too close together."""
    if is_first_of_pipe and _is_value(token):
        raise _TemplateError(f"found {shown(token.text)} after |, expected a function")
    if token.is_apart or before.kind == "sign":
        return
    if token.kind != "field" or _is_value(before):
        raise _TemplateError(f"found {shown(before.text + token.text)}, expected a space within")


def _is_value(token: Token) -> bool:
    """Tell what is a value itself, and has no fields: a text, a number, ``true``, ``.``."""
    return token.kind in ("text", "number") or token.text in (*_CONSTANTS, ".")
