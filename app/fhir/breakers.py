"""Leaving a FHIR server alone for a while after it failed again and again (threat model I1). Kept in memory only."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Origin = tuple[str, str, int]

FAILURES: Final = 5
"""Calls in a row of which the server answered nothing."""

PAUSE_SECONDS: Final = 10.0
"""How long it is left alone; then one call may try."""

MOST_ORIGINS: Final = 1000


@dataclass(slots=True)
class _Trouble:
    failures: int = 0
    rests_until: float | None = None


class Breakers:
    """One circuit breaker for each origin. `clock`: seconds that never go back.

    A call that gets anything but a server error from the origin closes it: the answer 401 is no outage.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        failures: int = FAILURES,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._clock, self._failures, self._pause = clock, failures, pause_seconds
        self._troubles: dict[Origin, _Trouble] = {}

    def may_ask(self, origin: Origin) -> bool:
        """Whether a call may ask now. After the pause one may, and the next only if it went well or after another."""
        trouble = self._troubles.get(origin)
        if trouble is None or trouble.rests_until is None:
            return True
        if self._clock() < trouble.rests_until:
            return False
        trouble.rests_until = self._clock() + self._pause
        return True

    def note(self, origin: Origin, *, answered: bool) -> None:
        """What became of a call that asked."""
        if answered:
            self._troubles.pop(origin, None)
            return
        trouble = self._troubles.setdefault(origin, _Trouble())
        trouble.failures += 1
        if trouble.failures >= self._failures:
            trouble.rests_until = self._clock() + self._pause
        if len(self._troubles) > MOST_ORIGINS:
            del self._troubles[next(iter(self._troubles))]
