"""What must hold for the answer to any call, read from the bytes of the call and of the answer alone.

An own small reading of CDS Hooks, FHIR and decision table section 1 that shares no code with the service. It proves
little and knows few codes: what it cannot prove counts as not known. Days are those of UTC, the service's default.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from tests.robustness.mutated_calls import FACT, LOINC, MARK, SNOMED, VALUE

Json = dict[str, Any]

NO_FURTHER_IMAGING: Final = "NO-FURTHER-IMAGING"
REASSURING_WORDS: Final = re.compile(r"no (further|more) (dvt )?(imaging|ultrasound|scan)", re.IGNORECASE)
DECISION: Final = "org.dvt-next-step.decision"
TODAY: Final = "org.dvt-next-step.today"

# LOINC's own names of these codes say the veins of which leg; None: it does not say.
LEG_VEIN_ULTRASOUND: Final[Mapping[tuple[str, str], str | None]] = {
    (LOINC, "39432-0"): "left",
    (LOINC, "39443-7"): "right",
    (LOINC, "39420-5"): "bilateral",
    (LOINC, "30881-7"): None,
}
NO_THROMBUS: Final = (SNOMED, "373140001")
BAKER_CYST: Final = (SNOMED, "82675004")
# Possible thrombus, definite thrombus, abnormal.
WORRYING: Final = frozenset({(SNOMED, "373141002"), (SNOMED, "373142009"), (SNOMED, "169255008")})
RESOLVED: Final = (SNOMED, "413322009")
IMPROVING: Final = (SNOMED, "385633008")
UNCHANGED: Final = (SNOMED, "260388006")
WELL: Final = frozenset({"resolved", "improving"})
COMPLETE: Final = frozenset({"complete_duplex", "complete_compression"})
LEGS: Final[Mapping[str | None, frozenset[str]]] = {
    "left": frozenset({"left"}),
    "right": frozenset({"right"}),
    "bilateral": frozenset({"left", "right"}),
}
COUNTED: Final = frozenset({"final", "amended", "corrected"})
FINAL_REPORT: Final = COUNTED | {"appended"}
NEVER_MADE: Final = frozenset({"cancelled", "entered-in-error"})
INDICATORS: Final = frozenset({"info", "warning", "critical"})
LONGEST_SUMMARY: Final = 139
MANY: Final = 1e18  # no count of anything
CALLERS_FAULT: Final = range(400, 500)

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The names of the invariants that an answer breaks, and what it said."""

    broken: tuple[str, ...]
    cards: int = 0
    says_no_further_imaging: bool = False


def judge(call: bytes, status: int, answer: bytes, *, clock: date) -> Verdict:
    """Judge the answer to a call. `clock`: the service's day, for a call that brings none."""
    broken = [] if MARK.encode() not in answer else ["echo"]
    if status >= CALLERS_FAULT.stop:
        return Verdict((*broken, "server-error"))
    body = strict_json(answer)
    if status in CALLERS_FAULT:
        return Verdict((*broken, *(() if _is_outcome(body) else ("shape",))))
    cards = body.get("cards") if isinstance(body, dict) else None
    if status != 200 or not isinstance(cards, list) or len(cards) > 1 or not all(_is_card(card) for card in cards):
        return Verdict((*broken, "shape"))
    if not cards:
        return Verdict(tuple(broken))
    asked = strict_json(call)
    request = asked if isinstance(asked, dict) else {}
    reassures = any(_says_no_further_imaging(card) for card in cards)
    if not all(_is_about(card, request) for card in cards):
        broken.append("unproven-patient")
    if reassures and what_is_not_known(request, clock):
        broken.append("reassurance")
    return Verdict(tuple(broken), len(cards), reassures)


# ---- the answer ----------------------------------------------------------------------------------


def strict_json(text: bytes) -> object:
    """The JSON value of RFC 8259, or None when it is none: no NaN, no lone surrogate, no other encoding."""
    try:
        value = json.loads(text.decode("utf-8"), parse_constant=_refuse, parse_int=float)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return value


def _refuse(constant: str) -> object:
    raise ValueError("no JSON")


def _is_outcome(body: object) -> bool:
    """An OperationOutcome whose every issue says how bad, of which kind and what."""
    issues = body.get("issue") if isinstance(body, dict) and body.get("resourceType") == "OperationOutcome" else None
    return (
        isinstance(issues, list)
        and bool(issues)
        and all(
            isinstance(issue, dict)
            and issue.get("severity") == "error"
            and _is_text(issue.get("code"))
            and _is_text(issue.get("diagnostics"))
            and _is_text(_at(issue, "details", "text"))
            for issue in issues
        )
    )


