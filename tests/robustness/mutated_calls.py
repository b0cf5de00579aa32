"""Calls as no client should send them: the example calls, changed at random.

Everything is drawn from a `random.Random` that is handed in, so that the same seed gives the same bytes again.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

Call = dict[str, Any]
Holder = dict[str, Any] | list[Any]
Place = tuple[Holder, Any]  # where a value is: the object or list that holds it, and its name or index there
Mutation = Callable[[Call, random.Random, Sequence[Call]], None]

MARK: Final = "planted*mark"
"""Stands in free text and in ids. It is no FHIR id, so nothing may ever repeat it."""

FACT: Final = "urn:dvt-next-step:fact"
VALUE: Final = "urn:dvt-next-step:value"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"

NEAR_CODES: Final = (
    (LOINC, "39432-0"),  # veins of the left leg
    (LOINC, "39443-7"),  # of the right leg
    (LOINC, "39420-5"),  # of both legs
    (LOINC, "30881-7"),  # side not said
    (LOINC, "80860-0"),  # limited
    (LOINC, "42461-4"),  # a look-alike: vessel mapping for a graft
    (LOINC, "36824-1"),  # CT venography
    (SNOMED, "373140001"),  # no thrombus
    (SNOMED, "373141002"),  # possible thrombus
    (SNOMED, "373142009"),  # definite thrombus
    (SNOMED, "169255008"),  # abnormal
    (SNOMED, "82675004"),  # Baker cyst
    (SNOMED, "413322009"),  # resolved
    (SNOMED, "385633008"),  # improving
    (SNOMED, "260388006"),  # no change
    *(
        (VALUE, value)
        for value in (
            *("complete_duplex", "proximal_duplex", "two_region", "adequate", "compromised", "normal", "monophasic"),
            *("left", "right", "bilateral", "resolved", "improving", "persistent", "worsening", "new", "unknown"),
            *("negative", "equivocal", "acute_dvt", "peroneal", "cfv"),
        )
    ),
    *(
        (FACT, fact)
        for fact in (
            *("exam.protocol", "exam.quality", "exam.side", "exam.result", "exam.unseen", "exam.cfv"),
            *("symptoms.status", "symptoms.side", "symptoms.whole_leg", "red_flags.pe"),
        )
    ),
)
NEAR_SYSTEMS: Final = (FACT, VALUE, LOINC, SNOMED, "http://snomed.info/sct ", "urn:oid:2.16.840.1.113883.6.96", "")
STATUSES: Final = (
    *("registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled"),
    *("entered-in-error", "unknown", "FINAL", "final ", "", "available"),
)
HUGE: Final = "huge*number"
DEEP: Final = "deep*nest"
NUMBERS: Final = ("1e400", "-1e400", "9" * 400, "1" * 5000, "1e-400", "18446744073709551616", "-0", "0.1e1", "2.0")
LEVELS: Final = (40, 500, 1100, 5000, 100_000)


@dataclass(frozen=True, slots=True)
class Example:
    """One recorded call of openapi/examples: its request, and the bytes of its recorded answer."""

    name: str
    request: str
    response: bytes


@dataclass(frozen=True, slots=True)
class MutatedCall:
    """The body of one call, the example it was made of and what was done to it."""

    example: str
    kinds: tuple[str, ...]
    body: bytes


def read_examples(folder: Path) -> tuple[Example, ...]:
    """The recorded calls of a folder, by name."""
    files = [(file.stem, json.loads(file.read_text("utf-8"))) for file in sorted(folder.glob("*.json"))]
    return tuple(
        Example(name, json.dumps(content["request"]), json.dumps(content["response"]).encode())
        for name, content in files
    )


def mutated_calls(examples: Sequence[Example], rng: random.Random, number: int) -> Iterator[MutatedCall]:
    """`number` calls. Every third starts from an example that reassures: those have most to lose."""
    reassuring = [each for each in examples if b'"NO-FURTHER-IMAGING"' in each.response]
    others: list[Call] = [json.loads(each.request) for each in examples]
    for _ in range(number):
        example = rng.choice(reassuring if reassuring and rng.random() < 1 / 3 else examples)
        kinds = tuple(rng.choices(tuple(MUTATIONS), k=rng.choices((1, 2, 3, 4), (4, 3, 2, 1))[0]))
        yield MutatedCall(example.name, kinds, _mutated(example.request, kinds, rng, others))


def _mutated(request: str, kinds: Sequence[str], rng: random.Random, others: Sequence[Call]) -> bytes:
    call: Call = json.loads(request)
    for kind in kinds:
        MUTATIONS[kind](call, rng, others)
    body = _written(call, rng)
    for kind in kinds:
        if kind in ON_BYTES:
            body = ON_BYTES[kind](body, rng)
    return body


def _written(call: Call, rng: random.Random) -> bytes:
    text = json.dumps(call, ensure_ascii=rng.random() < 1 / 2)
    while json.dumps(HUGE) in text:
        text = text.replace(json.dumps(HUGE), rng.choice(NUMBERS), 1)
    while json.dumps(DEEP) in text:
        text = text.replace(json.dumps(DEEP), _nested(rng), 1)
    return text.encode("utf-8", "surrogatepass")


def _nested(rng: random.Random) -> str:
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('{"contained":[', "]}")))
    levels = rng.choice(LEVELS)
    return opening * levels + "1" + closing * levels


# ---- finding a place -----------------------------------------------------------------------------


def places(tree: object) -> Iterator[Place]:
    """Every place of a JSON tree, the members of objects and the items of lists."""
    if isinstance(tree, dict | list):
        for name, value in list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)):
            yield tree, name
            yield from places(value)


def resources(call: Call) -> list[Call]:
    """Every resource in the call that has its type, Bundles left out."""
    found = (holder[name] for holder, name in places(call))
    return [each for each in found if isinstance(each, dict) and each.get("resourceType") not in (None, "Bundle")]


def bundles(call: Call) -> list[Call]:
    """Every Bundle in the call that has a list of entries."""
    found = (holder[name] for holder, name in places(call))
    return [each for each in found if isinstance(each, dict) and isinstance(each.get("entry"), list)]


def prefetched(call: Call) -> Call:
    """The prefetch of the call, as long as it is an object."""
    prefetch = call.get("prefetch")
    return prefetch if isinstance(prefetch, dict) else {}


def _somewhere(call: Call, rng: random.Random) -> Place:
    """Mostly in the prefetch, where the record is."""
    inside = list(places(prefetched(call)))
    return rng.choice(inside) if inside and rng.random() < 9 / 10 else rng.choice(list(places(call)) or [({"": 0}, "")])


def _scalars(call: Call, rng: random.Random) -> Place:
    found = [(holder, name) for holder, name in places(call) if not isinstance(holder[name], dict | list)]
    return rng.choice(found) if found else ({"": 0}, "")


def _one(found: Sequence[Call], rng: random.Random) -> Call:
    """One of them; a fresh object that changes nothing when there is none."""
    return rng.choice(found) if found else {}


def _copy(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    return json.loads(json.dumps(value))


# ---- what is done --------------------------------------------------------------------------------


def drop(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    holder, name = _somewhere(call, rng)
    del holder[name]


def drop_resource(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    bundle = _one([each for each in bundles(call) if each["entry"]], rng)
    if bundle:
        del bundle["entry"][rng.randrange(len(bundle["entry"]))]
        if isinstance(bundle.get("total"), int) and rng.random() < 1 / 2:
            bundle["total"] -= 1  # a record that never had it, rather than an answer that lost it


def drop_key(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    prefetch = prefetched(call)
    if prefetch:
        del prefetch[rng.choice(list(prefetch))]


def drop_member_of_resource(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    resource = _one(resources(call), rng)
    if resource:
        del resource[rng.choice(list(resource))]


def duplicate(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """The same resource once more: as it is, under another id, or the same id with another content."""
    bundle = _one([each for each in bundles(call) if each["entry"]], rng)
    if not bundle:
        return
    twin = _copy(rng.choice(bundle["entry"]))
    resource = twin.get("resource") if isinstance(twin, dict) else None
    if isinstance(resource, dict):
        if rng.random() < 1 / 2:
            resource["id"] = f"twin-{rng.randrange(99)}"
        if rng.random() < 1 / 2:
            rng.choice((redate, change_code, change_status, resubject))({"twin": resource}, rng, others)
    bundle["entry"].insert(rng.randrange(len(bundle["entry"]) + 1), twin)


def retype(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    holder, name = _somewhere(call, rng)
    value = holder[name]
    other: Any = rng.choice(
        (0, 1.5, True, False, "", "x", [], {}, [value], {"value": value}, [[value]], str(value)[:50])
    )
    holder[name] = other


def put_null(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    holder, name = _somewhere(call, rng)
    holder[name] = None


def redate(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """Another day, or another way to write it: partial, with a time, impossible."""
    dated = [place for place in places(call) if _is_day(place[0][place[1]])]
    if not dated:
        return
    holder, name = rng.choice(dated)
    day = date.fromisoformat(holder[name][:10])
    moved = day + timedelta(days=rng.choice((-400, -31, -8, -6, -3, -1, 0, 1, 2, 5, 9, 30, 400)))
    forms = (
        *(moved.isoformat(), moved.isoformat(), moved.isoformat(), f"{moved}T12:00:00Z", f"{moved}T23:30:00-05:00"),
        *(f"{moved}T00:15:00+14:00", f"{moved}T10:00:00", moved.isoformat()[:7], moved.isoformat()[:4], "2026-02-30"),
        *("0000-00-00", f"{moved:%d.%m.%Y}", f" {moved}", f"{moved}x", "9999-12-31", "", 20260302),
    )
    holder[name] = rng.choice(forms)


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value[:10]))
    except ValueError:
        return False


def resubject(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """Another subject, or one that proves nothing."""
    resource = _one([each for each in resources(call) if "subject" in each], rng)
    own = resource.get("subject", {}).get("reference") if isinstance(resource.get("subject"), dict) else None
    own = own if isinstance(own, str) else "Patient/example-1"
    references: tuple[object, ...] = (
        *("Patient/example-2", "Patient/EXAMPLE-1", "Group/example-1", "example-1", "#p", "", "Patient/", None, 7),
        *(f"{own}/_history/2", f"https://elsewhere.example/fhir/{own}", f"{own}0", f" {own}", f"{own}\u200b"),
    )
    resource["subject"] = rng.choice(
        (
            *({"reference": rng.choice(references)} for _ in range(6)),
            *({"display": "example-1"}, {"identifier": {"value": "example-1"}}, {}, [], None, own),
            *({"reference": own, "type": "Group"}, {"reference": own, "display": MARK}, [{"reference": own}]),
        )
    )
    if rng.random() < 1 / 6:
        del resource["subject"]


def change_patient(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """The Patient of the call is another one, nobody, or of another form."""
    own = _copy(prefetched(call).get("patient"))
    own = own if isinstance(own, dict) else {"resourceType": "Patient", "id": "example-1"}
    nameless = {name: value for name, value in own.items() if name != "id"}
    ids: tuple[object, ...] = ("example-2", "EXAMPLE-1", "example-1 ", "", None, 1, [])
    prefetched(call)["patient"] = rng.choice(
        (
            *({**own, "id": other} for other in ids),
            *(nameless, None, {}, [], [own], "example-1", {"resource": own}, {"resourceType": "Patient"}),
            *({**own, "resourceType": kind} for kind in ("Person", "patient", "", None, "Bundle")),
            {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": own}]},
            {"resourceType": "Bundle", "entry": [{"resource": {**own, "id": "example-2"}}]},
            {"resourceType": "Bundle", "entry": []},
            {**own, "modifierExtension": [{"url": "urn:x"}]},
            {**own, "deceasedBoolean": True},
            {**own, "link": [{"other": {"reference": "Patient/example-2"}, "type": "replaced-by"}]},
        )
    )


def change_status(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    resource = _one([each for each in resources(call) if "status" in each], rng)
    resource["status"] = rng.choice(STATUSES)


def change_code(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """A near code: another value of the same list, another fact, another side, another system."""
    codings = [holder for holder, name in places(call) if isinstance(holder, dict) and name == "code"]
    coding = _one([each for each in codings if isinstance(each["code"], str) and "system" in each], rng)
    if coding and rng.random() < 1 / 8:
        coding["system"] = rng.choice(NEAR_SYSTEMS)
        return
    alike = [code for system, code in NEAR_CODES if system == coding.get("system")]
    if alike and rng.random() < 3 / 4:
        coding["code"] = rng.choice(alike)
    else:
        coding["system"], coding["code"] = rng.choice(NEAR_CODES)


def add_code(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """One more coding, or one more concept, beside what is there."""
    lists = [holder[name] for holder, name in places(call) if name in ("coding", "conclusionCode")]
    chosen = [each for each in lists if isinstance(each, list)]
    system, code = rng.choice(NEAR_CODES)
    coding = {"system": system, "code": code}
    if chosen:
        target = rng.choice(chosen)
        is_concepts = any(isinstance(each, dict) and "coding" in each for each in target)
        target.append({"coding": [coding]} if is_concepts else coding)


def put_number(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    holder, name = _somewhere(call, rng)
    holder[name] = HUGE


def put_nan(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    holder, name = _scalars(call, rng)
    holder[name] = rng.choice((float("nan"), float("inf"), float("-inf")))


def put_surrogate(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    holder, name = _scalars(call, rng)
    holder[name] = rng.choice(("\ud800", "\udc00x", "x\udfff", f"{holder[name]}\ud83d"))


def nest_deeply(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    holder, name = _somewhere(call, rng)
    holder[name] = DEEP


def add_member(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """A member that nobody asked for: harmless ones, and those that change what a resource means."""
    objects = [holder for holder, _ in places(call) if isinstance(holder, dict)]
    members: tuple[tuple[str, Any], ...] = (
        *(("extra", 1), ("extension", MARK), ("extension", [{"url": "urn:x"}]), ("_status", {"id": "a"}), ("", "")),
        *(("modifierExtension", [{"url": "urn:x"}]), ("implicitRules", "urn:x"), ("contained", [{"a": 1}])),
        *(("dataAbsentReason", {"text": "x"}), ("valueBoolean", True), ("valueString", MARK)),
        *(("effectivePeriod", {"start": "2026-03-01"}), ("focus", [{"reference": "Patient/example-2"}])),
        *(("meta", {"lastUpdated": "2026-03-09T10:00:00Z"}), ("meta", {"versionId": "3"}), ("issued", "2026-03-04")),
    )
    name, value = rng.choice(members)
    target = rng.choice((rng.choice(objects), _one(resources(call), rng))) if objects else {}
    target[name] = _copy(value)


def rename_member(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    holder, name = _somewhere(call, rng)
    if isinstance(holder, dict):
        text = str(name)
        holder[rng.choice((text.upper(), text[:-1], f"_{text}", f"{text} ", text.swapcase()))] = holder.pop(name)


def wrong_key(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """An entry, or a whole answer, under the key of another query."""
    prefetch = prefetched(call)
    full = [each for each in bundles(call) if each["entry"]]
    if len(prefetch) > 1 and (not full or rng.random() < 1 / 3):
        one, other = rng.sample(list(prefetch), 2)
        prefetch[one], prefetch[other] = prefetch[other], prefetch[one]
    elif full:
        source, target = rng.choice(full), rng.choice(bundles(call))
        entry = source["entry"].pop(rng.randrange(len(source["entry"])))
        target["entry"].append(entry)


def operation_outcome(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """The server said so: in the answer, or instead of it."""
    issue = {"severity": rng.choice(("information", "warning", "error", "fatal", "x", None)), "diagnostics": MARK}
    outcome = {"resourceType": "OperationOutcome", "issue": rng.choice(([issue], [], None))}
    found = bundles(call)
    if found and rng.random() < 3 / 4:
        rng.choice(found)["entry"].append({"resource": outcome, "search": {"mode": "outcome"}})
    elif prefetched(call):
        prefetched(call)[rng.choice(list(prefetched(call)))] = outcome


def next_page(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """The answer is not all of it."""
    bundle = _one(bundles(call), rng)
    link = {"relation": rng.choice(("next", "next", "self", "NEXT")), "url": "http://127.0.0.1:9/fhir?page=2"}
    match rng.randrange(4):
        case 0:
            bundle["total"] = rng.choice((99, "3", -1, 2.5))
        case 1:
            bundle["link"] = link
        case 2:
            bundle["link"] = [None, link]
        case _:
            bundle["link"] = [link]


def bare_resource(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """A resource where a Bundle is expected, or a Bundle with an empty or odd entry."""
    prefetch = prefetched(call)
    full = [key for key, value in prefetch.items() if isinstance(value, dict) and value.get("entry")]
    if not full:
        return
    key = rng.choice(full)
    entry = prefetch[key]["entry"]
    first = entry[0] if isinstance(entry, list) else None
    if isinstance(first, dict) and rng.random() < 1 / 2:
        prefetch[key] = first.get("resource")
    elif isinstance(entry, list):
        entry.append(rng.choice((None, {}, [], 3, {"resource": None}, {"resource": {}}, {"fullUrl": MARK})))


def graft(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """An answer, or one entry more, out of another example."""
    prefetch, donor = prefetched(call), prefetched(_copy(rng.choice(others)))
    if not donor:
        return
    key = rng.choice(list(donor))
    own, given = prefetch.get(key), donor[key]
    if isinstance(own, dict) and isinstance(own.get("entry"), list) and isinstance(given, dict) and given.get("entry"):
        entry = rng.choice(given["entry"])
        if rng.random() < 1 / 2:
            entry["resource"]["id"] = f"graft-{rng.randrange(99)}"
        own["entry"].append(entry)
    else:
        prefetch[key] = given


def add_picture(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """Pictures of the leg veins that have no report, or have one."""
    study = {
        "resourceType": "ImagingStudy",
        "id": "pictures",
        "status": rng.choice(("available", "available", "registered", "cancelled")),
        "subject": {"reference": rng.choice(("Patient/example-1", "Patient/example-1", "Patient/example-2"))},
        "started": rng.choice(("2026-03-02", "2026-03-03T09:00:00Z", "2026-03-04", "2026-02-20", "2026-03")),
        "procedureCode": [{"coding": [{"system": LOINC, "code": rng.choice(("39432-0", "30881-7", "39439-5"))}]}],
    }
    prefetched(call)["imaging_studies"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": study}],
    }


def change_envelope(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """The hook, the ids, the clock or the address of the EHR."""
    changes: tuple[tuple[str, Any], ...] = (
        *(("hook", "order-sign"), ("hook", None), ("hookInstance", MARK), ("hookInstance", 5), ("context", None)),
        *(("context", {"patientId": f"Patient/{other}"}) for other in ("example-1", "example-2", MARK)),
        *(("context", {"patientId": "example-1", "encounterId": MARK}), ("context", {"patientId": 1})),
        *(("context", {"patientId": "example-2", "userId": MARK}), ("prefetch", None), ("prefetch", [])),
        *(("fhirServer", MARK), ("fhirServer", "http://127.0.0.1:9/fhir"), ("fhirAuthorization", {"access_token": 1})),
        *(("extension", {"org.dvt-next-step.today": day}) for day in (MARK, "2026-03-04", "2026-03-20", "2027-01-01")),
        *(("extension", None), ("extension", [MARK]), ("extension", {"org.dvt-next-step.today": 3})),
    )
    name, value = rng.choice(changes)
    call[name] = _copy(value)
    if rng.random() < 1 / 6:
        call["fhirServer"] = "http://127.0.0.1:9/fhir"
        call["fhirAuthorization"] = {"access_token": "t", "token_type": rng.choice(("Bearer", MARK))}


def plant_mark(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """Free text where a record has it: names, texts, displays, conclusions, narratives."""
    resource = _one(resources(call), rng)
    codings = [holder for holder, name in places(call) if isinstance(holder, dict) and name == "system"]
    match rng.randrange(5):
        case 0:
            resource["conclusion"] = MARK
        case 1:
            resource["text"] = {"status": "generated", "div": f"<div>{MARK}</div>"}
        case 2:
            resource["note"] = [{"text": MARK}]
        case 3:
            resource["id"] = MARK
        case _:
            _one(codings, rng)["display"] = MARK


def leave(call: Call, rng: random.Random, others: Sequence[Call]) -> None:
    """Nothing: what is done is done to the bytes."""


def cut(body: bytes, rng: random.Random) -> bytes:
    """The beginning of the body."""
    return body[: rng.randrange(len(body))]


def break_encoding(body: bytes, rng: random.Random) -> bytes:
    """One byte is another one."""
    place = rng.randrange(len(body) or 1)
    return body[:place] + bytes([rng.choice((0, 0x80, 0xFF, 0xC0, 0x22, 0x5C, rng.randrange(256)))]) + body[place + 1 :]


MUTATIONS: Final[Mapping[str, Mutation]] = {
    "drop": drop,
    "drop-resource": drop_resource,
    "drop-key": drop_key,
    "drop-member-of-resource": drop_member_of_resource,
    "duplicate": duplicate,
    "re-type": retype,
    "null": put_null,
    "re-date": redate,
    "re-subject": resubject,
    "patient": change_patient,
    "status": change_status,
    "code": change_code,
    "one-more-code": add_code,
    "number": put_number,
    "not-a-number": put_nan,
    "lone-surrogate": put_surrogate,
    "deep": nest_deeply,
    "one-more-member": add_member,
    "rename-member": rename_member,
    "wrong-key": wrong_key,
    "operation-outcome": operation_outcome,
    "next-page": next_page,
    "bare-resource": bare_resource,
    "graft": graft,
    "picture": add_picture,
    "envelope": change_envelope,
    "mark": plant_mark,
    "truncated": leave,
    "broken-encoding": leave,
}
ON_BYTES: Final[Mapping[str, Callable[[bytes, random.Random], bytes]]] = {
    "truncated": cut,
    "broken-encoding": break_encoding,
}
