"""Users' YAML and JSON files as data that remembers where each value stood.

Reading is strict: one size limit, aliases that stand for so much and no more, no duplicate keys, no
custom tags. Errors are problems with file, line and column, never tracebacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from exporters.json_documents import Late, NoPlainJsonError, parse_json
from exporters.problems import InputError, Problem, check_of, problem
from exporters.yaml_events import require_bounded

SAFE_LOADER = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
"""That of libyaml where it is there: the other takes seconds for rules."""
LARGEST_BYTES = 256 * 1024 * 1024
"""A topology of a million GPUs is about 60 MB of JSON; anything larger than this is a mistake."""

SHOWN_CHARACTERS = 80
_MERGE = "tag:yaml.org,2002:merge"
"""Of the key ``<<``: what it names is added to the mapping, as servers read it too."""

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class WrittenFloat(float):
    """A number with a fraction that remembers its text, for those who need it exactly."""

    text: str

    @classmethod
    def of(cls, text: str, value: float) -> WrittenFloat:
        """Return ``value``, which was written as ``text``."""
        number = cls(value)
        number.text = text
        return number


@dataclass(frozen=True)
class Document:
    """One document of a file: plain data, and the line and column of each place in it."""

    file: str
    data: Any
    positions: Mapping[Place, tuple[int, int]] = field(repr=False)
    """Empty of what stands in no file, such as options."""

    def problem(self, place: Place, message: str, fix: str = "", check: str = "") -> Problem:
        """Return a problem at ``place``, or at the nearest enclosing place that the file has."""
        known = place
        while known and known not in self.positions:
            known = known[:-1]
        nowhere = (1, 1) if self.positions else (0, 0)
        line, column = self.positions.get(known, nowhere)
        return Problem(self.file, line, column, format_place(place), message, fix, check)

    def parse(self, model: type[Model]) -> Model:
        """Return the document as a pydantic model.

        Raises:
            InputError: with one problem for each thing that the model refuses.
        """
        try:
            return model.model_validate(self.data, context={"folder": Path(self.file).parent})
        except ValidationError as error:
            raise InputError(
                self.problem(_place_of(each, self.data), *_explain(each), _check(each))
                for each in error.errors(include_url=False)
            ) from None


def part_of(document: Document, place: Place, data: Any) -> Document:
    """Return a part of a document as a document, whose problems say where they are in the whole.

    Args:
        document: the whole, which may be a part itself.
        place: of the part.
        data: what stands there.
    """
    whole = document.inside if isinstance(document, _Part) else ()
    return _Part(document.file, data, document.positions, (*whole, *place))


@dataclass(frozen=True)
class _Part(Document):
    inside: Place = ()

    def problem(self, place: Place, message: str, fix: str = "", check: str = "") -> Problem:
        return super().problem((*self.inside, *place), message, fix, check)


def read_document(path: Path, *, may_be_empty: bool = False) -> Document:
    """Return the only document of a YAML or JSON file.

    Args:
        path: of the file.
        may_be_empty: whether a file that says nothing is a mapping without keys, else a mistake.

    Raises:
        InputError: if the file is missing, unreadable, too large, not YAML, empty, or has more
            than one document.
    """
    documents = read_documents(path, may_be_empty=may_be_empty)
    if len(documents) > 1:
        second = documents[1]
        raise InputError(
            [
                second.problem(
                    (),
                    "found a second document, expected one only",
                    "put it into a file of its own",
                )
            ]
        )
    only = documents[0]
    return replace(only, data={}) if may_be_empty and only.data is None else only


def read_documents(
    path: Path, *, may_be_empty: bool = False, largest_bytes: int = LARGEST_BYTES
) -> list[Document]:
    """Return all documents of a YAML (or JSON) file, which has at least one.

    Args:
        path: of the file.
        may_be_empty: whether there is one without content in a file without any, else a mistake.
        largest_bytes: a file may have.

    Raises:
        InputError: as :func:`read_document`.
    """
    file, text = str(path), read_text(path, largest_bytes=largest_bytes)
    documents = parse_documents(text, file)
    if documents:
        return documents
    if may_be_empty:
        return [Document(file, None, {})]
    raise InputError([problem(file, "found an empty file, expected a document")])


def read_text(path: Path, *, largest_bytes: int = LARGEST_BYTES) -> str:
    """Return the text of a file.

    Args:
        path: of the file.
        largest_bytes: it may have.

    Raises:
        InputError: if the file is missing, unreadable, too large or not UTF-8.
    """
    file = str(path)
    try:
        size = path.stat().st_size
        if size > largest_bytes:
            raise InputError(
                [
                    problem(
                        file,
                        f"found {size} bytes, expected at most {largest_bytes}",
                        fix="split the file",
                    )
                ]
            )
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise InputError(
            [problem(file, "no such file", fix="create it or correct the path")]
        ) from None
    except IsADirectoryError:
        raise InputError([problem(file, "found a directory, expected a file")]) from None
    except OSError as error:
        raise InputError([problem(file, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise InputError(
            [problem(file, f"byte {error.start} is not UTF-8", fix="save the file as UTF-8")]
        ) from None


def parse_documents(text: str, file: str) -> list[Document]:
    """Return the documents of YAML or JSON text; ``file`` is only used in problems."""
    try:
        data = parse_json(text, lambda written: WrittenFloat.of(written, float(written)))
    except NoPlainJsonError:
        return _parse_yaml(text, file)
    return [Document(file, data, Late(lambda: _parse_yaml(text, file)[0].positions))]


def _parse_yaml(text: str, file: str) -> list[Document]:
    try:
        require_bounded(text, file, SAFE_LOADER)
        nodes = yaml.compose_all(text, Loader=SAFE_LOADER)
        return [_document(node, file) for node in nodes if node]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise InputError([Problem(file, line, column, "", f"not YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        raise InputError([problem(file, f"not YAML: {' '.join(str(error).split())}")]) from None


def format_place(place: Sequence[str | int]) -> str:
    """Return ``('groups', 3, 'name')`` as ``groups[3].name``; what is not printable, escaped."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if part.isprintable() else repr(part)[1:-1]
            text += f".{key}" if text else key
    return text


