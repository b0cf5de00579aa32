"""Codes that were typed wrong are found."""

import pytest

from app.fhir.check_digits import LOINC, SNOMED, has_valid_check_digit


@pytest.mark.parametrize(
    ("system", "code"),
    [(SNOMED, "373140001"), (SNOMED, "18061000087100"), (LOINC, "48065-7"), (LOINC, "39432-0"), ("urn:x", "anything")],
)
def test_a_code_that_was_copied_right_is_accepted(system: str, code: str) -> None:
    assert has_valid_check_digit(system, code)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "373140002"),
        (SNOMED, "373104001"),
        (SNOMED, "45292006x"),
        (SNOMED, "0373140001"),
        (SNOMED, "12345"),
        (SNOMED, ""),
        (LOINC, "48065-8"),
        (LOINC, "48056-7"),
        (LOINC, "480657"),
        (LOINC, "LP29684-5"),
        (LOINC, ""),
        # published as right in other lists (terminology/NOTES.md section 6)
        (LOINC, "39052-2"),
        (LOINC, "30240-9"),
        (SNOMED, "76877009"),
        (SNOMED, "56626008"),
    ],
)
def test_a_typing_error_is_found(system: str, code: str) -> None:
    assert not has_valid_check_digit(system, code)
