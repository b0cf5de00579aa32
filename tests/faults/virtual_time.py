"""A clock for tests: an event loop in which waiting takes no time, while bytes still travel through real sockets.

Nothing but the loop's clock is changed. A timer is due when no socket has anything to say any more.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_ANY = TypeVar("_ANY")

GRACE_SECONDS = 0.0003
"""Real time that loopback may take to deliver before the clock moves on."""


class _Jumping(selectors.DefaultSelector):
    """A selector that, instead of waiting for a timer, moves the clock to it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        ready = super().select(min(timeout, GRACE_SECONDS))
        if not ready and timeout > 0:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` stands still while anything happens and jumps over every pause."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(work: Coroutine[Any, Any, _ANY]) -> _ANY:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)
