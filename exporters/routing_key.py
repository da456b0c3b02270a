"""PagerDuty's routing key, which a file of its own holds: whether it may be one."""

from __future__ import annotations

from pathlib import Path

from exporters.documents import Document, Place
from exporters.problems import Problem, problem

ROUTING_KEY_CHARACTERS = 32
"""Letters and digits, of an integration's key (https://github.com/PagerDuty/api-schema)."""


def routing_key_problem(key_file: Path, document: Document, place: Place) -> Problem | None:
    """Return what is wrong with PagerDuty's key, without telling it; None if it may be one.

    Args:
        key_file: that it stands in.
        document: the configuration.
        place: of the file's path in it.
    """
    expected = f"expected a routing key of {ROUTING_KEY_CHARACTERS} letters and digits"
    fix = "write the integration's routing key into it"
    try:
        key = key_file.read_bytes().decode("utf-8").strip()
    except FileNotFoundError:
        return document.problem(place, f"no such file: {key_file}", fix)
    except UnicodeDecodeError as error:
        # Not the error's text: it has a byte of the key.
        return problem(key_file, f"byte {error.start} is not UTF-8, {expected}", fix=fix)
    except OSError as error:
        return document.problem(place, f"{key_file} cannot be read: {error.strerror}")
    lines = len(key.splitlines())
    if lines > 1:
        found = f"{lines} lines"
    elif len(key) != ROUTING_KEY_CHARACTERS:
        found = f"{len(key)} characters" if key else "an empty file"
    elif not (key.isascii() and key.isalnum()):
        found = "other characters"
    else:
        return None
    return problem(key_file, f"found {found}, {expected}", fix=fix)
