"""What a call's drafts order: recognised by codes alone, each read by itself.

A draft whose subject is not provably the patient is not read (H1, H2), nor one that is over or says what not to do.
What a draft leaves open stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from app.clinical.ordering import DraftOrder, OrderForm, OrderKind
from app.clinical.vocabulary import UNKNOWN
from app.fhir.answers import header_of
from app.fhir.codings import Code, codes_of, codes_of_all
from app.fhir.dates import Days, read_days
from app.fhir.drafts import DraftMedication, DraftRequest, ProposedAppointment
from app.fhir.resources import CodeableConcept, Entry, Header, Medication, Period, Reference, read
from app.fhir.subject import Proof, Subject, without_version
from app.fhir.value_sets import ValueSets

KINDS: Final[Mapping[str, OrderKind]] = {
    "us-le-vein-specific": OrderKind.LEG_ULTRASOUND,
    "ctv-specific": OrderKind.CT_VENOGRAPHY,
    "mrv-specific": OrderKind.MR_VENOGRAPHY,
    "order-arterial-run-off": OrderKind.ARTERIAL_RUN_OFF,
    "ddimer-feu-mass": OrderKind.D_DIMER,
    "ddimer-ddu-mass": OrderKind.D_DIMER,
    "ddimer-not-comparable": OrderKind.D_DIMER,
}
"""Value set -> what is ordered. A code of another vessel, or of any vessel, orders nothing that is spoken of."""

DRUGS: Final = ("anticoagulant", "anticoagulant-therapeutic")
SIDES: Final = ("left", "right", "bilateral")
CONTRAST: Final = ("contrast-iodinated", "contrast-gadolinium", "order-contrast-with")

OF_ORDERS: Final = frozenset(
    {
        "order-arterial-run-off",
        "order-contrast-with",
        "order-contrast-without",
        *(f"order-side-{side}" for side in SIDES),
    }
)
"""The value sets of which only drafts are read."""

REQUESTS: Final = frozenset({"ServiceRequest", "ProcedureRequest"})
OVER: Final = frozenset({"revoked", "completed", "entered-in-error", "cancelled", "stopped", "ended"})
PLACED: Final = frozenset({"active", "on-hold"})
BOOKED: Final = frozenset({"proposed", "pending", "booked", "waitlist"})


@dataclass(frozen=True, slots=True)
class Carried:
    """A draft with what it orders. `name`: `ServiceRequest/x`, None without an id. `may_change`: it is a draft still,
    or a proposed appointment, so that a suggestion may change it (threat model D4). No repr: it is PHI.
    """

    name: str | None
    addresses: frozenset[str]
    order: DraftOrder
    may_change: bool
    resource: msgspec.Raw

    def __repr__(self) -> str:
        """Nothing of the patient."""
        return f"Carried({self.order.kind})"


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the drafts of one call."""

    value_sets: ValueSets
    zone: ZoneInfo
    subject: Subject

    def carried(self, found: Sequence[Entry], orders: Mapping[str, DraftOrder] | None = None) -> tuple[Carried, ...]:
        """The drafts among these entries that concern this service, each with its place as reference. `orders`: what
        the orders that an appointment is based on ask for, by address.
        """
        headed = [(entry, header_of(entry.resource)) for entry in found]
        drugs = _drugs(headed)
        read_in_turn = (
            self._carried(entry, header, place, drugs, orders or {}) for place, (entry, header) in enumerate(headed)
        )
        return tuple(each for each in read_in_turn if each)

    def _carried(
        self,
        entry: Entry,
        header: Header,
        place: int,
        drugs: Mapping[str, CodeableConcept],
        orders: Mapping[str, DraftOrder],
    ) -> Carried | None:
        match header.resource_type:
            case kind if kind in REQUESTS:
                order, status = self._request(entry.resource)
            case "MedicationRequest":
                order, status = self._medication(entry.resource, drugs)
            case "Appointment":
                order, status = self._appointment(entry.resource, orders)
            case _:
                return None
        if not order.is_relevant:
            return None
        name = f"{header.resource_type}/{header.id}" if header.id else None
        known_as = filter(None, (name, header.id, entry.full_url))
        addresses = frozenset(without_version(each) for each in known_as)
        is_draft = status in ("draft", "proposed")
        return Carried(name, addresses, replace(order, reference=str(place)), is_draft and bool(name), entry.resource)

    def _request(self, raw: msgspec.Raw) -> tuple[DraftOrder, str | None]:
        request = read(raw, DraftRequest)
        if request is None or request.is_modified or request.do_not_perform or request.status in OVER:
            return DraftOrder(), None
        if self.subject.proof(request.subject) is not Proof.OURS:
            return DraftOrder(), None
        order = self.imaging(codes_of(request.code), codes_of_all((*request.body_site, *request.order_detail)))
        days = _occurrence(request.occurrence_date_time, request.occurrence_period, self.zone)
        return replace(_on(order, days), form=_form(request.status)), request.status

    def _medication(self, raw: msgspec.Raw, drugs: Mapping[str, CodeableConcept]) -> tuple[DraftOrder, str | None]:
        request = read(raw, DraftMedication)
        if request is None or request.is_modified or request.do_not_perform or request.status in OVER:
            return DraftOrder(), None
        if self.subject.proof(request.subject) is not Proof.OURS:
            return DraftOrder(), None
        codes = codes_of(request.medication_codeable_concept or _referred(request, drugs))
        is_anticoagulant = any(self.value_sets.has(role, codes) for role in DRUGS)
        if not is_anticoagulant or self.value_sets.has("heparin-line", codes):
            return DraftOrder(), None
        return DraftOrder(OrderKind.ANTICOAGULANT, form=_form(request.status)), request.status

    def _appointment(self, raw: msgspec.Raw, orders: Mapping[str, DraftOrder]) -> tuple[DraftOrder, str | None]:
        booking = read(raw, ProposedAppointment)
        if booking is None or booking.is_modified or booking.status not in BOOKED or not self._takes_part(booking):
            return DraftOrder(), None
        coded = self.imaging(codes_of_all((*booking.service_type, *booking.reason_code)), ())
        asked_for = (orders.get(without_version(each.reference or "")) for each in booking.based_on)
        order = coded if coded.is_relevant else next(filter(None, asked_for), coded)
        return replace(_on(order, self._booked(booking)), form=OrderForm.BOOKING), booking.status

    def _takes_part(self, booking: ProposedAppointment) -> bool:
        """Whether the patient takes part, and no other patient does. Staff, rooms and devices are no patients."""
        actors = [each.actor for each in booking.participant if _is_patient(each.actor)]
        return bool(actors) and all(self.subject.proof(actor) is Proof.OURS for actor in actors)

    def _booked(self, booking: ProposedAppointment) -> tuple[Days | None, Days | None]:
        if booking.start is not None:
            day = read_days(booking.start, self.zone)
            return day, day
        one = booking.requested_period[0] if len(booking.requested_period) == 1 else None
        return _occurrence(None, one, self.zone)

    def rests_on_an_order(self, found: Sequence[Entry]) -> bool:
        """Whether one of the appointments says what it is for by an order of the record only."""
        bookings = (read(each.resource, ProposedAppointment) for each in found)
        return any(each.based_on for each in bookings if each and self._takes_part(each))

    def imaging(self, codes: Sequence[Code], beside: Sequence[Code]) -> DraftOrder:
        """What the codes order; `beside`: the codes of body sites and details, which add side and contrast."""
        kinds = {kind for role, kind in KINDS.items() if self.value_sets.has(role, codes)}
        if len(kinds) != 1 or self.value_sets.has("exclude-lookalikes", codes):
            return DraftOrder()
        return DraftOrder(
            kinds.pop(),
            extent="limited" if self.value_sets.has("us-limited", codes) else UNKNOWN,
            side=self._side(codes, "exam-side-") or self._side(beside, "order-side-") or UNKNOWN,
            contrast=self._contrast((*codes, *beside)),
        )

    def _side(self, codes: Sequence[Code], role: str) -> str | None:
        """The side that the codes say. Left and right beside each other are both legs."""
        said = {side for side in SIDES if self.value_sets.has(f"{role}{side}", codes)}
        if len(said) > 1:
            return "bilateral"
        return said.pop() if said else None

    def _contrast(self, codes: Sequence[Code]) -> str:
        is_with = any(self.value_sets.has(role, codes) for role in CONTRAST)
        is_without = self.value_sets.has("order-contrast-without", codes)
        if is_with == is_without:
            return UNKNOWN
        return "with" if is_with else "without"