def shown(value: Any) -> str:
    """Return what was found as problems tell it: at most :data:`SHOWN_CHARACTERS`."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."


def _position(node: yaml.Node) -> tuple[int, int]:
    """Return line and column, both from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def _document(root: yaml.Node, file: str) -> Document:
    positions: dict[Place, tuple[int, int]] = {}
    problems: list[Problem] = []
    constructor = yaml.SafeLoader("")

    def note(at: tuple[int, int], place: Place, message: str, fix: str = "") -> None:
        problems.append(Problem(file, *at, format_place(place), message, fix))

    def plain(node: yaml.Node, place: Place) -> Any:
        positions.setdefault(place, _position(node))
        if isinstance(node, yaml.MappingNode):
            found: dict[Any, Any] = {}
            merged: list[yaml.Node] = []
            for key_node, value_node in node.value:
                if key_node.tag == _MERGE:
                    merged.append(value_node)
                    continue
                if not isinstance(key_node, yaml.ScalarNode):
                    note(_position(key_node), place, "found a key that is no plain text")
                    continue
                key = key_node.value
                if key in found:
                    message = f"the key {key!r} stands here twice"
                    note(_position(key_node), (*place, key), message, "keep one of them")
                    continue
                positions[(*place, key)] = _position(key_node)
                found[key] = plain(value_node, (*place, key))
            for each in merged:
                merge(each, found, place)
            return found
        if isinstance(node, yaml.SequenceNode):
            return [plain(each, (*place, index)) for index, each in enumerate(node.value)]
        try:
            value = constructor.construct_object(node)
        except (yaml.YAMLError, ValueError):
            message = f"cannot read {node.value!r} as {node.tag}"
            note(positions[place], place, message, "put it in quotes")
            return None
        if isinstance(value, float):
            return WrittenFloat.of(node.value, value)
        # A date is text here: nobody asks for datetime objects, and JSON has none.
        return value if isinstance(value, bool | int | float | str | None) else node.value

    def merge(node: yaml.Node, into: dict[Any, Any], place: Place) -> None:
        """Add what a mapping, or a list of them, says and nothing before it did."""
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(each, yaml.MappingNode):
                note(_position(each), (*place, "<<"), "expected a mapping, or a list of mappings")
                continue
            own = [
                (key, value)
                for key, value in each.value
                if not isinstance(key, yaml.ScalarNode) or key.value not in into
            ]
            said = yaml.MappingNode(each.tag, own, each.start_mark, each.end_mark)
            for key, value in plain(said, place).items():
                into.setdefault(key, value)

    data = plain(root, ())
    if problems:
        raise InputError(problems)
    return Document(file, data, positions)


def _place_of(error: Any, data: Any) -> Place:
    """Return where an error is, without what pydantic adds for union members: it is no place."""
    location: Sequence[str | int] = error["loc"]
    place: list[str | int] = []
    for index, part in enumerate(location):
        # What is missing has a place all the same.
        is_missing = index == len(location) - 1 and error["type"] == "missing"
        if isinstance(data, dict) and (part in data or is_missing):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
        else:
            continue
        place.append(part)
    return tuple(place)


def _check(error: Any) -> str:
    return check_of(error.get("ctx", {}).get("error"))


_EXPECTED = {
    "dict_type": "a mapping",
    "greater_than": "a number above {gt:g}",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_pattern_mismatch": "text that matches {pattern}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} character(s)",
    "string_type": "text",
    "too_short": "at least {min_length} item(s)",
}
"""What pydantic expected, in the words of those who write YAML, by the type of its error."""


def _explain(error: Any) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    found = shown(error["input"])
    if kind == "missing":
        return "missing, expected a value", "add it"
    if kind == "extra_forbidden":
        return "unknown field", "remove it or correct its name"
    if kind == "literal_error":
        return f"found {found}, expected {context['expected']}", ""
    if kind == "value_error":
        return str(context["error"]), ""
    if kind in _EXPECTED:
        return f"found {found}, expected {_EXPECTED[kind].format(**context)}", ""
    message = error["msg"][:1].lower() + error["msg"][1:]
    return f"found {found}, expected {message.removeprefix('input should be ')}", ""
