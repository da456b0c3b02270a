"""What a real driver's library answers, call by call: recorded with it, replayed without.

Both stand below nvidia-ml-py, where it gets the library's functions: what it passes and what it
makes of the answer are its own, layouts of structures included. A recording is plain data::

    {"call": "nvmlDeviceGetTemperature", "with": [0], "returns": 0, "gives": [31]}

``with`` are the numbers and texts that were passed, ``gives`` what stood behind the pointers when
the call came back. Device handles and the like are addresses of the process that recorded them.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import pynvml as nvml

Call: TypeAlias = dict[str, Any]
_Key: TypeAlias = tuple[str, tuple[Any, ...]]

_EACH_BY_ITSELF = {"nvmlDeviceGetFieldValues": ("fieldId", "scopeId")}
"""Calls that ask for many things at once, in a list that a replay need not ask in the same order:
what tells one from another."""
_NOT_SUPPORTED = 3


@contextmanager
def recording(calls: list[Call]) -> Iterator[None]:
    """Append what the library is asked, and answers, to ``calls``."""
    find = nvml._nvmlGetFunctionPointer

    def get(name: str) -> Callable[..., int]:
        function = find(name)

        def ask(*arguments: Any) -> int:
            result = int(function(*arguments))
            given = [_plain(each._obj) for each in map(_pointed, arguments) if each is not None]
            calls.append({"call": name, "with": _inputs(arguments), "returns": result,
                          "gives": given})  # fmt: skip
            return result

        return ask

    nvml._nvmlGetFunctionPointer = get
    try:
        yield
    finally:
        nvml._nvmlGetFunctionPointer = find


@contextmanager
def replaying(calls: Sequence[Call]) -> Iterator[None]:
    """Let nvidia-ml-py have these answers, each call its own in their order, the last for ever.

    What was never asked is ``NVML_ERROR_FUNCTION_NOT_FOUND``, as of an old driver.
    """
    answers: dict[_Key, deque[Call]] = defaultdict(deque)
    for call in calls:
        answers[call["call"], tuple(call["with"])].append(call)
    lists = {name: _things(name, calls) for name in _EACH_BY_ITSELF}

    def get(name: str) -> Callable[..., int]:
        def ask(*arguments: Any) -> int:
            if name in lists:
                return _fill(name, arguments, lists[name])
            queue = answers.get((name, tuple(_inputs(arguments))))
            if not queue:
                return int(nvml.NVML_ERROR_FUNCTION_NOT_FOUND)
            call = queue.popleft() if len(queue) > 1 else queue[0]
            pointers = [each for each in map(_pointed, arguments) if each is not None]
            for pointer, value in zip(pointers, call["gives"], strict=True):
                _set(pointer._obj, value)
            return int(call["returns"])

        return ask

    find, load = nvml._nvmlGetFunctionPointer, nvml._LoadNvmlLibrary
    nvml._nvmlGetFunctionPointer, nvml._LoadNvmlLibrary = get, lambda: None
    try:
        yield
    finally:
        nvml._nvmlGetFunctionPointer, nvml._LoadNvmlLibrary = find, load


def _things(name: str, calls: Sequence[Call]) -> dict[tuple[int, ...], deque[Any]]:
    found: dict[tuple[int, ...], deque[Any]] = defaultdict(deque)
    for call in calls:
        if call["call"] == name and call["returns"] == 0:
            for each in call["gives"][0]:
                found[tuple(each[part] for part in _EACH_BY_ITSELF[name])].append(each)
    return found


def _fill(name: str, arguments: Sequence[Any], known: dict[tuple[int, ...], deque[Any]]) -> int:
    [pointer] = [each for each in map(_pointed, arguments) if each is not None]
    for each in pointer._obj:
        queue = known.get(tuple(getattr(each, part) for part in _EACH_BY_ITSELF[name]))
        if queue:
            _set(each, queue.popleft() if len(queue) > 1 else queue[0])
        else:
            each.nvmlReturn = _NOT_SUPPORTED
    return 0


class _Buffer:
    """A text buffer, which ctypes takes without ``byref``."""

    def __init__(self, buffer: Any) -> None:
        self._obj = buffer


def _pointed(argument: Any) -> Any:
    """Return what has the object behind a pointer as ``_obj``; None if it is no pointer to fill."""
    if hasattr(argument, "_obj"):
        return argument
    return _Buffer(argument) if isinstance(argument, ctypes.Array) else None


def _inputs(arguments: Sequence[Any]) -> list[Any]:
    return [
        _plain(each)
        for each in arguments
        if _pointed(each) is None and not isinstance(each, ctypes._Pointer | ctypes.c_void_p)
    ]


def _plain(value: Any) -> Any:
    """Return what JSON can hold of a ctypes object."""
    if isinstance(value, ctypes.Union):
        return int.from_bytes(bytes(value), "little")
    if isinstance(value, ctypes.Structure):
        names = [name for kind in reversed(type(value).__mro__) for name, *_ in
                 getattr(kind, "_fields_", ())]  # fmt: skip
        return {name: _plain(_field(value, name)) for name in dict.fromkeys(names)}
    if isinstance(value, ctypes.Array):
        if value._type_ is ctypes.c_char:
            return bytes(value).partition(b"\0")[0].decode("utf-8", "replace")
        used = len(value)
        while used and not any(bytes(_at(value, used - 1))):
            used -= 1  # room that nobody used
        return [_plain(_at(value, index)) for index in range(used)]
    if isinstance(value, ctypes._Pointer | ctypes.c_void_p):
        return ctypes.cast(value, ctypes.c_void_p).value or 0
    if isinstance(value, ctypes._SimpleCData):
        value = value.value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _field(value: ctypes.Structure, name: str) -> Any:
    """Return a field as ctypes lays it out, whatever its class makes of it for readers."""
    for kind in type(value).__mro__:
        for each, of, *_ in kind.__dict__.get("_fields_", ()):
            if each == name:
                return of.from_buffer(value, getattr(kind, name).offset)
    raise AttributeError(name)


def _at(array: ctypes.Array[Any], index: int) -> Any:
    """Return an element as ctypes lays it out; plain ones, ctypes itself gives as numbers."""
    kind = array._type_
    return kind.from_buffer(array, index * ctypes.sizeof(kind))


def _set(target: Any, value: Any) -> None:
    """Put into a ctypes object what :func:`_plain` returned of another."""
    if isinstance(target, ctypes.Union):
        ctypes.memmove(ctypes.byref(target), value.to_bytes(ctypes.sizeof(target), "little"),
                       ctypes.sizeof(target))  # fmt: skip
    elif isinstance(target, ctypes.Structure):
        for name, each in value.items():
            _set(_field(target, name), each)
    elif isinstance(target, ctypes.Array):
        if target._type_ is ctypes.c_char:
            target.value = value.encode()
            return
        for index, each in enumerate(value):
            _set(_at(target, index), each)
    elif isinstance(target, ctypes._Pointer | ctypes.c_void_p):
        ctypes.memmove(ctypes.byref(target), ctypes.byref(ctypes.c_void_p(value)),
                       ctypes.sizeof(ctypes.c_void_p))  # fmt: skip
    else:
        target.value = value.encode() if isinstance(value, str) else value