def _is_card(card: object) -> bool:
    """The required members of CDS Hooks 2.0.1 section "Card attributes", and none that is null or empty."""
    if not isinstance(card, dict):
        return False
    suggestions = card.get("suggestions", [])
    told = {name: value for name, value in card.items() if name != "extension"}
    return (
        _is_text(card.get("summary"))
        and len(card["summary"]) <= LONGEST_SUMMARY
        and _word(card, "indicator") in INDICATORS
        and _is_text(_at(card, "source", "label"))
        and isinstance(suggestions, list)
        and all(_is_suggestion(each) for each in suggestions)
        and (not suggestions or card.get("selectionBehavior") in ("any", "at-most-one"))
        and not any(value in (None, "", [], {}) for value in _values(told))
    )


def _is_suggestion(suggestion: object) -> bool:
    actions = suggestion.get("actions") if isinstance(suggestion, dict) else None
    return (
        isinstance(suggestion, dict)
        and _is_text(suggestion.get("label"))
        and isinstance(actions, list)
        and all(isinstance(each, dict) and _is_text(each.get("description")) for each in actions)
    )


def _says_no_further_imaging(card: Json) -> bool:
    """By its decision or by its words."""
    advised = _listed(_at(card, "extension", DECISION, "recommendations"))
    ids = {_word(each, "id") for each in advised}
    return NO_FURTHER_IMAGING in ids or bool(REASSURING_WORDS.search(card["summary"]))


# ---- whose card it is ----------------------------------------------------------------------------


def _is_about(card: Json, request: Json) -> bool:
    """Whether the call proves the patient, and the card rests on, and is written for, this patient alone."""
    patient = patient_of(request)
    if patient is None:
        return False
    used = [each for each in _resources(request.get("prefetch")) if _is_ours(each, request, patient)]
    names = {f"{each.get('resourceType')}/{each.get('id')}" for each in used} | {f"Patient/{patient}"}
    nameless = {f"{each.get('resourceType')}/?" for each in used}
    found = _listed(_at(card, "extension", DECISION, "found"))
    rests_on = {_word(each, "resource") for each in found}
    for_whom = {value for value in _values(card) if isinstance(value, str) and value.startswith("Patient/")}
    return (
        any(each["resourceType"] in ("DiagnosticReport", "ImagingStudy") for each in used)
        and bool(rests_on)
        and rests_on <= names | nameless
        and for_whom <= {f"Patient/{patient}"}
    )


def patient_of(request: Json) -> str | None:
    """The id of the patient, when the Patient that came is the one of the context; otherwise None."""
    named = _at(request, "context", "patientId")
    sent = _at(request, "prefetch", "patient")
    if not isinstance(named, str) or not isinstance(sent, dict):
        return None
    patient = named.removeprefix("Patient/")
    came = [each for each in (sent, *_entries(sent)) if each.get("resourceType") == "Patient"]
    return patient if patient and came and all(each.get("id") == patient for each in came) else None


def _is_ours(resource: Json, request: Json, patient: str) -> bool:
    return _owner(resource, request, patient) == "ours"


def _owner(resource: Json, request: Json, patient: str) -> str:
    """`ours`, `foreign` (certainly another's) or `unproven`."""
    subject = resource.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    if not isinstance(reference, str) or not isinstance(subject, dict) or subject.get("type") not in (None, "Patient"):
        return "unproven"
    server = request.get("fhirServer")
    local = reference.removeprefix(f"{server.rstrip('/')}/") if isinstance(server, str) and server else reference
    local = re.sub(r"/_history/[^/]+\Z", "", local)
    if local == f"Patient/{patient}":
        return "ours"
    return "foreign" if re.fullmatch(r"[A-Z][A-Za-z]*/[A-Za-z0-9\-.]{1,64}", local, re.ASCII) else "unproven"


# ---- what is known -------------------------------------------------------------------------------


def what_is_not_known(request: Json, clock: date) -> tuple[str, ...]:
    """Which of result, protocol, side and symptoms the call does not prove (decision table section 1 and row NFI)."""
    patient = patient_of(request)
    if patient is None:
        return ("patient",)
    told = _at(request, "extension", TODAY)
    today = (_day(told) if isinstance(told, str) else None) or clock
    record = _Record(request, patient, today)
    reasons = [_against(record, study) for study in record.studies()]
    return min(reasons, key=len) if reasons else ("result", "protocol", "side", "symptoms")


