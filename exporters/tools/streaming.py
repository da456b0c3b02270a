"""Tools that yield what they find bit by bit: one call from the first step to the last.

The span is the current one while the tool works, and not while its caller does between two steps.
A caller that does not want the rest has cancelled the call.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Protocol


class Call(Protocol):
    """What measures a call."""

    def begin(self) -> object:
        """Begin to measure."""

    def current(self) -> AbstractContextManager[object]:
        """Let spans that are made within it be the call's."""

    def finish(self, error: BaseException | None) -> None:
        """End measuring; ``error`` is what ended the call, if anything did."""


def follow(
    function: Callable[..., Generator[Any, Any, Any]], make: Callable[[], Call]
) -> Callable[..., Generator[Any, Any, Any]]:
    """Return a generator function that does the same, each run of it measured as one call."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator, call = function(*args, **kwargs), make()
        call.begin()
        step: Callable[[], Any] = partial(generator.send, None)
        try:
            while True:
                try:
                    with call.current():
                        item = step()
                except StopIteration as end:
                    result = end.value
                    break
                try:
                    sent = yield item
                except GeneratorExit:
                    with call.current():
                        generator.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - the generator's to handle
                    step = partial(generator.throw, error)
                else:
                    step = partial(generator.send, sent)
        except BaseException as error:
            call.finish(error)
            raise
        call.finish(None)
        return result

    return run


def follow_async(
    function: Callable[..., AsyncGenerator[Any, Any]], make: Callable[[], Call]
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """Return the same of an asynchronous generator function."""

    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        generator, call = function(*args, **kwargs), make()
        call.begin()
        step: Callable[[], Coroutine[Any, Any, Any]] = partial(generator.asend, None)
        try:
            while True:
                try:
                    with call.current():
                        item = await step()
                except StopAsyncIteration:
                    break
                try:
                    sent = yield item
                except GeneratorExit:
                    with call.current():
                        await generator.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - the generator's to handle
                    step = partial(generator.athrow, error)
                else:
                    step = partial(generator.asend, sent)
        except BaseException as error:
            call.finish(error)
            raise
        call.finish(None)

    return run
