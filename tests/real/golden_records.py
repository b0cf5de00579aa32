"""The golden patients as FHIR R4 resources, as an EHR would keep them. Written by hand; nothing here reads a record."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from tests.clinical.scenario_files import Scenario, scenarios

Json = dict[str, Any]

GOLDEN: Final = Path(__file__).parents[2] / "pathways" / "negative-dvt-ultrasound" / "scenarios" / "golden.yaml"

LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10_PCS: Final = "http://www.cms.gov/Medicare/Coding/ICD10"
ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

DUPLEX: Final = {"left": "39432-0", "right": "39443-7", "bilateral": "39420-5"}
VENOGRAPHY: Final = {"CTV": "36824-1"}
D_DIMER: Final = {"FEU": "48065-7", "DDU": "48066-5"}
NO_CLASS: Final = "30240-6"  # deprecated, for it says neither FEU nor DDU
EGFR: Final = "98979-8"
NEGATIVE: Final = "373140001"
DVT_HISTORY: Final = "Z86.718"
DIALYSIS: Final = "Z99.2"
VISIT: Final = {"ed": "EMER", "outpatient": "AMB"}

SUPERFICIAL_THROMBOSIS: Final = "I80.02"
UNITS: Final = {"alt.svt.length_cm": "cm", "alt.svt.sfj_cm": "cm", "inpatient_hours": "h"}

ON_FORM: Final = "wells.items."
FOR_SURVEY: Final = ("wells.", "risk.", "alt.", "suspicion", "anticoag", "intervention")
COURSE: Final = "symptoms.status"


def golden() -> list[Scenario]:
    """The golden scenarios that a call can carry: a call has no place for settings of the site."""
    return [each for each in scenarios(GOLDEN) if not each.get("config") and _is_writable(each["facts"])]


def patient_id(scenario: Scenario) -> str:
    return str(scenario["id"]).lower()


def resources(scenario: Scenario) -> list[Json]:
    """What the server keeps of this patient; what is referred to comes first."""
    writer = _Writer(patient_id(scenario), date.fromisoformat(scenario["today"]), scenario["facts"])
    return [writer.patient(), *writer.numbered()]


def _is_writable(facts: Mapping[str, Any]) -> bool:
    """A record cannot say a study without a code, nor a course of symptoms without a day. What is dated by the instant
    has the day of the site's time zone, not the one of the facts.
    """
    if any("T" in str(each.get("date", "")) for each in facts["exams"]):
        return False
    is_dated = "symptoms" not in facts or "as_of" in facts["symptoms"] or facts["symptoms"]["status"] == "unknown"
    coded = all(each.get("side") in DUPLEX or each.get("modality") in VENOGRAPHY for each in facts["exams"])
    return is_dated and coded and "age" in facts


class _Writer:
    """One patient's resources. Every method says what one part of the facts looks like in an EHR."""

    def __init__(self, patient: str, today: date, facts: Mapping[str, Any]) -> None:
        self.id = patient
        self.subject = {"reference": f"Patient/{patient}"}
        self.today = today
        self.now = today.isoformat()
        self.facts = facts

    def patient(self) -> Json:
        born = f"{self.today.year - self.facts['age']}-01-01"
        return {"resourceType": "Patient", "id": self.id, "birthDate": born, "gender": self.facts["sex"]}

    def numbered(self) -> Iterator[Json]:
        """All but the patient, each with an id that no other patient's resource has."""
        for number, (study, details) in enumerate(self.studies()):
            for place, detail in enumerate(details):
                yield {**detail, "id": f"{self.id}-x{number}-{place}"}
            named = [{"reference": f"Observation/{self.id}-x{number}-{place}"} for place in range(len(details))]
            yield {**study, "id": f"{self.id}-x{number}", **({"result": named} if named else {})}
            yield {**self.pictures(study), "id": f"{self.id}-p{number}"}
        for number, each in enumerate(self.others()):
            yield {**each, "id": f"{self.id}-{number}"}

    def studies(self) -> Iterator[tuple[Json, list[Json]]]:
        """Each study as a report, and the Observations that hold its details."""
        for exam in self.facts["exams"]:
            code = VENOGRAPHY.get(exam.get("modality")) or DUPLEX[exam["side"]]
            report = {
                "resourceType": "DiagnosticReport",
                "status": exam.get("report_status", "final"),
                "subject": self.subject,
                "code": coded(LOINC, code),
                "effectiveDateTime": exam["date"],
            }
            if exam.get("result") == "negative":
                report["conclusionCode"] = [coded(SNOMED, NEGATIVE)]
            details = [
                self.observation(f"exam.{name}", value, exam["date"], "imaging")
                for name in ("result", "location", "protocol", "quality", "unseen", "cfv", "iliac", "upper_extent_seen")
                for value in listed(exam.get(name))
                if value not in ("unknown", "negative")
            ]
            yield report, details

    def pictures(self, study: Json) -> Json:
        return {
            "resourceType": "ImagingStudy",
            "status": "available",
            "subject": self.subject,
            "started": study["effectiveDateTime"],
            "procedureCode": [study["code"]],
        }

    def others(self) -> Iterator[Json]:
        """Everything that is no study."""
        stated = dict(leaves(self.facts))
        yield from self.noise()
        yield from self.kept_as_resources(stated)
        answers = {name: stated.pop(name) for name in list(stated) if name.startswith(ON_FORM)}
        answers = {name: value for name, value in answers.items() if value != "unknown"}
        if answers:
            yield self.form(answers)
        for name, value in stated.items():
            for each in listed(value):
                if each != "unknown":
                    yield self.said(name, each)

    def said(self, name: str, value: Any) -> Json:  # noqa: ANN401 -- JSON
        """A fact that a clinician or a nurse put into a flowsheet, in our own codes."""
        category = "survey" if name.startswith(FOR_SURVEY) else "social-history" if name == "pregnant" else "exam"
        day = self.facts["symptoms"]["as_of"] if name == COURSE else self.now
        return self.observation(name, value, day, category)

    def kept_as_resources(self, stated: Json) -> Iterator[Json]:
        """What an EHR keeps in a place of its own. Takes it out of `stated`."""
        for gone in ("age", "sex", "symptoms.as_of"):
            stated.pop(gone, None)
        if "egfr" in stated:
            yield self.laboratory(EGFR, stated.pop("egfr"), "mL/min/{1.73_m2}", self.now)
        if "ddimer.value" in stated:
            yield from self.d_dimer(stated)
        if stated.get("setting") in VISIT:
            yield self.visit(VISIT[stated.pop("setting")])
        if self.facts.get("alt", {}).get("svt") == {}:
            yield self.condition(SUPERFICIAL_THROMBOSIS, self.now)
        if stated.get("risk.prior_dvt") is True:
            stated.pop("risk.prior_dvt")
            yield self.condition(DVT_HISTORY)
        if stated.get("dialysis") == "residual":
            stated.pop("dialysis")
            yield self.condition(DIALYSIS)
        yield from self.events(stated)

    def events(self, stated: Json) -> Iterator[Json]:
        """What happened, or is to happen, on a day of its own."""
        if stated.get("iodinated_reaction") in ("mild", "moderate", "severe"):
            yield self.allergy(stated.pop("iodinated_reaction"))
        if "procedure.stent_date" in stated:
            yield self.procedure("067C3DZ", stated.pop("procedure.stent_date"))
        if "orders.repeat_us_date" in stated:
            yield self.order(DUPLEX["left"], stated.pop("orders.repeat_us_date"))
        if stated.get("orders.venography") == "active" or "orders.venography_date" in stated:
            stated.pop("orders.venography", None)
            yield self.order(VENOGRAPHY["CTV"], stated.pop("orders.venography_date", None))

    def noise(self) -> Iterator[Json]:
        """What every chart also holds, and what says nothing about the leg."""
        yield self.visit("AMB", days_ago=400)
        yield self.condition("I10")
        yield self.procedure("0DTJ4ZZ", (self.today - timedelta(days=2000)).isoformat())
        yield self.laboratory("718-7", 13.5, "g/dL", self.now)
        yield {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": self.subject,
            "authoredOn": self.now,
            "medicationCodeableConcept": {"text": "Saline nasal spray"},
        }
        yield {
            "resourceType": "MedicationStatement",
            "status": "completed",
            "subject": self.subject,
            "effectiveDateTime": "2019-05",
            "medicationCodeableConcept": {"text": "Saline nasal spray"},
        }
        yield {
            "resourceType": "Device",
            "patient": self.subject,
            "status": "active",
            "type": {"text": "Spectacles"},
        }

    def form(self, answers: Mapping[str, Any]) -> Json:
        items = [{"linkId": name, "answer": [{"valueBoolean": value}]} for name, value in answers.items()]
        return {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": "urn:dvt-next-step:questionnaire",
            "status": "completed",
            "subject": self.subject,
            "authored": self.now,
            "item": items,
        }

    def d_dimer(self, stated: Json) -> Iterator[Json]:
        unit, _, class_ = str(stated.pop("ddimer.unit")).partition(" ")
        day = stated.pop("ddimer.collected", self.now)
        yield self.laboratory(D_DIMER.get(class_, NO_CLASS), stated.pop("ddimer.value"), unit, day)
        assay = stated.pop("ddimer.assay", "unknown")
        if assay != "unknown":
            yield self.observation("ddimer.assay", assay, day, "laboratory")

    def observation(self, fact: str, value: Any, day: str, category: str) -> Json:  # noqa: ANN401 -- JSON
        said: Json = {"valueCodeableConcept": coded("urn:dvt-next-step:value", str(value))}
        if isinstance(value, bool):
            said = {"valueBoolean": value}
        elif fact in UNITS:
            said = {"valueQuantity": quantity(value, UNITS[fact])}
        elif isinstance(value, int):
            said = {"valueInteger": value}
        elif fact.endswith("_date"):
            said = {"valueDateTime": value}
        return {
            "resourceType": "Observation",
            "status": "final",
            "subject": self.subject,
            "category": [coded(CATEGORY, category)],
            "code": coded("urn:dvt-next-step:fact", fact),
            "effectiveDateTime": day,
            **said,
        }

    def laboratory(self, code: str, value: float, unit: str, day: str) -> Json:
        return {
            "resourceType": "Observation",
            "status": "final",
            "subject": self.subject,
            "category": [coded(CATEGORY, "laboratory")],
            "code": coded(LOINC, code),
            "effectiveDateTime": day,
            "valueQuantity": quantity(value, unit),
        }

    def visit(self, kind: str, days_ago: int = 0) -> Json:
        start = (self.today - timedelta(days=days_ago)).isoformat()
        ended = {"status": "finished", "period": {"start": start, "end": start}}
        return {
            "resourceType": "Encounter",
            "subject": self.subject,
            "class": {"system": ACT, "code": kind},
            **(ended if days_ago else {"status": "in-progress", "period": {"start": start}}),
        }

    def condition(self, code: str, recorded: str = "2020-02-03") -> Json:
        return {
            "resourceType": "Condition",
            "subject": self.subject,
            "code": coded(ICD_10_CM, code),
            "clinicalStatus": coded(CLINICAL, "active"),
            "verificationStatus": coded(VERIFICATION, "confirmed"),
            "recordedDate": recorded,
        }

    def allergy(self, severity: str) -> Json:
        return {
            "resourceType": "AllergyIntolerance",
            "patient": self.subject,
            "code": coded(ICD_10_CM, "Z91.041"),
            "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"),
            "recordedDate": "2021-01-01",
            "reaction": [{"severity": severity, "manifestation": [{"text": "Reaction"}]}],
        }

    def procedure(self, code: str, day: str) -> Json:
        return {
            "resourceType": "Procedure",
            "status": "completed",
            "subject": self.subject,
            "code": coded(ICD_10_PCS, code),
            "performedDateTime": day,
        }

    def order(self, code: str, day: str | None) -> Json:
        return {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": self.subject,
            "code": coded(LOINC, code),
            "authoredOn": self.now,
            **({"occurrenceDateTime": day} if day else {}),
        }


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def listed(value: Any) -> list[Any]:  # noqa: ANN401 -- JSON
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def leaves(facts: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Every fact but the examinations: `wells.items.calf_gt_3cm` and its value."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{place}{name}.")
        elif name != "exams":
            yield f"{place}{name}", value
