"""Facts in standard codes, as hospitals keep them: diagnoses, procedures, stays, drugs, allergies, laboratory results.

Each writer takes the value and writes it, or writes nothing when standard codes cannot say that value.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from tests.records.codes import LOINC, SNOMED, Code
from tests.records.facts import CONFIRMED, DDIMER, SURVEILLANCE, SVT, Json
from tests.records.record import Entry, Pen, Resource, concept, fact_code
from tests.records.stated import EGFR_UNIT, observation, quantity

Write = Callable[[Json, Pen], Iterator[Entry]]

HL7: Final = "http://terminology.hl7.org/CodeSystem"
PREGNANCY_STATUS: Final = (LOINC, "82810-3")
PREGNANT: Final = (SNOMED, "77386006")
HOURS: Final = 24
CHRONIC: Final = ("chronic_venous_insufficiency", "lymphedema", "arterial_disease")
ALWAYS: Final = 1000


def condition(pen: Pen, code: Code, recorded: date, **members: Json) -> Resource:
    """A confirmed and active diagnosis."""
    stated = {"verificationStatus": concept((f"{HL7}/condition-ver-status", "confirmed"))}
    active = pen.one_of(("active", "recurrence", "relapse"))
    made = {"clinicalStatus": concept((f"{HL7}/condition-clinical", active)), **stated, "code": concept(code)}
    return pen.resource("Condition", **made, recordedDate=pen.dated(recorded), **members)


def _diagnosis(source: str, says: str, *, days: int | None = None) -> Write:
    """A diagnosis of the source, recorded in its look-back. For `true` facts only the truth can be diagnosed."""

    def write(value: Json, pen: Pen) -> Iterator[Entry]:
        if value is True or value == says:
            code = pen.one_of(pen.codes.saying("Condition", (source, says)))
            look_back = pen.codes.days(source) if days is None else days
            (fact,) = _facts(source, pen)
            yield Entry("conditions", condition(pen, code, pen.some_day(look_back)), (fact,))

    return write


def _facts(source: str, pen: Pen) -> list[str]:
    facts = pen.codes.sources[source]["facts"]
    return [facts] if isinstance(facts, str) else list(facts)


def procedure(pen: Pen, source: str, says: str, day: date, status: str = "completed") -> Resource:
    """A procedure that was done on one day."""
    code = pen.one_of(pen.codes.saying("Procedure", (source, says)))
    period = {"performedPeriod": {"start": str(day - timedelta(days=pen.one_of((0, 0, 1)))), "end": str(day)}}
    performed = period if pen.maybe(0.3) else {"performedDateTime": pen.dated(day)}
    return pen.resource("Procedure", status=status, code=concept(code), **performed)


def _days_since(fact: str, source: str, says: str) -> Write:
    def write(value: Json, pen: Pen) -> Iterator[Entry]:
        if value <= (pen.codes.days(source) or ALWAYS):
            yield Entry("procedures", procedure(pen, source, says, pen.ago(value)), (fact,))

    return write


def _done_on(fact: str, source: str, says: str) -> Write:
    def write(value: Json, pen: Pen) -> Iterator[Entry]:
        day = date.fromisoformat(value)
        if day <= pen.today:
            yield Entry("procedures", procedure(pen, source, says, day), (fact,))

    return write


def _surveillance(value: Json, pen: Pen) -> Iterator[Entry]:
    if any(date.fromisoformat(day) > pen.today for day in value):
        return
    for day in value:
        code = pen.one_of(pen.codes.saying("DiagnosticReport", ("stent_surveillance", "done")))
        status = pen.one_of(("final", "amended", "corrected", "appended"))
        made = pen.resource("DiagnosticReport", status=status, code=concept(code), effectiveDateTime=day)
        yield Entry("reports", made, (SURVEILLANCE,))


def _trauma(value: Json, pen: Pen) -> Iterator[Entry]:
    if value <= (pen.codes.days("leg_trauma") or ALWAYS):
        code, day = pen.one_of(pen.codes.saying("Condition", ("leg_trauma", "trauma"))), pen.ago(value)
        yield Entry("conditions", condition(pen, code, day, onsetDateTime=str(day)), ("risk.trauma_days",))


def encounter(pen: Pen, kind: str, status: str, **period: Json) -> Resource:
    """A contact of one class."""
    code = pen.one_of(sorted(pen.codes.roles[f"encounter-{kind}"]))
    return pen.resource("Encounter", status=status, period=period) | {"class": {"system": code[0], "code": code[1]}}


def _discharge(value: Json, pen: Pen) -> Iterator[Entry]:
    if value <= (pen.codes.days("hospital_discharge") or ALWAYS):
        end = pen.ago(value)
        stay = encounter(pen, "inpatient", "finished", start=str(end - timedelta(days=3)), end=str(end))
        yield Entry("encounters", stay, ("risk.discharge_days",))


def _setting(value: Json, pen: Pen) -> Iterator[Entry]:
    """An open contact. A stay says its hours as well, so that it needs them to be whole days."""
    if value == "inpatient":
        hours = pen.facts.get("inpatient_hours", 0)
        if hours and hours % HOURS == 0 and hours / HOURS <= (pen.codes.days("hospital_stay") or 0):
            start = pen.ago(hours // HOURS - 1)
            stay = encounter(pen, "inpatient", pen.one_of(("in-progress", "onleave")), start=str(start))
            yield Entry("encounters", stay, ("setting", "inpatient_hours"))
        return
    kind = {"ed": "emergency", "outpatient": "outpatient"}[value]
    visit = encounter(pen, kind, pen.one_of(("arrived", "triaged", "in-progress")), start=str(pen.some_day(1)))
    yield Entry("encounters", visit, ("setting",))


def _pregnant(value: Json, pen: Pen) -> Iterator[Entry]:
    """As the answer of US Core, or as a diagnosis; after a delivery only the answer is plain."""
    if value is not True:
        return
    if pen.maybe(0.5) or "postpartum_days" in pen.facts:
        day = pen.some_day(pen.codes.days("stated_pregnancy"))
        made = observation(pen, concept(PREGNANCY_STATUS), day, valueCodeableConcept=concept(PREGNANT))
        yield Entry("social_history_observations", made, ("pregnant",))
    else:
        yield from _diagnosis("pregnancy_diagnosis", "true")(value, pen)


def _cancer(value: Json, pen: Pen) -> Iterator[Entry]:
    """A contact for treatment, or a diagnosis and a treatment."""
    if value is not True:
        return
    if pen.maybe(0.4):
        code = pen.one_of(pen.codes.saying("Condition", ("cancer_treatment_encounter", "treatment")))
        day = pen.some_day(pen.codes.days("cancer_treatment_encounter"))
        yield Entry("conditions", condition(pen, code, day), ("risk.active_cancer",))
        return
    code = pen.one_of(pen.codes.saying("Condition", ("cancer_diagnosis", "diagnosis")))
    yield Entry("conditions", condition(pen, code, pen.some_day(ALWAYS)), ("risk.active_cancer",))
    day = pen.some_day(pen.codes.days("cancer_treatment"))
    treated = procedure(pen, "cancer_treatment", "treatment", day, pen.one_of(("completed", "in-progress")))
    yield Entry("procedures", treated, ("risk.active_cancer",))


def _earlier_dvt(value: Json, pen: Pen) -> Iterator[Entry]:
    if value is not True:
        return
    if pen.maybe(0.5):
        yield from _diagnosis("earlier_dvt_history", "true", days=ALWAYS)(value, pen)
        return
    code = pen.one_of(pen.codes.saying("Condition", ("earlier_dvt", "true")))
    began = pen.ago(pen.rng.randint(31, ALWAYS))
    made = condition(pen, code, began + timedelta(days=pen.one_of((0, 5))), onsetDateTime=str(began))
    yield Entry("conditions", made, ("risk.prior_dvt",))


def _bleeding(value: Json, pen: Pen) -> Iterator[Entry]:
    """Platelets below 20 or below 50, or a bleed inside the skull."""
    if value == "low":
        return
    if value == "high" and pen.maybe(0.5):
        yield from _diagnosis("intracranial_bleed", "high")(value, pen)
        return
    count = pen.one_of((20, 49.9, 35)) if value == "high" else pen.one_of((0, 19.9, 12))
    code = pen.one_of(pen.codes.saying("Observation", ("platelets", "count")))
    unit = pen.one_of(("10*9/L", "10*3/uL"))
    made = observation(pen, concept(code), pen.some_day(7), valueQuantity=quantity(count, unit))
    yield Entry("laboratory_observations", made, ("risk.bleeding",))


def _anticoagulant(value: Json, pen: Pen) -> Iterator[Entry]:
    """A product that is made for nothing else than treatment, ordered or taken for two days or longer."""
    if value != "therapeutic":
        return
    product = sorted(pen.codes.roles["anticoagulant-therapeutic"] - pen.codes.roles["anticoagulant"])
    drug = {"medicationCodeableConcept": concept(pen.one_of(product))}
    if pen.maybe(0.6):
        day = pen.dated(pen.ago(pen.rng.randint(2, 300)))
        made = pen.resource("MedicationRequest", status="active", intent="order", authoredOn=day, **drug)
        yield Entry("medication_requests", made, ("anticoag",))
    else:
        taken = {"effectivePeriod": {"start": str(pen.ago(pen.rng.randint(2, 300)))}}
        yield Entry(
            "medication_statements",
            pen.resource("MedicationStatement", status="active", **taken, **drug),
            ("anticoag",),
        )


def _alternatives(value: Json, pen: Pen) -> Iterator[Entry]:
    for each in value:
        source = "chronic_alternatives" if each in CHRONIC else "acute_alternatives"
        yield from _diagnosis(source, each, days=pen.codes.days(source) or ALWAYS)(each, pen)


def _superficial(value: Json, pen: Pen) -> Iterator[Entry]:
    for entry in _diagnosis("superficial_thrombosis", "present")(value, pen):
        yield Entry(entry.query, entry.resource, (SVT,))


def _limb(value: Json, pen: Pen) -> Iterator[Entry]:
    yield from _diagnosis("limb_threat", "true")(value, pen)


def _reaction(fact: str) -> Write:
    def write(value: Json, pen: Pen) -> Iterator[Entry]:
        if value == "none":
            return
        code = pen.one_of(pen.codes.saying("AllergyIntolerance", ("contrast_reactions", fact)))
        how_bad: Json = {"reaction": [{"manifestation": [{"text": "reaction"}], "severity": value}]}
        if value == "severe" and pen.maybe(0.5):
            anaphylaxis = pen.codes.saying("AllergyIntolerance", ("contrast_reactions", "severe"))
            how_bad = pen.one_of(
                ({"criticality": "high"}, {"reaction": [{"manifestation": [concept(anaphylaxis[0])]}]})
            )
        status = {"clinicalStatus": concept((f"{HL7}/allergyintolerance-clinical", "active"))}
        yield Entry("allergies", pen.resource("AllergyIntolerance", code=concept(code), **status, **how_bad), (fact,))

    return write


def _kidney_function(value: Json, pen: Pen) -> Iterator[Entry]:
    sources = (("kidney_function", "egfr"), ("kidney_function_inpatient", "egfr"))
    code = pen.one_of(pen.codes.saying("Observation", *sources))
    day = pen.some_day(pen.codes.days("kidney_function_inpatient"))
    made = observation(pen, concept(code), day, valueQuantity=quantity(value, EGFR_UNIT))
    yield Entry("laboratory_observations", made, ("egfr",))


def d_dimer(pen: Pen) -> Iterator[Entry]:
    """The D-dimer: its number in the laboratory's unit, or a result that cannot be used."""
    names = tuple(name for name in pen.facts if name.startswith(DDIMER) and name != "ddimer.assay")
    collected = pen.facts.get("ddimer.collected")
    day = date.fromisoformat(collected) if collected else None
    if "ddimer.value" in pen.facts:
        unit, unit_class = pen.facts["ddimer.unit"].split(" ")
        code = pen.one_of(pen.codes.saying("Observation", ("d_dimer", unit_class)))
        written = unit.replace("/", f"{{{unit_class}}}/") if pen.maybe(0.3) else unit
        comparator = {name: pen.facts[f"ddimer.{name}"] for name in ("comparator",) if f"ddimer.{name}" in pen.facts}
        value: Json = {"valueQuantity": quantity(pen.facts["ddimer.value"], written) | comparator}
    else:
        code = pen.one_of(pen.codes.saying("Observation", ("d_dimer", pen.one_of(("FEU", "not-comparable")))))
        value = pen.one_of(_UNUSABLE)
    yield Entry("laboratory_observations", observation(pen, concept(code), day, **value), names)


