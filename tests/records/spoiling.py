"""Records of which one thing was made unusable, and what that may at most have left of the facts.

`left` are the fact sets of which one describes what is still known, by the pathways' data files and the threat model.
Everything is drawn from a Random that is handed in.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from tests.records.codes import FACT
from tests.records.facts import DDIMER, Json, Known
from tests.records.neutral import OTHER, Prefetch, copied, lists
from tests.records.record import SERVER, Entry, Resource, Written


@dataclass(frozen=True)
class Spoilt:
    """A record of which one thing became unusable. `target` and `kind`: what, and how."""

    prefetch: Prefetch
    target: str
    kind: str
    left: tuple[Known, ...]
    takes_the_last_study: bool


# ---- something made unusable ---------------------------------------------------------------------

TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "ultrasound": (".modality",),
    "result": (".result",),
    "side": (".side",),
    "protocol": (".protocol",),
    "symptoms": ("symptoms.status",),
    "symptom side": ("symptoms.side",),
    "d-dimer": (DDIMER,),
}
"""What is made unusable -> how the facts are called that it carries."""

GONE, KEPT, HELD, UNDATED, LATER, QUERY = "gone", "kept", "held", "undated", "later", "query"


def spoilt(written: Written, patient: Known, rng: Random, target: str) -> Spoilt | None:
    """One thing of this target made unusable in one way, or None when the record has no such thing."""
    carriers = [(place, entry) for place, entry in enumerate(written.entries) if _carries(entry, target)]
    if not carriers:
        return None
    place, entry = rng.choice(carriers)
    kind = rng.choice([name for name, way in KINDS.items() if _fits(way, entry, target)])
    way = KINDS[kind]
    resource = copied(entry.resource)
    carrier = _part_of(resource, target) if way.on_part else resource
    lost = entry.says if carrier is resource else tuple(name for name in entry.says if _named(name, target))
    entries = [each for each in written.entries if each is not entry]
    if way.change is not None:
        way.change(carrier, patient, rng)
        entries.insert(place, Entry(entry.query, resource, entry.says, is_included=entry.is_included))
    prefetch = copied(Written(written.patient, tuple(entries), written.queries, written.empty).prefetch())
    if way.query is not None:
        way.query(prefetch, entry.query, rng)
        if way.effect == QUERY:
            lost = tuple(name for each in written.entries if each.query == entry.query for name in each.says)
    left = tuple(_still_known(patient, lost, way.effect))
    whole_studies = {name for name in lost if name.endswith(".modality")}
    return Spoilt(prefetch, target, kind, left, takes_the_last_study=len(whole_studies) == len(patient.exams))


def _carries(entry: Entry, target: str) -> bool:
    """Of studies the ultrasounds, by their reports, pictures or details."""
    return any(_named(name, target) for name in entry.says)


def _named(name: str, target: str) -> bool:
    return any(name.endswith(each) if each.startswith(".") else name.startswith(each) for each in TARGETS[target])


def _part_of(resource: Resource, target: str) -> Json:
    """The component, contained resource or answer that carries the target; the resource itself if none does."""
    for parts in lists(resource, frozenset({"component", "contained", "item"})):
        for part in parts:
            codings = part.get("code", {}).get("coding", ())
            names = [each.get("code", "") for each in codings if each.get("system") == FACT] + [part.get("linkId", "")]
            if any(_named(name, target) for name in names):
                return part
    return resource


@dataclass(frozen=True)
class Way:
    """One way to make a resource unusable.

    `change`: what is done to it (None: it does not come at all); `query`: what is done to the answer it came in;
    `effect`: what is left of its facts; `on_part`: done to a component or answer where there is one; `needs`: the
    members of which it must have one.
    """

    effect: str
    change: Callable[[Json, Known, Random], None] | None = None
    query: Callable[[Prefetch, str, Random], None] | None = None
    on_part: bool = False
    needs: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def _fits(way: Way, entry: Entry, target: str) -> bool:
    resource = entry.resource
    carrier = _part_of(resource, target) if way.on_part else resource
    right_kind = not way.kinds or carrier.get("resourceType", "part") in way.kinds
    return right_kind and (not way.needs or any(name in carrier for name in way.needs))


def _status(status: str) -> Callable[[Json, Known, Random], None]:
    def change(resource: Json, patient: Known, rng: Random) -> None:
        resource["status"] = status

    return change


def _without_code(resource: Json, patient: Known, rng: Random) -> None:
    resource.pop("code", None)
    resource.pop("procedureCode", None)
    if "linkId" in resource:
        resource["linkId"] = "another-question"
    if "questionnaire" in resource:
        del resource["questionnaire"]


def _another_system(resource: Json, patient: Known, rng: Random) -> None:
    concepts = [resource["code"]] if "code" in resource else resource.get("procedureCode", [])
    for coding in (each for concept in concepts for each in concept.get("coding", ())):
        coding["system"] = rng.choice((f"{coding.get('system')} ", "http://example.org/codes", "", None))


VALUES: Final = (
    "valueBoolean",
    "valueCodeableConcept",
    "valueQuantity",
    "valueInteger",
    "valueDateTime",
    "valueString",
)


def _without_value(resource: Json, patient: Known, rng: Random) -> None:
    for name in [*VALUES, "conclusionCode", "answer"]:
        resource.pop(name, None)


def _value_of_another_system(resource: Json, patient: Known, rng: Random) -> None:
    for name in ("valueCodeableConcept", "conclusionCode", "valueQuantity"):
        for part in [resource[name]] if isinstance(resource.get(name), dict) else resource.get(name, ()):
            for coding in [part, *part.get("coding", ())]:
                if "system" in coding:
                    coding["system"] = "http://example.org/codes"


def _unit_removed(resource: Json, patient: Known, rng: Random) -> None:
    for name in ("code", "system") if rng.random() < 1 / 2 else ("code", "system", "unit"):
        resource["valueQuantity"].pop(name, None)


def _absent_reason(resource: Json, patient: Known, rng: Random) -> None:
    resource["dataAbsentReason"] = {"coding": [{"code": "not-performed"}]}


def _modified(resource: Json, patient: Known, rng: Random) -> None:
    resource["modifierExtension"] = [{"url": "http://example.org/negated", "valueBoolean": True}]


def _subject(reference: Json) -> Callable[[Json, Known, Random], None]:
    def change(resource: Json, patient: Known, rng: Random) -> None:
        resource["subject"] = reference
        if reference is None:
            del resource["subject"]

    return change


DATES: Final = ("effectiveDateTime", "effectivePeriod", "started", "authored")


def _date_broken(resource: Json, patient: Known, rng: Random) -> None:
    broken = rng.choice(("2026-02-30", "12.03.2026", "yesterday", "", "9999-99-99", None))
    for name in [name for name in DATES if name in resource]:
        resource[name] = {"start": broken} if name == "effectivePeriod" else broken


def _future(resource: Json, patient: Known, rng: Random) -> None:
    day = str(patient.today + timedelta(days=rng.choice((1, 2, 30, 400))))
    for name in [name for name in DATES if name in resource]:
        resource[name] = {"start": day} if name == "effectivePeriod" else day


def _fails(prefetch: Prefetch, query: str, rng: Random) -> None:
    prefetch[query] = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


def _not_sent(prefetch: Prefetch, query: str, rng: Random) -> None:
    del prefetch[query]


def _cut(prefetch: Prefetch, query: str, rng: Random) -> None:
    """A page of it: what is left, and a link to the rest."""
    if not isinstance(prefetch[query], dict):
        prefetch[query] = {"resourceType": "Bundle", "type": "searchset", "entry": []}
    prefetch[query] |= {"link": [{"relation": "next", "url": f"{SERVER}/next"}]}


STUDIES: Final = ("DiagnosticReport", "ImagingStudy")
SAYING: Final = ("Observation", "DiagnosticReport", "QuestionnaireResponse")
KINDS: Final[Mapping[str, Way]] = {
    "entered in error": Way(GONE, _status("entered-in-error")),
    "preliminary": Way(KEPT, _status("preliminary"), kinds=("DiagnosticReport", "Observation")),
    "in progress": Way(KEPT, _status("in-progress"), kinds=("QuestionnaireResponse",)),
    "status unknown": Way(KEPT, _status("unknown"), kinds=SAYING),
    "status of no list": Way(KEPT, _status("Final"), kinds=SAYING),
    "code removed": Way(GONE, _without_code, on_part=True),
    "system changed": Way(GONE, _another_system, on_part=True, needs=("code", "procedureCode")),
    "value removed": Way(KEPT, _without_value, on_part=True, needs=(*VALUES, "conclusionCode", "answer")),
    "value of another system": Way(
        KEPT, _value_of_another_system, on_part=True, needs=("valueCodeableConcept", "conclusionCode")
    ),
    "unit removed": Way(KEPT, _unit_removed, on_part=True, needs=("valueQuantity",)),
    "data absent": Way(KEPT, _absent_reason, on_part=True, needs=VALUES),
    "modifier extension": Way(HELD, _modified, on_part=True),
    "subject of another patient": Way(GONE, _subject({"reference": f"Patient/{OTHER}"}), kinds=(*STUDIES, *SAYING)),
    "subject not proven": Way(HELD, _subject({"display": "the patient"})),
    "subject removed": Way(HELD, _subject(None)),
    "date broken": Way(UNDATED, _date_broken, needs=DATES),
    "date in the future": Way(LATER, _future, needs=DATES),
    "dropped": Way(GONE),
    "dropped, answer cut": Way(HELD, query=_cut),
    "query failed": Way(QUERY, query=_fails),
    "query not sent": Way(QUERY, query=_not_sent),
}


# ---- what is still known -------------------------------------------------------------------------

BARE: Final = frozenset({"modality", "date", "report_status"})
UNREAD: Final = {"modality": "US", "report_status": "registered"}


def _still_known(patient: Known, lost: Sequence[str], effect: str) -> Iterator[Known]:
    """The fact sets of which one describes what can still be known at most."""
    places = {int(name[6 : name.index("]")]) for name in lost if name.startswith("exams[")}
    choices = [
        [*_exam_left(exam, place, lost, effect)] if place in places else [exam]
        for place, exam in enumerate(patient.exams)
    ]
    for facts in _facts_left(patient, lost, effect):
        for exams in itertools.product(*choices):
            yield Known(facts, tuple(exam for exam in exams if exam is not None), patient.today)
        if effect in (HELD, QUERY):  # what the answer may still hold may be about every study (decisions/0021)
            bare = tuple(_without(exam, *exam.keys() - BARE) for exam in patient.exams)
            yield Known(facts, bare, patient.today)


def _facts_left(patient: Known, lost: Sequence[str], effect: str) -> Iterator[Mapping[str, Json]]:
    """Everything but what was lost. That a D-dimer was taken stays known, unless it is gone."""
    is_ddimer = any(name.startswith(DDIMER) for name in lost)
    gone = {*lost, "symptoms.as_of"} if "symptoms.status" in lost else {*lost}
    kept = {name: value for name, value in patient.facts.items() if name not in gone}
    if is_ddimer:
        kept = {name: value for name, value in kept.items() if not name.startswith(DDIMER)}
    yield kept | ({DDIMER: True} if is_ddimer and effect not in (GONE, LATER) else {})
    if effect == UNDATED:
        dates = {"symptoms.as_of", "ddimer.collected", "ddimer.assay"} & {*lost, "symptoms.as_of"}
        yield {name: value for name, value in patient.facts.items() if name not in dates}


def _exam_left(
    exam: Mapping[str, Json], place: int, lost: Sequence[str], effect: str
) -> Iterator[Mapping[str, Json] | None]:
    """What may be left of one study: nothing, less, no result, no extent."""
    names = {name.split(".", 1)[1] for name in lost if name.startswith(f"exams[{place}]")}
    if "modality" in names:
        if effect in (GONE, LATER, QUERY):
            yield None
        elif effect == UNDATED:
            yield _without(exam, "date")
        else:
            day = {"date": exam["date"]} if "date" in exam else {}
            yield {"modality": exam["modality"], "report_status": "registered", **day}
            yield UNREAD
        return
    for more in ((), ("result", "location"), ("result", "location", "protocol"), ("protocol",)):
        yield _without(exam, *names, *more)


def _without(exam: Mapping[str, Json], *names: str) -> dict[str, Json]:
    return {name: value for name, value in exam.items() if name not in names}