def _form(status: str | None) -> OrderForm:
    """A revised order is no draft any more (order-sign 1.1.0)."""
    return OrderForm.PLACED if status in PLACED else OrderForm.NEW


def _is_patient(actor: Reference | None) -> bool:
    if actor is None:
        return False
    return actor.type == "Patient" or "Patient/" in (actor.reference or "")


def _occurrence(at: str | None, period: Period | None, zone: ZoneInfo) -> tuple[Days | None, Days | None]:
    """The days of the first and of the last moment; None: not said. Both forms at once say neither."""
    if period is None:
        day = read_days(at, zone)
        return day, day
    return (None, None) if at is not None else (read_days(period.start, zone), read_days(period.end, zone))


def _on(order: DraftOrder, days: tuple[Days | None, Days | None]) -> DraftOrder:
    first, last = days
    if first and last and last.latest < first.earliest:
        return order
    earliest = first.earliest if first else None
    return replace(order, day_earliest=earliest, day_latest=last.latest if last else None)


def _drugs(headed: Iterable[tuple[Entry, Header]]) -> dict[str, CodeableConcept]:
    """The Medications among the entries, by every address they are known by."""
    drugs: dict[str, CodeableConcept] = {}
    for entry, header in headed:
        if header.resource_type != "Medication":
            continue
        drug = read(entry.resource, Medication)
        if drug is not None and drug.code is not None and not drug.modifier_extension:
            for address in filter(None, (f"Medication/{drug.id}" if drug.id else None, entry.full_url)):
                drugs[address] = drug.code
    return drugs


def _referred(request: DraftMedication, drugs: Mapping[str, CodeableConcept]) -> CodeableConcept | None:
    address = (request.medication_reference.reference or "") if request.medication_reference else ""
    if not address.startswith("#"):
        return drugs.get(without_version(address))
    contained = (read(raw, Medication) for raw in request.contained)
    return next(
        (drug.code for drug in contained if drug and drug.id == address[1:] and not drug.modifier_extension), None
    )
