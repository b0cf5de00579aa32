"""Discovery as conformance.md demands it: DISC-*, PT-*, and what is published for people."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.cds_hooks.response_model import empties
from tests.front_door import ask, call, clients, make_service, pathways, with_default

Json = dict[str, Any]

PAGE = Path(__file__).parents[2] / "docs" / "cds-hooks.md"

# CDS Hooks 2.0.1, and `version`, which 3.0 adds (DISC-10)
MEMBERS_201 = {"hook", "title", "description", "id", "prefetch", "usageRequirements", "extension"}

# Published hooks (conformance.md, section 6)
STANDARD_HOOKS = {
    "patient-view",
    "order-select",
    "order-sign",
    "appointment-book",
    "encounter-start",
    "encounter-discharge",
    "order-dispatch",
    "allergyintolerance-create",
    "problem-list-item-create",
    "medication-refill",
}

USER_TOKENS = {"userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId"}
PATIENT_VIEW_TOKENS = {"context.userId", "context.patientId", "context.encounterId"} | USER_TOKENS

# Search parameters of FHIR R4 (hl7.org/fhir/R4, "Search Parameters" of each resource) that may be used or sorted by
R4_PARAMETERS = {
    "DiagnosticReport": {"patient", "date", "category", "code", "status", "issued"},
    "Observation": {"patient", "date", "category", "code", "status"},
    "ImagingStudy": {"patient", "started", "modality", "status"},
    "ServiceRequest": {"patient", "authored", "status", "code", "category", "intent", "occurrence"},
    "Condition": {"patient", "clinical-status", "category", "code", "onset-date", "recorded-date"},
    "Procedure": {"patient", "date", "category", "code", "status"},
    "Encounter": {"patient", "date", "class", "status"},
    "MedicationRequest": {"patient", "authoredon", "intent", "status"},
    "MedicationStatement": {"patient", "effective", "category", "status"},
    "AllergyIntolerance": {"patient", "date", "clinical-status", "category"},
    "Device": {"patient", "status", "type"},
    "QuestionnaireResponse": {"patient", "authored", "status"},
}
UNDATED = {"Device"}  # R4 has no date to sort devices by


async def services(settings: Settings | None = None) -> list[Json]:
    response = await ask("GET", "/cds-services", app=make_service(settings=settings))
    listed: list[Json] = response.json()["services"]
    return listed


async def templates() -> dict[str, str]:
    return {key: template for service in await services() for key, template in service["prefetch"].items()}


async def searches() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each search template as its resource type and its parameters."""
    split = [template.split("?", 1) for template in (await templates()).values() if "?" in template]
    return [(kind, parse_qsl(query, strict_parsing=True)) for kind, query in split]


@pytest.mark.row("DISC-01", "DISC-02", "DISC-13", "DISC-15")
async def test_discovery_needs_nothing_but_a_get() -> None:
    response = await ask("GET", "/cds-services", headers={"Accept": "*/*"})

    assert response.status_code == 200
    assert isinstance(response.json()["services"], list)
    assert response.json()["services"]


@pytest.mark.row("DISC-03")
@pytest.mark.parametrize("unapproved", ["marked", "silent"])
@pytest.mark.parametrize("some", [True, False])
async def test_discovery_is_a_200_with_a_list_even_when_there_is_nothing_to_say(*, unapproved: str, some: bool) -> None:
    def no_ehr(request: httpx.Request) -> httpx.Response:
        raise AssertionError("the EHR was asked")

    app = create_app(
        Settings(unapproved_pathways=unapproved),  # type: ignore[arg-type]  # parametrized: one of its two values
        pathways=pathways() if some else (),
        clients=with_default(replace(clients().default, pathways=pathways() if some else ())),
        http=httpx.AsyncClient(transport=httpx.MockTransport(no_ehr)),
        clock=lambda: date(2026, 3, 12),
    )
    response = await ask("GET", "/cds-services", app=app)

    assert response.status_code == 200
    assert list(response.json()) == ["services"]
    assert not list(empties(response.json()["services"]))


@pytest.mark.row("DISC-04", "DISC-05", "DISC-06", "DISC-09", "GEN-02", "GEN-03")
async def test_each_service_says_in_words_what_it_is() -> None:
    for service in await services():
        assert all(isinstance(service[name], str) and service[name].strip() for name in ("hook", "title"))
        assert len(service["description"]) > len(service["title"])
        assert "reports" in service["usageRequirements"]
        assert not list(empties(service))


