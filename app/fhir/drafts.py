"""Draft orders and proposed appointments as a call carries them: elements of any FHIR version, each read by itself.

A draft may be invalid FHIR while somebody is still filling it in (conformance section 6, vendors.md sections 2 and 6).
What of it cannot be read is unknown; what could turn its meaning round (status, doNotPerform, modifiers) makes the
whole draft unreadable.
"""

from __future__ import annotations

from typing import Final

import msgspec

from app.fhir.answers import header_of
from app.fhir.resources import CodeableConcept, Element, Entry, Period, Reference, Resource, read

_ANY_CODE: Final = frozenset({"code", "orderDetail", "bodySite"})


class DraftRequest(Resource, frozen=True):
    """A ServiceRequest, or the ProcedureRequest of an earlier version."""

    LOSABLE = (
        Resource.LOSABLE
        | _ANY_CODE
        | {"subject", "occurrenceDateTime", "occurrencePeriod", "occurrenceTiming", "intent"}
    )
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    code: CodeableConcept | None = None
    order_detail: tuple[CodeableConcept, ...] = ()
    body_site: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None


class DraftMedication(Resource, frozen=True):
    """A MedicationRequest. The drug is coded here, contained, or another entry of the same Bundle (vendors.md, 2)."""

    LOSABLE = Resource.LOSABLE | {
        "intent", "medicationCodeableConcept", "medicationReference", "subject", "contained",
    }  # fmt: skip
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    contained: tuple[msgspec.Raw, ...] = ()


class Participant(Element, frozen=True):
    """Somebody or something that takes part in an appointment."""

    actor: Reference | None = None


class ProposedAppointment(Resource, frozen=True):
    """An Appointment that is being booked."""

    LOSABLE = Resource.LOSABLE | {"serviceType", "reasonCode", "start", "end", "requestedPeriod", "basedOn"}
    status: str | None = None
    service_type: tuple[CodeableConcept, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    start: str | None = None
    end: str | None = None
    requested_period: tuple[Period, ...] = ()
    based_on: tuple[Reference, ...] = ()
    participant: tuple[Participant, ...] = ()


class Carrier(Element, frozen=True):
    """A Bundle, of any type or none, of which only the entries are read."""

    LOSABLE = frozenset({"entry"})
    entry: tuple[msgspec.Raw, ...] = ()


def entries(bundle: bytes | msgspec.Raw) -> list[Entry]:
    """The entries that hold something, in their order. Empty for anything that is not a Bundle. Never raises."""
    carrier = read(bundle, Carrier) or Carrier()
    found = (read(raw, Entry) for raw in carrier.entry)
    return [entry for entry in found if entry and bytes(entry.resource) and not entry.modifier_extension]


def address_of(entry: Entry) -> str:
    """`ServiceRequest/x`; without type or id no address that anything has."""
    header = header_of(entry.resource)
    return f"{header.resource_type}/{header.id}"