_UNUSABLE: Final = (
    {"valueString": "see report"},
    {"dataAbsentReason": concept((f"{HL7}/data-absent-reason", "error"))},
    {"valueQuantity": {"value": 0.4, "unit": "mg/L"}},
    {"valueQuantity": {**quantity(0.27, "mg/L"), "comparator": "ad"}},
)


def orders(pen: Pen) -> Iterator[Entry]:
    """The open imaging orders."""
    booked, venography = pen.facts.get("orders.repeat_us_date"), pen.facts.get("orders.venography_date")
    if booked:
        yield _order(pen, "ultrasound", booked, ("orders.repeat_us_date",))
    if venography:
        is_open = venography >= str(pen.today)
        facts = ("orders.venography_date", "orders.venography") if is_open else ("orders.venography_date",)
        yield _order(pen, "venography", venography, facts)
    if "orders.venography" in pen.facts and not (venography and venography >= str(pen.today)):
        yield _order(pen, "venography", None, ("orders.venography",))


def _order(pen: Pen, kind: str, day: str | None, facts: tuple[str, ...]) -> Entry:
    code = pen.one_of(pen.codes.saying("ServiceRequest", ("imaging_orders", kind)))
    booked = {"occurrenceDateTime": day} if pen.maybe(0.8) else {"occurrencePeriod": {"start": day, "end": day}}
    intent = pen.one_of(("order", "original-order", "reflex-order", "filler-order", "instance-order"))
    made = pen.resource("ServiceRequest", status="active", intent=intent, code=concept(code), **(booked if day else {}))
    return Entry("service_requests", made | {"authoredOn": pen.dated(pen.some_day(30))}, facts)


