"""What templates of labels and annotations ask of an alert: its labels, its value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from slo.spec.templates import Token, actions, wrong_with_template

_MOVING = frozenset({"with", "range", "block", "define"})
"""Blocks within which ``.`` is something else."""
_BLOCKS = _MOVING | {"if"}
_LABELS, _VALUE = "$labels", "$value"
_QUERY, _OF_SAMPLE = "query", "value"
"""Functions: what asks the server, and what takes the value of what it answers."""


@dataclass
class _Dots:
    """Whether ``.`` is still the alert's own data."""

    blocks: list[str] = field(default_factory=list)

    @property
    def are_the_alerts(self) -> bool:
        return not any(each in _MOVING for each in self.blocks)

    def follow(self, word: str) -> None:
        if word in _BLOCKS:
            self.blocks.append(word)
        elif word == "end" and self.blocks:
            self.blocks.pop()


def labels_asked_for(text: str) -> list[str]:
    """Return the labels of the alert that a template asks for, in order, each once.

    None of a text that is no template.
    """
    found = [
        label
        for tokens, is_root in _with_dots(text)
        for index in range(len(tokens))
        if (label := _label_at(tokens, index, is_root=is_root)) is not None
    ]
    return list(dict.fromkeys(found))


def shows_value(text: str) -> bool:
    """Tell whether a template has the alert's value in it, or one that it asks the server for.

    Not where it only compares it.
    """
    return _asks_for_value(text) or any(
        _is_value(tokens, index, is_root=is_root)
        for tokens, is_root in _with_dots(text)
        if not _is_condition(tokens)
        for index in range(len(tokens))
    )


def _asks_for_value(text: str) -> bool:
    found = [tokens for tokens, _ in _with_dots(text)]
    if not any(each.text == _QUERY and each.kind == "word" for of in found for each in of):
        return False
    return any(
        (each.kind, each.text) in (("word", _OF_SAMPLE), ("field", ".Value"))
        for tokens in found
        if not _is_condition(tokens)
        for each in tokens
    )


def is_copy(text: str, label: str) -> bool:
    """Tell whether a template is the alert's own label of a name, and nothing else."""
    plain = "".join(text.split())
    return plain in (f"{{{{$labels.{label}}}}}", f"{{{{.Labels.{label}}}}}")


def _with_dots(text: str) -> Iterator[tuple[list[Token], bool]]:
    if wrong_with_template(text) is not None:
        return
    dots = _Dots()
    for tokens in actions(text):
        # What a block is given is still outside of it.
        yield tokens, dots.are_the_alerts
        dots.follow(tokens[0].text if tokens else "")


def _label_at(tokens: list[Token], index: int, *, is_root: bool) -> str | None:
    here, following = tokens[index], tokens[index + 1 : index + 2]
    if not following:
        return None
    then = following[0]
    is_labels = here.text == _LABELS or (
        is_root and here.kind == "field" and here.text == ".Labels"
    )
    if is_labels and then.kind == "field" and not then.is_apart:
        return then.text[1:]
    is_indexed = index > 0 and tokens[index - 1].text == "index"
    return then.text.strip('"`') if is_labels and is_indexed and then.kind == "text" else None


def _is_value(tokens: list[Token], index: int, *, is_root: bool) -> bool:
    token = tokens[index]
    is_field = token.kind == "field" and token.text == ".Value"
    return token.text == _VALUE or (is_root and is_field and (index == 0 or token.is_apart))


def _is_condition(tokens: list[Token]) -> bool:
    first = [each.text for each in tokens[:2]]
    return first[:1] == ["if"] or first == ["else", "if"]