@dataclass(frozen=True, slots=True)
class _Record:
    """The call as this judge reads it."""

    request: Json
    patient: str
    today: date

    def entries(self, key: str) -> list[Json]:
        """The resources under one key that are not certainly another's."""
        sent = _at(self.request, "prefetch", key)
        if not isinstance(_at(sent, "link"), list | None):
            return []  # no FHIR Bundle: nothing in it counts as sent
        return [each for each in _entries(sent) if _owner(each, self.request, self.patient) != "foreign"]

    def is_whole(self, key: str) -> bool:
        """Whether the answer to one query came, in full and without a word of doubt."""
        return _is_whole(_at(self.request, "prefetch", key))

    def may_hide(self, key: str) -> bool:
        """Whether one answer is a part only. One that brought nothing is as if not asked (conformance.md section 5)."""
        answer = _at(self.request, "prefetch", key)
        return not (_is_whole(answer) or (_brought_nothing(answer) and not _says_more(answer)))

    def observations(self) -> list[Json]:
        prefetch = _at(self.request, "prefetch")
        keys = [key for key in prefetch if key.endswith("observations")] if isinstance(prefetch, dict) else []
        return [each for key in keys for each in self.entries(key) if each.get("resourceType") == "Observation"]

    def studies(self) -> list[Json]:
        """Reports that are, or may be, ultrasounds of the leg veins up to today, and pictures that certainly are."""
        reports = [each for each in self.entries("reports") if each.get("resourceType") == "DiagnosticReport"]
        pictures = [each for each in self.entries("imaging_studies") if each.get("resourceType") == "ImagingStudy"]
        reported = {_study_day(each) for each in reports if _may_be_leg_veins(each)} - {None}
        taken = [
            each
            for each in pictures
            if each.get("status") == "available"
            and _is_ours(each, self.request, self.patient)
            and _study_day(each) not in reported
        ]
        made = [each for each in (*reports, *taken) if _word(each, "status") not in NEVER_MADE]
        return [each for each in made if _may_be_leg_veins(each) and not self.is_future(each)]

    def is_future(self, resource: Json) -> bool:
        """Whether it is certainly of a later day; a time without its zone may be tomorrow's and today's."""
        day = _study_day(resource)
        return day is not None and day > self.today

    def is_sound(self, resource: Json) -> bool:
        """Whether it is this patient's, means what it says, and no other version contradicts it."""
        same = [each for each in _resources(self.request.get("prefetch")) if _same_name(each, resource)]
        rivals = [each for each in same if _owner(each, self.request, self.patient) != "foreign"]
        return (
            _is_ours(resource, self.request, self.patient)
            and not any(resource.get(name) for name in ("modifierExtension", "implicitRules"))
            and not (resource.get("resourceType") == "Observation" and resource.get("focus"))
            and all(_content(each) == _content(resource) for each in rivals)
        )


def _against(record: _Record, study: Json) -> tuple[str, ...]:
    """What is not known when the card rests on this study: every later one has to be known as well."""
    day = _study_day(study)
    last = [each for each in record.studies() if (_study_day(each) or record.today) >= (day or record.today)]
    days = [_study_day(each) for each in last]
    checks = {
        "result": record.is_whole("reports") and all(_has_known_result(each, record) for each in (study, *last)),
        "protocol": _protocol(study, record) in COMPLETE,
        "side": _covers_symptoms(study, record) and all(_sides(each, record) for each in last),
        "symptoms": None not in days and _is_well_since(max(filter(None, days), default=date.max), record),
    }
    return tuple(name for name, holds in checks.items() if not holds)


def _may_be_leg_veins(study: Json) -> bool:
    """A code that this judge does not know is no leg-vein study: the service needs a proof for that, too."""
    concepts = (
        _listed(study.get("procedureCode")) if study.get("resourceType") == "ImagingStudy" else [study.get("code")]
    )
    return any(code in LEG_VEIN_ULTRASOUND for concept in concepts for code in _codes(concept))


