"""What every test shares."""

import os
from collections.abc import Generator

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # the loop uvicorn runs; anyio would also try trio


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        fail_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        fail_in_ci(report)
    return report


def fail_in_ci(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI a skipped test is a failure: there, everything it could need is installed."""
    if os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
