"""H2: what proves that a resource is about the patient."""

import pytest

from app.fhir.resources import Reference
from app.fhir.subject import Proof, Subject

SERVER = "https://ehr.example.org/fhir"
OURS, ANOTHER, NONE = Proof.OURS, Proof.ANOTHER, Proof.NONE

FORMS = [
    ("Patient/p1", OURS),
    ("Patient/p1/_history/3", OURS),
    (f"{SERVER}/Patient/p1", OURS),
    (f"{SERVER}/Patient/p1/_history/v-2.1", OURS),
    ("Patient/p2", ANOTHER),
    ("Patient/P1", ANOTHER),
    ("Patient/p1.", ANOTHER),
    (f"{SERVER}/Patient/p2", ANOTHER),
    ("Group/p1", ANOTHER),
    ("Device/p1", ANOTHER),
    ("https://other.example.org/fhir/Patient/p1", NONE),
    ("http://ehr.example.org/fhir/Patient/p1", NONE),
    (f"{SERVER}/r4/Patient/p1", NONE),
    (f"{SERVER}//Patient/p1", NONE),
    (f"{SERVER}.evil.org/Patient/p1", NONE),
    ("/Patient/p1", NONE),
    ("Patient/p1/", NONE),
    ("Patient/p1/Observation/o1", NONE),
    ("Patient/p1?x=1", NONE),
    ("Patient/p1#x", NONE),
    ("Patient?identifier=1", NONE),
    ("#p1", NONE),
    ("urn:uuid:0f1e2d3c-0000-4000-8000-000000000001", NONE),
    ("urn:oid:1.2.3", NONE),
    ("p1", NONE),
    ("", NONE),
    (" Patient/p1", NONE),
    ("patient/p1", NONE),
    ("Patient/p1\n", NONE),
    ("../Patient/p1", NONE),
]


@pytest.mark.parametrize(("text", "proof"), FORMS)
def test_only_some_forms_of_reference_prove_the_subject(text: str, proof: Proof) -> None:
    assert Subject("p1", SERVER).proof(Reference(text)) is proof
    assert Subject("p1", f"{SERVER}/").proof(Reference(text)) is proof


def test_without_a_server_no_absolute_reference_is_proven() -> None:
    assert Subject("p1").proof(Reference(f"{SERVER}/Patient/p1")) is NONE
    assert Subject("p1", "").proof(Reference(f"{SERVER}/Patient/p1")) is NONE
    assert Subject("p1").proof(Reference("Patient/p1")) is OURS


def test_a_missing_reference_proves_nothing() -> None:
    assert Subject("p1").proof(None) is NONE
    assert Subject("p1").proof(Reference(None)) is NONE


def test_a_type_that_contradicts_the_reference_proves_nothing() -> None:
    assert Subject("p1").proof(Reference("Patient/p1", "Group")) is NONE
    assert Subject("p1").proof(Reference("Patient/p1", "Patient")) is OURS


def test_the_address_of_the_one_patient_of_a_bundle_is_the_patient() -> None:
    subject = Subject("p1", None, frozenset({"urn:uuid:1", "http://x/fhir/Patient/p1"}))

    assert subject.proof(Reference("urn:uuid:1")) is OURS
    assert subject.proof(Reference("http://x/fhir/Patient/p1/_history/2")) is OURS
    assert subject.proof(Reference("urn:uuid:2")) is NONE
