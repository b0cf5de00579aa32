"""The pages people look at: they name what they serve and load nothing from elsewhere."""

import importlib.util
import re
from html.parser import HTMLParser

import pytest

from app.web.routes import swagger_files
from tests.front_door import ask, pathways


class Page(HTMLParser):
    """The addresses a page loads or links to, and whether it holds a script of its own."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline_scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [address for name in ("href", "src") if (address := given.get(name))]
        self.inline_scripts += tag == "script" and not given.get("src")


@pytest.mark.parametrize("address", ["/", "/docs"])
async def test_everything_a_page_needs_comes_from_this_server(address: str) -> None:
    response = await ask("GET", address)
    page = Page(response.text)

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert page.inline_scripts == 0
    for linked in page.addresses:
        assert re.match(r"[a-z#]", linked), linked  # relative: works behind any prefix, leaves this server never
        if not linked.startswith("#"):
            assert (await ask("GET", f"/{linked}")).status_code == 200


@pytest.mark.parametrize("address", ["/", "/docs"])
async def test_a_page_forbids_what_it_does_not_need(address: str) -> None:
    headers = (await ask("GET", address)).headers
    policy = headers["content-security-policy"]

    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy or "script-src 'self';" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_the_landing_page_names_the_pathways_and_that_they_are_drafts() -> None:
    text = (await ask("GET", "/")).text

    assert "Decision support for clinicians, not for emergencies." in text
    for pathway in pathways():
        assert f"<code>{pathway.id}</code>" in text
        assert f"<dd>{pathway.version}</dd>" in text
        assert pathway.content_hash in text
        assert "draft, not clinically approved" in text


async def test_the_landing_pages_example_works() -> None:
    text = (await ask("GET", "/")).text
    found = re.search(r"-d &#39;(.*?)&#39;|-d '(.*?)'", text, re.DOTALL)

    assert found
    response = await ask("POST", "/evaluate", content=found[2])
    assert response.json()["recommendations"][0]["id"] == "REPEAT-CDUS"


async def test_the_swagger_page_asks_for_our_own_description() -> None:
    assert '"openapi.json"' in (await ask("GET", "/static/swagger-init.js")).text


async def test_other_files_of_the_package_are_not_reached() -> None:
    for address in ("/docs/assets/../main.py", "/docs/assets/%2e%2e/main.py", "/static/../routes.py"):
        assert (await ask("GET", address)).status_code == 404


def test_a_missing_swagger_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("app.web.routes.find_spec", lambda name: None)

    with pytest.raises(FileNotFoundError, match="fastapi-swagger is not installed"):
        swagger_files()