@pytest.mark.row("DISC-07")
async def test_each_listed_id_is_the_last_part_of_an_address_that_answers() -> None:
    for service in await services():
        response = await ask("POST", f"/cds-services/{service['id']}", json={**call(), "hook": service["hook"]})

        assert re.fullmatch(r"[A-Za-z0-9\-._~]+", service["id"])
        assert response.status_code == 200


@pytest.mark.row("DISC-08")
async def test_the_prefetch_maps_names_to_queries() -> None:
    for service in await services():
        assert service["prefetch"]
        assert all(isinstance(key, str) and isinstance(query, str) for key, query in service["prefetch"].items())


@pytest.mark.row("DISC-10", "DISC-11", "DISC-14")
async def test_a_service_has_the_members_of_2_0_1_and_the_version_of_3_0() -> None:
    """No hookVersion: several versions of a hook are not told apart. No extension: none is agreed with anybody."""
    for service in await services():
        assert set(service) - MEMBERS_201 == {"version"}
        assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", service["version"])
        assert "extension" not in service


@pytest.mark.row("DISC-12", "REQ-02")
async def test_a_call_of_a_hook_that_the_id_does_not_offer_is_refused() -> None:
    """Dispatch is on id and hook together."""
    for service in await services():
        for hook in sorted(STANDARD_HOOKS - {service["hook"]}):
            response = await ask("POST", f"/cds-services/{service['id']}", json={**call(), "hook": hook})

            assert response.status_code == 400


@pytest.mark.row("HK-01", "HK-02")
async def test_a_hook_is_a_published_one_or_carries_a_domain() -> None:
    for service in await services():
        assert service["hook"] in STANDARD_HOOKS or re.fullmatch(r"[a-z]+(\.[a-z0-9-]+){2,}", service["hook"])


@pytest.mark.row("PT-01")
async def test_a_template_is_a_relative_read_or_a_search_of_one_type() -> None:
    for template in (await templates()).values():
        assert re.fullmatch(r"[A-Z][A-Za-z]+(/\{\{[^{}/?]+\}\}|\?[^/]+)", template)


@pytest.mark.row("PT-02", "PT-03", "PT-04", "PT-05")
async def test_every_token_is_one_that_patient_view_fills() -> None:
    """The patient's id and nothing else, and what is left over holds no brace (so no FHIRPath and no today())."""
    for template in (await templates()).values():
        tokens = set(re.findall(r"\{\{([^{}]*)\}\}", template))

        assert tokens == {"context.patientId"}
        assert tokens <= PATIENT_VIEW_TOKENS
        assert not re.search(r"[{}]", re.sub(r"\{\{[^{}]*\}\}", "", template))


@pytest.mark.row("PT-06", "PT-07", "PT-08")
async def test_a_search_uses_the_restricted_subset_only() -> None:
    """No modifier, no chain, no list, no prefix, no include, no _maxresults."""
    for kind, parameters in await searches():
        for name, value in parameters:
            assert name in R4_PARAMETERS[kind] | {"_count", "_sort"}
            assert not re.search(r"[:,]", name + value)
            assert not re.match(r"(ne|sa|eb|ap)[0-9]", value)


@pytest.mark.row("PT-06", "PT-09")
async def test_a_search_is_sorted_and_limited_as_r4_says_it() -> None:
    """Without date filters the newest must come first (PT-10): `_sort=-date`, not the old `sort:desc=date`."""
    for kind, parameters in await searches():
        asked = dict(parameters)

        assert len(asked) == len(parameters)
        assert asked["patient"] == "{{context.patientId}}"
        assert ("_sort" in asked) == (kind not in UNDATED)
        assert kind in UNDATED or asked["_sort"].startswith("-")
        assert kind in UNDATED or asked["_sort"][1:] in R4_PARAMETERS[kind]
        assert 1 <= int(asked["_count"]) <= 100
        assert kind != "Condition" or "status" not in asked


@pytest.mark.row("PT-12")
async def test_no_template_depends_on_another() -> None:
    assert not [template for template in (await templates()).values() if "%" in template or "|" in template]


@pytest.mark.row("GEN-08", "DISC-15")
async def test_the_page_for_integrators_says_what_discovery_says() -> None:
    """For those EHRs that never call discovery."""
    page = PAGE.read_text(encoding="utf-8")
    printed = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", page, re.MULTILINE))
    required = set(re.findall(r"^\| `(\w+)` \| `[^`]+` \| required \|", page, re.MULTILINE))

    assert printed == await templates()
    assert required == {key for each in pathways() for key, query in each.queries.items() if query.required}
    for service in await services():
        assert f"/cds-services/{service['id']}`" in page
        assert f"`{service['hook']}`" in page
        assert f"CDS Hooks {service['version']}" in page
