"""What an EHR discovers."""

import re
from dataclasses import replace

import httpx
import pytest

from app.cds_hooks.discovery import SERVICES, prefetch_templates, record_queries
from app.errors import AuthorError
from app.pathway.load import Pathway
from app.settings import Settings
from tests.front_door import ask, make_service, pathways

HOOKS = (
    "patient-view", "order-select", "order-sign", "appointment-book", "encounter-discharge", "order-dispatch",
)  # fmt: skip


async def discovered(settings: Settings | None = None) -> httpx.Response:
    return await ask("GET", "/cds-services", app=make_service(settings=settings))


@pytest.mark.row("DISC-01", "DISC-02", "DISC-04", "DISC-05", "DISC-06", "DISC-07", "DISC-09", "DISC-10", "DISC-13")
async def test_discovery_lists_each_service_with_what_an_ehr_needs() -> None:
    response = await discovered()
    services = response.json()["services"]

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert [service["hook"] for service in services] == list(HOOKS)
    for service in services:
        assert service["id"] == f"dvt-next-step-{service['hook']}"
        assert re.fullmatch(r"[a-z0-9-]+", service["id"])
        assert service["version"] == "2.0.1"
        assert all(service[text] for text in ("title", "description", "usageRequirements"))
    assert len({service["title"] for service in services}) == len(HOOKS)


@pytest.mark.row("GEN-02", "GEN-03")
async def test_nothing_in_discovery_is_null_or_empty() -> None:
    text = (await discovered()).text

    assert not [empty for empty in ("null", '""', "[]", "{}") if empty in text]


@pytest.mark.row("DISC-12")
def test_a_service_id_belongs_to_one_hook() -> None:
    """Some clients tell cards apart by service id alone."""
    assert len({service.id for service in SERVICES}) == len(SERVICES)


@pytest.mark.row("DISC-08")
async def test_the_prefetch_is_what_the_pathways_read_and_nothing_more() -> None:
    """Threat B10."""
    for service in (await discovered()).json()["services"]:
        assert service["prefetch"] == {key: query.template for p in pathways() for key, query in p.queries.items()}
    assert {key for key, query in record_queries(pathways()).items() if query.required} == {"patient", "reports"}


READ = r"[A-Z][A-Za-z]+/\{\{context\.patientId\}\}"
PARAMETER = r"(patient=\{\{context\.patientId\}\}|_count=[0-9]+|_sort=-?[a-z-]+|category=[a-z-]+|status=[a-z-]+)"
SEARCH = rf"[A-Z][A-Za-z]+\?{PARAMETER}(&{PARAMETER})*"


@pytest.mark.row("PT-01", "PT-02", "PT-03", "PT-04", "PT-06", "PT-08")
@pytest.mark.parametrize("template", prefetch_templates(pathways()).values())
def test_a_template_stays_in_the_restricted_subset(template: str) -> None:
    """Reads and searches, equality only, root-level context tokens."""
    assert re.fullmatch(f"{READ}|{SEARCH}", template)


async def test_a_silent_draft_asks_for_no_data() -> None:
    services = (await discovered(Settings(unapproved_pathways="silent"))).json()["services"]

    assert services
    assert not [service for service in services if "prefetch" in service]


def altered(pathway: Pathway, **change: object) -> Pathway:
    """The pathway with another query for the reports."""
    reports = pathway.queries["reports"].model_copy(update=change)
    facts = pathway.facts.model_copy(update={"queries": {**pathway.queries, "reports": reports}})
    return replace(pathway, id="other", facts=facts)


def test_two_pathways_may_share_a_query_and_either_may_require_it() -> None:
    """The union of two pathways' queries; required wins, in either order."""
    one = pathways()[0]
    other = altered(one, required=False)

    assert record_queries([one, other])["reports"].required
    assert record_queries([other, one])["reports"].required


def test_one_key_never_means_two_queries() -> None:
    one = pathways()[0]

    with pytest.raises(AuthorError, match=r"other/facts\.yaml: reports: another pathway asks another query"):
        record_queries([one, altered(one, template="DiagnosticReport?patient={{context.patientId}}")])