def _has_known_result(study: Json, record: _Record) -> bool:
    """A final report that says "no thrombus" and nothing that contradicts it."""
    if study.get("resourceType") != "DiagnosticReport" or _word(study, "status") not in FINAL_REPORT:
        return False
    concepts = [set(_codes(concept)) for concept in _listed(study.get("conclusionCode"))]
    stated = [value for name, value in _named_by(study, record) if name == "exam.result"]
    says_none = any(NO_THROMBUS in codes for codes in concepts) or bool(stated)
    return (
        record.is_sound(study)
        and says_none
        and all(codes & {NO_THROMBUS, BAKER_CYST} and not codes & WORRYING for codes in concepts)
        and all(value == "negative" for value in stated)
    )


def _protocol(study: Json, record: _Record) -> str | None:
    values = {value for name, value in _named_by(study, record) if name == "exam.protocol"}
    return values.pop() if len(values) == 1 else None


def _named_by(study: Json, record: _Record) -> Iterator[tuple[str, str | None]]:
    """Fact and value of every Observation that the report names as its result; None: a value that cannot be used."""
    named = {re.sub(r"/_history/[^/]+\Z", "", _word(each, "reference")) for each in _listed(study.get("result"))}
    for observation in _resources(record.request.get("prefetch")):
        name = f"{observation['resourceType']}/{observation.get('id')}"
        is_foreign = _owner(observation, record.request, record.patient) == "foreign"
        if name in named and name.startswith("Observation/") and not is_foreign:
            fact = _fact(observation)
            if fact is not None:
                yield fact, _value(observation) if record.is_sound(observation) else None


def _sides(study: Json, record: _Record) -> frozenset[str]:
    """The legs that were scanned; none when the report does not say, or says different things."""
    sides = {LEG_VEIN_ULTRASOUND.get(code) for code in _codes(study.get("code"))} - {None}
    sides |= {value for name, value in _named_by(study, record) if name == "exam.side"}
    return LEGS.get(sides.pop(), frozenset()) if len(sides) == 1 else frozenset()


def _covers_symptoms(study: Json, record: _Record) -> bool:
    scanned, (symptomatic, _) = _sides(study, record), _latest(record, "symptoms.side", _value)
    return scanned == LEGS["bilateral"] or (symptomatic in LEGS and LEGS[symptomatic] <= scanned)


def _is_well_since(day: date, record: _Record) -> bool:
    keys = ("exam_observations", "imaging_observations", "survey_observations")
    course, observed = _latest(record, "symptoms.status", _course)
    return course == "well" and observed is not None and observed > day and not any(map(record.may_hide, keys))


def _latest(record: _Record, fact: str, read: Callable[[Json], str | None]) -> tuple[str | None, date | None]:
    """The latest statement of a fact and its day. What may be as late has to say the same, or nothing is known."""
    stated = [each for each in record.observations() if fact == _fact(each) and _word(each, "status") not in NEVER_MADE]
    past = [(each, _observed(each)) for each in stated if not record.is_future(each)]
    latest = max((day for _, day in past if day is not None), default=None)
    holds = [each for each, day in past if day in (None, latest)]
    values = {read(each) if record.is_sound(each) else None for each in holds}
    return (values.pop(), latest) if len(values) == 1 else (None, None)


def _fact(observation: Json) -> str | None:
    """The fact that an Observation states in our code system; one that names several states none."""
    facts = {code for system, code in _codes(observation.get("code")) if system == FACT}
    return facts.pop() if len(facts) == 1 else None


def _value(observation: Json) -> str | None:
    """The one value of our code system in a final Observation."""
    values = {code for system, code in _codes(_plain(observation)) if system == VALUE}
    return values.pop() if len(values) == 1 else None


def _course(observation: Json) -> str | None:
    """The course of the symptoms, in our words or in those of SNOMED CT."""
    words = {code: word for word, code in (("well", RESOLVED), ("well", IMPROVING), ("unchanged", UNCHANGED))}
    told = {code for code in _codes(_plain(observation)) if code[0] == VALUE or code in words}
    courses = {words.get(code, "well" if code[1] in WELL else code[1]) for code in told}
    return courses.pop() if len(courses) == 1 else None


def _plain(observation: Json) -> object:
    """The value of a final Observation that has one and no reason to have none."""
    values = [name for name in observation if name.startswith("value") and observation[name] is not None]
    is_plain = values == ["valueCodeableConcept"] and not observation.get("dataAbsentReason")
    return observation["valueCodeableConcept"] if is_plain and _word(observation, "status") in COUNTED else None


# ---- FHIR, as little of it as is needed ----------------------------------------------------------


