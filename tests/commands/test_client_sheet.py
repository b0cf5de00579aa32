"""The sheet for whoever sets up the EHR: everything it needs and nothing it has not got."""

import re
from dataclasses import replace

import pytest

from app.cards.render import OVERRIDE_REASONS
from app.cds_hooks.discovery import prefetch_templates
from app.clients.dialects import SPEECHES, Dialect
from app.clients.load import Client
from app.commands.client_sheet import client_sheet
from tests.front_door import clients, pathways
from tests.test_commands import run

URL = "https://dvt.example.org"


def sheet(**members: object) -> str:
    return "\n".join(client_sheet(client(**members), URL))


def client(**members: object) -> Client:
    return replace(clients().default, **members)  # type: ignore[arg-type]  # members of a client


def section(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_sheet_names_the_address_of_every_hook_that_the_client_has() -> None:
    named = re.findall(
        r"^\| `([a-z-]+)` \| `([^`]+)` \|", section(sheet(), "Addresses and workflow steps"), re.MULTILINE
    )

    assert named == [(hook, f"{URL}/cds-services/dvt-next-step-{hook}") for hook in SPEECHES[Dialect.BASELINE].hooks]


def test_the_queries_are_those_of_discovery_under_the_clients_names() -> None:
    text = section(sheet(aliases={"reports": "dvt-reports"}, no_such_data=frozenset({"devices"})), "Prefetch")
    named = dict(re.findall(r"^\| `([\w-]+)` \| `([^`]+)` \|", text, re.MULTILINE))
    templates = prefetch_templates(pathways())

    assert named.pop("dvt-reports") == templates.pop("reports")
    assert templates.pop("devices")
    assert named == templates


def test_the_scopes_are_those_of_the_queries() -> None:
    scopes = set(re.findall(r"`patient/(\w+)\.read`", section(sheet(), "Scopes")))

    assert scopes == {re.split("[/?]", template)[0] for template in prefetch_templates(pathways()).values()}


def test_epic_hears_of_its_triggers_and_of_orders_it_has_no_codes_for() -> None:
    epic = sheet(dialect=Dialect.EPIC, hooks=SPEECHES[Dialect.EPIC].hooks)

    assert "18 as order-sign, 23 as order-sign, 27 as encounter-discharge" in epic
    assert "appointment-book" not in epic
    assert section(epic, "Orders that a card may offer").count("none: in words only") > 3
    assert "trigger action" not in sheet()


def test_links_and_override_reasons_are_listed() -> None:
    assert "| doi.org |" in section(sheet(link_hosts=frozenset({"doi.org"})), "Link domains")
    assert section(sheet(), "Link domains").strip() == "None."
    assert all(f"`{each['code']}`" in section(sheet(), "Override reasons") for each in OVERRIDE_REASONS)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("client-sheet", "--url", f"{URL}/") == 0
    assert f"`{URL}/cds-services/dvt-next-step-order-sign`" in capsys.readouterr().out


def test_a_client_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("client-sheet", "--client", "nobody") != 0
    assert "there is no such client; there are default" in capsys.readouterr().err
