"""What the document says in words because JSON Schema has none for it; Schemathesis loads this as its hooks.

A request that the schema allows is made to keep these rules, or not sent. Requests that break the schema stay as they
are.
"""

from collections.abc import Iterator
from typing import Any

import schemathesis

Case = schemathesis.Case[Any]


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: Case) -> bool:
    """A record is about one patient, and a window does not end before it begins."""
    if not is_allowed_by_schema(case) or not isinstance(case.body, dict):
        return True
    record, config = as_object(case.body.get("record")), as_object(case.body.get("config"))
    return len(list(patients(record))) <= 1 and begins_before_it_ends(config)


@schemathesis.hook
def before_add_examples(context: schemathesis.HookContext, examples: list[Case]) -> None:
    """An example of another patient's data shows a refusal (tests/test_examples.py sees that it comes)."""
    examples[:] = [case for case in examples if is_about_one_patient(as_object(case.body))]


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: Case) -> Case:
    """What comes with a call is about the patient of its context."""
    if is_allowed_by_schema(case) and isinstance(case.body, dict) and "context" in case.body:
        make_about_one_patient(case.body)
    return case


def is_allowed_by_schema(case: Case) -> bool:
    return case.meta is None or case.meta.generation.mode.is_positive


def begins_before_it_ends(config: dict[str, Any]) -> bool:
    """The first and last day of the repeat ultrasound; days 5 and 7 are the pathway's own."""
    first, last = config.get("repeat_min_day", 5), config.get("repeat_max_day", 7)
    return bool(first <= last)


def make_about_one_patient(call: dict[str, Any]) -> None:
    for each in patients_of_call(call):
        if "id" in each:
            each["id"] = patient_of_context(call)
    access = as_object(call.get("fhirAuthorization"))
    if access.get("patient"):
        access["patient"] = patient_of_context(call)


def is_about_one_patient(call: dict[str, Any]) -> bool:
    return {each["id"] for each in patients_of_call(call) if "id" in each} <= {patient_of_context(call)}


def patient_of_context(call: dict[str, Any]) -> str:
    return str(as_object(call.get("context")).get("patientId")).removeprefix("Patient/")


def patients_of_call(call: dict[str, Any]) -> list[dict[str, Any]]:
    answer = as_object(as_object(call.get("prefetch")).get("patient"))
    return [*patients({"entry": [{"resource": answer}]}), *patients(answer)]


def patients(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = as_object(as_object(entry).get("resource"))
        if resource.get("resourceType") == "Patient":
            yield resource


def as_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
