"""The elements of FHIR R4 resources that we consume, and how one resource is read without harming another.

Every element here can change a decision, so none may be skipped in silence: an unknown member is ignored, `null` is
absent, and an element of the wrong type makes its resource unreadable, unless losing the element can only make a fact
unknown (`LOSABLE`). Why not fhir.resources: it refuses whole resources for one vendor
element, and reads 50 times slower (measured; it checks what we write).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import ClassVar, Final, TypeVar

import msgspec

S = TypeVar("S", bound="Element")

# Everything that JSON of any shape was seen to raise in msgspec 0.22: malformed text, wrong types, numbers too long,
# bytes that are not UTF-8 (all ValueErrors), nesting too deep, decimals out of range.
UNREADABLE: Final = (ValueError, RecursionError, ArithmeticError)

DATA_ABSENT_REASON: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_JSON_NUMBER: Final = re.compile(rb"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")


class Element(msgspec.Struct, frozen=True, rename="camel"):
    """Any FHIR element: camelCase on the wire, immutable here."""

    LOSABLE: ClassVar[frozenset[str]] = frozenset()


class Coding(Element, frozen=True):
    """A code and the system that defines it. Its display is not read."""

    system: str | None = None
    code: str | None = None


class CodeableConcept(Element, frozen=True):
    """One idea, coded once or several times. Its text is not read."""

    coding: tuple[Coding, ...] = ()
    extension: object = None


class Quantity(Element, frozen=True):
    """A measured number. The JSON number is kept as written, so that 0.40 stays exact."""

    value: msgspec.Raw = msgspec.Raw()
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None
    extension: object = None
    value_extension: object = msgspec.field(default=None, name="_value")

    def number(self) -> Decimal | None:
        """The value exactly as written; None when it is absent, not a JSON number, or longer than 18 digits."""
        text = bytes(self.value)
        if not _JSON_NUMBER.fullmatch(text):
            return None
        try:
            return Decimal(text.decode("ascii"))
        except InvalidOperation:  # pragma: no cover - the pattern allows nothing that Decimal refuses
            return None


class Period(Element, frozen=True):
    """From start to end, each a FHIR dateTime."""

    start: str | None = None
    end: str | None = None


class Reference(Element, frozen=True):
    """Where another resource is. Identifier and display prove no subject and are not read."""

    reference: str | None = None
    type: str | None = None


class Meta(Element, frozen=True):
    """Which of two versions is newer."""

    LOSABLE = frozenset({"lastUpdated", "versionId"})
    last_updated: str | None = None
    version_id: str | None = None


class Resource(Element, frozen=True):
    """What every resource has. An unknown modifier extension or rule may change the meaning of all the rest."""

    LOSABLE = frozenset({"id", "meta"})
    id: str | None = None
    meta: Meta | None = None
    implicit_rules: object = None
    modifier_extension: object = None

    @property
    def kind(self) -> str:
        """The FHIR resource type."""
        return type(self).__name__

    @property
    def is_modified(self) -> bool:
        """Whether something that we do not understand may change its meaning (threat model H7)."""
        return bool(self.implicit_rules) or bool(self.modifier_extension)

    def about(self) -> Reference | None:
        """The reference to the patient it is about."""
        return getattr(self, "subject", None)


class PatientLink(Element, frozen=True):
    """Another Patient resource about the same person; `replaced-by` means: do not use this one."""

    type: str | None = None
    other: Reference | None = None


class Patient(Resource, frozen=True):
    """The person. Losing birth date or sex makes them unknown; losing death would not."""

    LOSABLE = Resource.LOSABLE | {"birthDate", "gender"}
    active: bool | None = None
    gender: str | None = None
    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    link: tuple[PatientLink, ...] = ()

    @property
    def is_deceased(self) -> bool:
        """Whether the record says so in either form (threat model H3)."""
        return bool(self.deceased_boolean) or self.deceased_date_time is not None

    @property
    def is_replaced(self) -> bool:
        """Whether the record was merged into another Patient (threat model H3)."""
        return any(link.type == "replaced-by" for link in self.link)


class Component(Element, frozen=True):
    """One of several statements in one Observation (a panel). All forms of value[x] are known, as there."""

    code: CodeableConcept | None = None
    modifier_extension: object = None
    data_absent_reason: object = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_date_time: str | None = None
    value_string: object = None
    value_range: object = None
    value_ratio: object = None
    value_sampled_data: object = None
    value_time: object = None
    value_period: object = None
    boolean_extension: object = msgspec.field(default=None, name="_valueBoolean")
    integer_extension: object = msgspec.field(default=None, name="_valueInteger")
    date_time_extension: object = msgspec.field(default=None, name="_valueDateTime")


class Attachment(Element, frozen=True):
    """A document that came with its resource. Its address, title and size are not read: nothing is ever fetched."""

    content_type: str | None = None
    data: str | None = None


class Annotation(Element, frozen=True):
    """A note. Its author and time are not read."""

    text: str | None = None


class Observation(Resource, frozen=True):
    """A statement or measurement. All forms of value[x] are known, so that one we cannot use is not overlooked.

    The notes stay as they came: words are read only where they may speak (`read_each`).
    """

    LOSABLE = Resource.LOSABLE | {"effectiveDateTime", "effectiveInstant", "effectivePeriod"}
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    focus: object = None
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    effective_timing: object = None
    data_absent_reason: object = None
    body_site: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_date_time: str | None = None
    value_string: object = None
    value_range: object = None
    value_ratio: object = None
    value_sampled_data: object = None
    value_time: object = None
    value_period: object = None
    boolean_extension: object = msgspec.field(default=None, name="_valueBoolean")
    integer_extension: object = msgspec.field(default=None, name="_valueInteger")
    date_time_extension: object = msgspec.field(default=None, name="_valueDateTime")
    component: tuple[Component, ...] = ()
    note: msgspec.Raw = msgspec.Raw()


class Condition(Resource, frozen=True):
    """A problem or diagnosis. An end in any form may make it a thing of the past."""

    LOSABLE = Resource.LOSABLE | {"onsetDateTime", "onsetPeriod", "recordedDate"}
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    code: CodeableConcept | None = None
    body_site: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    abatement_date_time: str | None = None
    abatement_period: Period | None = None
    abatement_age: object = None
    abatement_range: object = None
    abatement_string: object = None
    recorded_date: str | None = None


class ImagingStudy(Resource, frozen=True):
    """Pictures that exist, with or without a report."""

    LOSABLE = Resource.LOSABLE | {"started"}
    status: str | None = None
    subject: Reference | None = None
    started: str | None = None
    procedure_code: tuple[CodeableConcept, ...] = ()


class DiagnosticReport(Resource, frozen=True):
    """A report: what was done, when, and what it concludes in codes. Its words stay as they came (`read_each`)."""

    LOSABLE = Resource.LOSABLE | {"effectiveDateTime", "effectivePeriod"}
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    conclusion: object = None
    conclusion_code: tuple[CodeableConcept, ...] = ()
    presented_form: msgspec.Raw = msgspec.Raw()
    result: tuple[Reference, ...] = ()
    imaging_study: tuple[Reference, ...] = ()
    contained: tuple[msgspec.Raw, ...] = ()


class ServiceRequest(Resource, frozen=True):
    """An order."""

    LOSABLE = Resource.LOSABLE | {"occurrenceDateTime", "occurrencePeriod", "authoredOn"}
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    authored_on: str | None = None


class Procedure(Resource, frozen=True):
    """Something that was done, or not done."""

    LOSABLE = Resource.LOSABLE | {"performedDateTime", "performedPeriod"}
    status: str | None = None
    code: CodeableConcept | None = None
    body_site: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None


class Encounter(Resource, frozen=True):
    """A contact with care."""

    LOSABLE = Resource.LOSABLE | {"period"}
    status: str | None = None
    encounter_class: Coding | None = msgspec.field(default=None, name="class")
    subject: Reference | None = None
    period: Period | None = None


class MedicationRequest(Resource, frozen=True):
    """A prescription, or a proposal of one."""

    LOSABLE = Resource.LOSABLE | {"authoredOn"}
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    authored_on: str | None = None
    contained: tuple[msgspec.Raw, ...] = ()


class MedicationStatement(Resource, frozen=True):
    """What somebody says the patient takes."""

    LOSABLE = Resource.LOSABLE | {"effectiveDateTime", "effectivePeriod"}
    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    contained: tuple[msgspec.Raw, ...] = ()


class Medication(Element, frozen=True):
    """A drug that a prescription contains."""

    id: str | None = None
    code: CodeableConcept | None = None
    modifier_extension: object = None


class Reaction(Element, frozen=True):
    """One event of an allergy."""

    substance: CodeableConcept | None = None
    manifestation: tuple[CodeableConcept, ...] = ()
    severity: str | None = None


class AllergyIntolerance(Resource, frozen=True):
    """A reaction, or the risk of one."""

    LOSABLE = Resource.LOSABLE | {"recordedDate"}
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    code: CodeableConcept | None = None
    patient: Reference | None = None
    criticality: str | None = None
    recorded_date: str | None = None
    reaction: tuple[Reaction, ...] = ()

    def about(self) -> Reference | None:
        """FHIR calls the subject of an allergy `patient`."""
        return self.patient


class Device(Resource, frozen=True):
    """An implant, or another thing that belongs to the patient."""

    status: str | None = None
    type: CodeableConcept | None = None
    patient: Reference | None = None

    def about(self) -> Reference | None:
        """FHIR calls the subject of a device `patient`."""
        return self.patient


class GivenAnswer(Element, frozen=True):
    """One answer in a form."""

    value_boolean: bool | None = None
    value_integer: int | None = None
    value_decimal: object = None
    value_date: str | None = None
    value_date_time: str | None = None
    value_string: object = None
    value_coding: Coding | None = None
    value_quantity: Quantity | None = None
    boolean_extension: object = msgspec.field(default=None, name="_valueBoolean")
    integer_extension: object = msgspec.field(default=None, name="_valueInteger")
    item: tuple[GivenItem, ...] = ()


class GivenItem(Element, frozen=True):
    """A question of a form with its answers, or a group of questions."""

    link_id: str | None = None
    modifier_extension: object = None
    answer: tuple[GivenAnswer, ...] = ()
    item: tuple[GivenItem, ...] = ()


class QuestionnaireResponse(Resource, frozen=True):
    """A form that was filled in."""

    LOSABLE = Resource.LOSABLE | {"authored"}
    questionnaire: str | None = None
    status: str | None = None
    subject: Reference | None = None
    authored: str | None = None
    item: tuple[GivenItem, ...] = ()


class Issue(Element, frozen=True):
    """One problem that a FHIR server reports."""

    severity: str | None = None
    details: CodeableConcept | None = None


class OperationOutcome(Resource, frozen=True):
    """A FHIR server's word on how a query went."""

    issue: tuple[Issue, ...] = ()


