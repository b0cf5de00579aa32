"""Threat model B6: what a token is good for."""

import pytest

from app.fhir.access import FhirAccess

READ, SEARCH = "Patient/p1", "Observation?patient=p1&category=laboratory"


def access(scope: str | None = None, expires_in: float | None = None) -> FhirAccess:
    return FhirAccess("https://ehr.example.org/fhir", "secret-token", expires_in, scope)


@pytest.mark.parametrize(
    "scope",
    [
        None,
        "",
        "launch openid fhirUser",
        "PATIENT.READ",
        "patient/*.read",
        "patient/Observation.read",
        "user/Observation.*",
        "system/*.*",
        "patient/Observation.rs",
        "patient/Observation.cruds",
        "user/*.s",
        "patient/Patient.read patient/Observation.read",
        "patient/Observation.rs?category=laboratory",
    ],
)
def test_a_search_that_may_be_covered_is_asked(scope: str | None) -> None:
    assert access(scope).covers(SEARCH)


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Patient.read",
        "patient/Observation.write",
        "patient/Observation.r",
        "patient/Observation.cud",
        "patient/Observations.read",
        "launch patient/Condition.rs user/DiagnosticReport.*",
    ],
)
def test_a_search_that_cannot_be_covered_is_not(scope: str) -> None:
    assert not access(scope).covers(SEARCH)


@pytest.mark.parametrize(
    ("scope", "may"), [("patient/Patient.r", True), ("patient/Patient.s", False), ("patient/Patient.read", True)]
)
def test_a_read_is_another_permission_than_a_search(scope: str, *, may: bool) -> None:
    assert access(scope).covers(READ) is may


def test_no_request_starts_shortly_before_the_end() -> None:
    assert access(expires_in=300).usable_until(1000.0) == 1298.0
    assert access().usable_until(1000.0) is None


def test_the_token_shows_in_no_text() -> None:
    assert "secret-token" not in repr(access()) + str(access())
