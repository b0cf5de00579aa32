"""The tree of errors and the one body they become."""

import pytest

from app.errors import (
    AuthorError,
    CallerError,
    DvtNextStepError,
    PrefetchMissing,
    SubjectMismatch,
    WorldError,
    operation_outcome,
)


def test_an_author_is_told_file_line_and_reason() -> None:
    assert str(AuthorError("facts.yaml", 18, "at_leest is not a key")) == "facts.yaml:18: at_leest is not a key"


def test_an_error_without_a_line_names_the_file() -> None:
    assert str(AuthorError("facts.yaml", None, "is missing")) == "facts.yaml: is missing"


def test_a_caller_is_told_what_is_wrong_what_to_change_and_where() -> None:
    error = CallerError(400, "invalid-member", "hook cannot be used.", "Send it as a text.", ("hook",))

    assert str(error) == "hook cannot be used. Send it as a text."
    assert operation_outcome(error) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "invalid",
                "details": {
                    "coding": [{"system": "urn:dvt-next-step:error", "code": "invalid-member"}],
                    "text": "hook cannot be used.",
                },
                "diagnostics": "Send it as a text.",
                "expression": ["hook"],
            }
        ],
    }


def test_missing_prefetch_names_each_key() -> None:
    error = PrefetchMissing(["patient", "reports"])

    assert (error.status, error.keys) == (412, ("patient", "reports"))
    assert error.expression == ("prefetch.patient", "prefetch.reports")
    assert "prefetch.patient, prefetch.reports" in error.text


def test_another_patients_data_are_the_callers_fault() -> None:
    assert (SubjectMismatch().status, SubjectMismatch().code) == (400, "subject-mismatch")


@pytest.mark.parametrize(
    ("error", "kind"),
    [(WorldError("the server at 10.0.0.1 said no"), "transient"), (DvtNextStepError("secret"), "exception")],
    ids=["world", "unforeseen"],
)
def test_what_is_not_the_callers_fault_says_no_details(error: DvtNextStepError, kind: str) -> None:
    said = str(operation_outcome(error))

    assert f"'code': '{kind}'" in said
    assert str(error) not in said


def test_an_unforeseen_status_is_still_a_fhir_issue_type() -> None:
    assert "'code': 'processing'" in str(operation_outcome(CallerError(418, "teapot", "No.", "Ask for tea.")))