class BundleLink(Element, frozen=True):
    """`next` means that there is another page."""

    relation: str | None = None
    url: str | None = None


class Bundle(Resource, frozen=True):
    """The answer to a search. Entries are kept apart, so that an odd one harms nothing but itself."""

    total: int | None = None
    link: tuple[BundleLink, ...] = ()
    entry: tuple[msgspec.Raw, ...] = ()


class Search(Element, frozen=True):
    """Why an entry is in a Bundle: match, include or outcome."""

    mode: str | None = None


class Entry(Element, frozen=True):
    """A resource in a Bundle and the address it is known by there."""

    LOSABLE = frozenset({"fullUrl"})
    full_url: str | None = None
    resource: msgspec.Raw = msgspec.Raw()
    search: Search | None = None
    modifier_extension: object = None


class Header(Element, frozen=True):
    """What can be told of a resource that cannot be read: which one it is, and whom it is about."""

    LOSABLE = frozenset({"resourceType", "id", "subject", "patient"})
    resource_type: str | None = None
    id: str | None = None
    subject: Reference | None = None
    patient: Reference | None = None


RESOURCES: Final[dict[str, type[Resource]]] = {
    kind.__name__: kind
    for kind in (
        Patient,
        Observation,
        Condition,
        ImagingStudy,
        DiagnosticReport,
        ServiceRequest,
        Procedure,
        Encounter,
        MedicationRequest,
        MedicationStatement,
        AllergyIntolerance,
        Device,
        QuestionnaireResponse,
    )
}


