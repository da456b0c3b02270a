"""Grafana's variables put into texts: queries, titles, links. Pure.

Grafana writes a variable as ``$name``, ``${name}``, ``${name:format}``, ``${name.path}`` or
``[[name]]``. What stands for it depends on where it stands: in a query of Prometheus a regular
expression, in a title words, in an address what addresses can hold. Sources: Grafana's
documentation "Variable syntax", and ``interpolateQueryExpr`` of its Prometheus data source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

ALL = "$__all"
"""What stands in addresses and in a dashboard's JSON for "all of them"."""

_VARIABLE = re.compile(
    r"\$(?P<bare>(?!\d+\b)\w+)"
    r"|\[\[(?P<old>\w+?)(?::(?P<old_format>\w+))?\]\]"
    r"|\$\{(?P<name>\w+)(?:\.(?P<path>[^:}]+))?(?::(?P<format>[^}]+))?\}"
)
"""Grafana's own syntax, which is not PromQL's; of that, ``$1`` is what ``label_replace`` found."""
_PATTERN_CHARACTERS = re.compile(r"[$^*{}\[\]'+?.()|\\]")
_REGEX_CHARACTERS = re.compile(r"[-/\\^$*+?.()|\[\]{}]")

QUERY, WORDS, ADDRESS = "query", "text", "percentencode"
"""Where a text stands: in a query, before people, in an address."""


@dataclass(frozen=True)
class Standing:
    """What stands for a variable."""

    values: tuple[str, ...]
    is_pattern: bool = False
    """Whether several can be chosen: then queries get a regular expression."""
    is_raw: bool = False
    """Whether the values are put in as they are, whatever the format: built-in variables, and what
    a dashboard itself says that "all" is."""
    is_all: bool = False
    """Whether all are chosen, which titles and addresses say in a word."""

    @classmethod
    def raw(cls, value: str) -> Standing:
        """Return what is put in as it is."""
        return cls((value,), is_raw=True)


def interpolate(
    text: str,
    standing: Mapping[str, Standing],
    *,
    where: str = QUERY,
    strict: bool = False,
) -> str:
    """Return ``text`` with what stands for its variables.

    Args:
        text: a query, title or address.
        standing: by the name of a variable, without ``$``; with a path, ``__field.labels.region``.
        where: the format of those that name none: :data:`QUERY`, :data:`WORDS`, :data:`ADDRESS`.
        strict: whether a variable that nothing stands for is an error; else it stays as it is,
            which is what Grafana does.

    Raises:
        KeyError: ``strict``, and nothing stands for a variable.
    """

    def replaced(match: re.Match[str]) -> str:
        name = match["bare"] or match["old"] or match["name"]
        key = f"{name}.{_path(match['path'])}" if match["path"] else name
        format_ = match["format"] or match["old_format"] or where
        if key not in standing:
            if strict:
                raise KeyError(key)
            return match[0]
        return _written(key, standing[key], format_)

    return _VARIABLE.sub(replaced, text)


def _path(path: str) -> str:
    """Return ``fields["a b"]`` as ``fields.a b``."""
    return re.sub(r"\[[\"']?([^\]\"']*)[\"']?\]", r".\1", path)


def _written(name: str, standing: Standing, format_: str) -> str:
    if standing.is_all and format_ in (WORDS, "queryparam"):
        return "All" if format_ == WORDS else f"var-{quote(name, safe='')}={ALL}"
    kind, _, detail = format_.partition(":")
    if kind == "date":
        return _date(standing.values[0], detail)
    if standing.is_raw and kind != "queryparam":
        return ",".join(standing.values)
    if kind == QUERY:
        return _in_query(standing)
    if kind == "queryparam":
        return "&".join(f"var-{quote(name, safe='')}={quote(each)}" for each in standing.values)
    return _FORMATS.get(kind, _glob)(standing.values)


def _in_query(standing: Standing) -> str:
    if not standing.is_pattern:
        return _quoted(standing.values[0]) if standing.values else ""
    # Twice escaped: once for the regular expression, once for the string that it stands in.
    escaped = [_PATTERN_CHARACTERS.sub(_twice, each) for each in standing.values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _twice(match: re.Match[str]) -> str:
    return "\\\\\\\\" if match[0] == "\\" else f"\\\\{match[0]}"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")


def _glob(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{{{','.join(values)}}}"


def _regex(values: tuple[str, ...]) -> str:
    escaped = [_REGEX_CHARACTERS.sub(r"\\\g<0>", each) for each in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _between(quote_mark: str) -> Callable[[tuple[str, ...]], str]:
    def write(values: tuple[str, ...]) -> str:
        escaped = (each.replace(quote_mark, f"\\{quote_mark}") for each in values)
        return ",".join(f"{quote_mark}{each}{quote_mark}" for each in escaped)

    return write


def _json(values: tuple[str, ...]) -> str:
    return json.dumps(values[0] if len(values) == 1 else list(values), ensure_ascii=False)


_FORMATS: Mapping[str, Callable[[tuple[str, ...]], str]] = {
    "csv": ",".join,
    "doublequote": _between('"'),
    "glob": _glob,
    "json": _json,
    "percentencode": lambda values: quote(_glob(values), safe=""),
    "pipe": "|".join,
    "raw": ",".join,
    "regex": _regex,
    "singlequote": _between("'"),
    "text": " + ".join,
    "uriencode": lambda values: quote(_glob(values), safe=";/?:@&=+$,#-_.!~*'()"),
}


def _date(milliseconds: str, detail: str) -> str:
    moment = int(float(milliseconds))
    if detail == "seconds":
        return str(moment // 1000)
    said = datetime.fromtimestamp(moment / 1000, UTC)
    return said.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"
