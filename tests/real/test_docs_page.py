"""The pages as a browser shows them, from the real server, with no way to any other host."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 30
STOP_SECONDS = 15
BROWSER_SECONDS = 60


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/evaluate"),
        ("get", "/cds-services"),
        ("post", "/cds-services/dvt-next-step-patient-view"),
        ("post", "/cds-services/dvt-next-step-order-sign"),
        ("get", "/pathways"),
        ("get", "/pathways/{pathway_id}"),
        ("get", "/pathways/{pathway_id}/diagram.svg"),
        ("post", "/pathways/{pathway_id}/evaluate"),
        ("get", "/health"),
    ],
)
def test_docs_page_shows_the_operation(docs: str, method: str, path: str) -> None:
    blocks = docs.split('class="opblock opblock-')[1:]

    assert any(block.startswith(method) and f'data-path="{path}"' in block for block in blocks)


def test_landing_page_is_a_page_that_names_us(server: str, tmp_path: Path) -> None:
    page = browse(f"{server}/", tmp_path, "--dump-dom").decode()

    assert "<h1" in page
    assert "dvt-next-step" in page.lower()


def test_docs_page_can_be_pictured(server: str, tmp_path: Path) -> None:
    picture = tmp_path / "docs.png"

    browse(f"{server}/docs", tmp_path, f"--screenshot={picture}", "--window-size=1280,1600")

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000  # an empty page of this size has about 6 kB


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The base address of the running service."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "app", "serve", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_until_answering(f"{url}/health", process)
        yield url
    finally:
        stop(process)


@pytest.fixture(scope="module")
def docs(server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    return browse(f"{server}/docs", tmp_path_factory.mktemp("docs"), "--dump-dom").decode()


def browse(url: str, folder: Path, *options: str) -> bytes:
    """What headless Chromium prints. It resolves no name: a page that needs another host stays unfinished."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert browser, "no browser: .ci/install-browser"
    command = [
        browser,
        "--headless",
        "--no-sandbox",  # Chromium refuses its sandbox to root, and CI is root; it only opens our own pages
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=10000",  # lets scripts and requests finish, without waiting that long
        *options,
        url,
    ]
    done = subprocess.run(command, check=True, capture_output=True, timeout=BROWSER_SECONDS)
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_answering(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with status {process.returncode}"
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    pytest.fail(f"no answer from {url} within {START_SECONDS} s")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