def read(raw: bytes | msgspec.Raw, kind: type[S]) -> S | None:
    """Read JSON as one kind of element; None when an element that matters cannot be read. Never raises."""
    try:
        element: S = _decoder(kind).decode(raw)
    except UNREADABLE:
        return _read_element_by_element(raw, kind)
    return element


def read_each(raw: msgspec.Raw, kind: type[S]) -> tuple[S | None, ...]:
    """The elements of a list that was left as it came; None for one that cannot be read. Never raises."""
    if bytes(raw) in (b"", b"null"):
        return ()
    try:
        members = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except UNREADABLE:
        return (None,)
    return tuple(read(each, kind) for each in members)


def says_data_absent(extension: object) -> bool:
    """Whether extensions of any shape hold FHIR's data-absent-reason: then a value beside it is no value (H8)."""
    holder = extension.get("extension") if isinstance(extension, dict) else extension
    return isinstance(holder, list) and any(
        isinstance(item, dict) and item.get("url") == DATA_ABSENT_REASON for item in holder
    )


@cache
def _decoder(kind: type[S]) -> msgspec.json.Decoder[S]:
    return msgspec.json.Decoder(kind)


def _read_element_by_element(raw: bytes | msgspec.Raw, kind: type[S]) -> S | None:
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return None
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in members:
            continue
        try:
            value = _read_value(members[field.encode_name], field.type)
        except UNREADABLE:
            if field.encode_name in kind.LOSABLE:
                continue
            return None
        if value is not None:
            values[field.name] = value
    return kind(**values)


def _read_value(raw: msgspec.Raw, form: object) -> object:
    """One element's value, None when it is null. Raises one of UNREADABLE."""
    try:
        return msgspec.json.decode(raw, type=form)
    except UNREADABLE:
        tree = _without_nulls(_TREE.decode(raw))
        return None if tree is None else msgspec.json.decode(_TEXT.encode(tree), type=form)


def _exact(text: str) -> Decimal:
    return Decimal(text)


_TREE: Final = msgspec.json.Decoder(float_hook=_exact)
_TEXT: Final = msgspec.json.Encoder(decimal_format="number")


def _without_nulls(tree: object) -> object:
    """FHIR has no null except as a placeholder in lists; real senders put it everywhere (vendors.md section 2)."""
    if isinstance(tree, dict):
        return {name: _without_nulls(value) for name, value in tree.items() if value is not None}
    if isinstance(tree, list):
        return [_without_nulls(value) for value in tree if value is not None]
    return tree