def course(value: Json, pen: Pen) -> Iterator[Entry]:
    """A course of the symptoms: our own fact, in a standard code. There is none for a symptom that is new."""
    roles = {"resolved": "course-resolved", "improving": "course-improving", "persistent": "course-unchanged"}
    role = {**roles, "worsening": "course-worse"}.get(value)
    if role is None:
        return
    as_of = pen.facts.get("symptoms.as_of")
    code = pen.one_of(sorted(pen.codes.roles[role]))
    day = date.fromisoformat(as_of) if as_of else None
    made = observation(pen, fact_code("symptoms.status"), day, valueCodeableConcept=concept(code))
    yield Entry(pen.one_of(pen.codes.asked_by("stated_course")), made, ("symptoms.status", "symptoms.as_of"))


WRITERS: Final[Mapping[str, Write]] = {
    "pregnant": _pregnant,
    "postpartum_days": _days_since("postpartum_days", "delivery", "delivery"),
    "setting": _setting,
    "anticoag": _anticoagulant,
    "symptoms.status": course,
    "red_flags.limb": _limb,
    "risk.active_cancer": _cancer,
    "risk.surgery_days": _days_since("risk.surgery_days", "major_surgery", "surgery"),
    "risk.discharge_days": _discharge,
    "risk.trauma_days": _trauma,
    "risk.immobilised": _diagnosis("immobilisation", "true", days=ALWAYS),
    "risk.prior_dvt": _earlier_dvt,
    "risk.bleeding": _bleeding,
    CONFIRMED: _alternatives,
    SVT: _superficial,
    "procedure.stent_date": _done_on("procedure.stent_date", "vein_stent", "stent"),
    "procedure.intervention_date": _done_on("procedure.intervention_date", "vein_intervention", "intervention"),
    SURVEILLANCE: _surveillance,
    "egfr": _kidney_function,
    "aki": _diagnosis("acute_kidney_injury", "true"),
    "dialysis": _diagnosis("dialysis_dependence", "residual", days=ALWAYS),
    "iodinated_reaction": _reaction("iodinated_reaction"),
    "gad_reaction": _reaction("gad_reaction"),
}
"""Fact -> its writer in standard codes. D-dimer, orders and studies are written as wholes."""