def _is_whole(answer: object) -> bool:
    if answer is None:
        return True  # asked, nothing there; a key that is absent is for the service to miss
    if not isinstance(answer, dict) or answer.get("resourceType") != "Bundle":
        return False
    entries, link, total = answer.get("entry") or [], answer.get("link") or [], answer.get("total") or 0
    if not isinstance(entries, list) or not isinstance(link, list) or not isinstance(total, int | float):
        return False
    return (
        all(each is None or _word(_at(each, "resource"), "resourceType") for each in entries)  # null: a placeholder
        and all(_says_none(answer, each) for each in _entries(answer) if each["resourceType"] == "OperationOutcome")
        and not _says_more(answer)
        and not any(answer.get(name) for name in ("modifierExtension", "implicitRules"))
    )


def _says_more(answer: object) -> bool:
    """A next page, or a total above what came."""
    links, total = _listed(_at(answer, "link")), _at(answer, "total")
    is_first_page = any(_at(link, "relation") == "next" for link in links)
    count = total if isinstance(total, int | float) and total % 1 == 0 and total < MANY else 0
    return is_first_page or count > len(_entries(answer))


def _brought_nothing(answer: object) -> bool:
    """No Observation, which is all that the queries in question ask for."""
    return "Observation" not in {_word(value, "resourceType") for value in _values(answer)}


def _says_none(bundle: Json, outcome: Json) -> bool:
    """A word of the server beside the statement that there are none (conformance.md section 5)."""
    severities = {_word(each, "severity") for each in _listed(outcome.get("issue"))}
    return bundle.get("total") == 0 and not severities & {"error", "fatal"}


def _entries(answer: object) -> list[Json]:
    """The resources in a Bundle."""
    entries = _listed(answer.get("entry")) if isinstance(answer, dict) else []
    found = [each.get("resource") for each in entries if isinstance(each, dict)]
    return [each for each in found if isinstance(each, dict)]


def _resources(prefetch: object) -> list[Json]:
    """The resources under every key, in Bundles or bare."""
    answers = [*prefetch.values()] if isinstance(prefetch, dict) else []
    bare = [each for each in answers if isinstance(each, dict) and each.get("resourceType") != "Bundle"]
    found = [*bare, *(resource for answer in answers for resource in _entries(answer))]
    return [each for each in found if isinstance(each.get("resourceType"), str)]


def _same_name(one: Json, other: Json) -> bool:
    return one.get("id") is not None and all(one.get(name) == other.get(name) for name in ("resourceType", "id"))


def _content(resource: Json) -> str:
    """What the versions of a resource are compared by: what they say to this judge."""
    concepts = [resource.get("code"), resource.get("valueCodeableConcept"), *_listed(resource.get("conclusionCode"))]
    named = ("status", "effectiveDateTime", "effectivePeriod", "started", "dataAbsentReason")
    says: list[object] = [resource.get(name) for name in named]
    says += [sorted(_codes(concept)) for concept in concepts]
    says += [_word(each, "reference") for each in (resource.get("subject"), *_listed(resource.get("result")))]
    return json.dumps(says, sort_keys=True)


def _codes(concept: object) -> Iterator[tuple[str, str]]:
    codings = _listed(concept.get("coding")) if isinstance(concept, dict) else []
    for coding in codings:
        system, code = (coding.get("system"), coding.get("code")) if isinstance(coding, dict) else (None, None)
        if _is_text(system) and _is_text(code):
            yield str(system), str(code)


def _study_day(study: Json) -> date | None:
    if study.get("resourceType") == "ImagingStudy":
        return _day(study.get("started"))
    return _observed(study)


def _observed(resource: Json) -> date | None:
    """The day of effective[x], when it has one form and one day."""
    forms = [name for name in resource if name.startswith("effective") and resource[name] is not None]
    if forms == ["effectivePeriod"]:
        return _day(_at(resource, "effectivePeriod", "start"))
    return _day(resource.get("effectiveDateTime")) if forms == ["effectiveDateTime"] else None


def _day(text: object) -> date | None:
    if not isinstance(text, str) or not (_DAY.fullmatch(text) or _TIME.fullmatch(text)):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.date() if moment.tzinfo is None else moment.astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None


def _at(tree: object, *names: str) -> object:
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _word(tree: object, name: str) -> str:
    """A member that is a text; empty when it is anything else, which may not even be put into a set."""
    value = _at(tree, name)
    return value if isinstance(value, str) else ""


def _listed(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _values(tree: object) -> Iterator[object]:
    yield tree
    if isinstance(tree, dict | list):
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from _values(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
