"""One line in the log for each call: which service, what came of it, how long it took. Nothing of the patient.

The members of `Line` are the whole allow-list (threat model P1); none is ever text from a request (D9).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

import msgspec
from starlette.requests import ClientDisconnect

from app.errors import CallerError, WorldError

log: Final = logging.getLogger("dvt_next_step.calls")

UNKNOWN_SERVICE: Final = "unknown"
CALLER_HAS_GONE: Final = 499  # never sent: what web servers write for a client that did not wait


class Line(msgspec.Struct):
    """What may be said of a call. `service` is one that we offer; `milliseconds` is our own time, EHR included."""

    service: str = UNKNOWN_SERVICE
    status: int = 500
    cards: int = 0
    milliseconds: float = 0.0


@contextmanager
def one_line() -> Iterator[Line]:
    """Write the line when the call is over, however it ends."""
    line, started = Line(), perf_counter()
    try:
        yield line
        line.status = 200
    except CallerError as error:
        line.status = error.status
        raise
    except WorldError:
        line.status = 503
        raise
    except ClientDisconnect:
        line.status = CALLER_HAS_GONE
        raise
    finally:
        line.milliseconds = round((perf_counter() - started) * 1000, 1)
        log.info("%s", msgspec.json.encode(line).decode())
