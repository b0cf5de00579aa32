"""An ordered stop is no failure: container runtimes and service managers send SIGTERM and look at the exit status."""

import signal
from collections.abc import Iterator

import pytest
import uvicorn

from app.__main__ import main


@pytest.fixture(autouse=True)
def ending() -> Iterator[None]:
    """What the system does with SIGTERM, without ending the tests."""

    def end(*_: object) -> None:
        raise SystemExit(143)

    handler = signal.signal(signal.SIGTERM, end)
    yield
    signal.signal(signal.SIGTERM, handler)


def test_a_server_that_is_told_to_stop_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    async def be_told_to_stop(server: uvicorn.Server) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(uvicorn.Server, "main_loop", be_told_to_stop)
    monkeypatch.setattr("sys.argv", ["dvt-next-step", "serve", "--port", "0"])

    with pytest.raises(SystemExit) as stopped:
        main()

    assert stopped.value.code == 0
