"""A local code is read as what it is mapped to wherever a code is read; its proof names the same element (H20)."""

import copy
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from app.clinical.reading import RecordFacts, facts_from_record
from app.clinical.reading.our_codes import FACTS, OPPOSITES, SAYING_WELL, VALUES, opposites_among
from app.clinical.vocabulary import WELLS_ITEMS
from app.errors import WrongClients
from app.fhir.codings import Code
from app.fhir.record import read_prefetch
from app.fhir.value_sets import ICD_10_CM, ValueSets
from tests.clients.folders import DEFAULT, LOCAL, Dialect, Row, client_of, mapping
from tests.clinical.reading.reader import NEW_YORK, TODAY
from tests.fhir.samples import (
    EXPECTED,
    FACT,
    LOINC,
    NO_THROMBUS,
    PATIENT_ID,
    RXNORM,
    SERVER,
    SNOMED,
    UCUM,
    US_LEG,
    VALUE,
    Json,
    allergy,
    coded,
    condition,
    device,
    encounter,
    fact,
    observation,
    order,
    patient,
    prefetch,
    prescription,
    procedure,
    report,
    study,
    taken,
)
from tests.front_door import value_sets

CLIENT = f"{DEFAULT}code_maps: [codes.json]\n"
THROMBUS = "373142009"


def codes_of(tmp_path: Path, *rows: Row) -> ValueSets:
    """The value sets of a client with this map."""
    return client_of(tmp_path, CLIENT, codes=mapping(*rows)).value_sets


def read(sets: ValueSets, *resources: Json) -> RecordFacts:
    record = read_prefetch(prefetch(*copy.deepcopy(resources)), EXPECTED, PATIENT_ID, SERVER)
    return facts_from_record(record, sets, today=TODAY, zone=NEW_YORK)


def first(role: str) -> tuple[str, str]:
    """A code that plays a role."""
    return min(value_sets().roles[role], default=(ICD_10_CM, value_sets().below.get(role, ("",))[0]))


def in_role(role: str) -> Json:
    return coded(*first(role))


# ------------------------------------------------------------------------------------- wherever a code is read


CODED: dict[str, list[Json]] = {
    "study": [report(), study()],
    "details": [
        report(result=[{"reference": "Observation/exam-protocol"}, {"reference": "#inside"}], contained=[
            {"resourceType": "Observation", "id": "inside", "status": "final", "code": coded(FACT, "exam.quality"),
             "valueCodeableConcept": coded(VALUE, "adequate"),
             "component": [{"code": coded(FACT, "exam.cfv"), "valueCodeableConcept": coded(VALUE, "normal")}]}]),
        fact("exam.protocol", "complete_duplex"),
    ],
    "site": [report(conclusionCode=[], result=[{"reference": "Observation/o1"}]),
             observation(id="o1", code=in_role("report-impression"), bodySite=in_role("superficial-vein-site"),
                         valueCodeableConcept=in_role("result-thrombus"))],
    "look-alike": [report(code=in_role("exclude-lookalikes"))],
    "D-dimer": [observation(id="d", code=in_role("ddimer-feu-mass"),
                            valueQuantity={"value": 400, "system": UCUM, "code": "ng/mL"})],
    "kidneys": [observation(id="k", code=in_role("egfr-ckdepi2021"),
                            valueQuantity={"value": 55, "system": UCUM, "code": "mL/min/{1.73_m2}"}),
                condition(in_role("dialysis-dependence"))],
    "course": [fact("symptoms.status", {"valueCodeableConcept": in_role("course-worse")})],
    "pregnancy": [observation(id="p", code=in_role("pregnancy-status"), valueCodeableConcept=in_role("pregnant"))],
    "diagnoses": [condition(in_role("dvt-history")), condition(in_role("alt-bakers-cyst"), id="c2"),
                  condition(in_role("svt"), id="c3"), condition(in_role("cancer-treatment-encounter"), id="c4")],
    "ICD-10-CM below a parent": [condition(coded(ICD_10_CM, "C50.911")),
                                 procedure(in_role("cancer-treatment"))],
    "operations": [procedure(in_role("major-surgery")), procedure(in_role("vein-stent"), id="p2"),
                   procedure(in_role("delivery"), id="p3")],
    "stay": [encounter("IMP")],
    "drugs": [prescription(in_role("anticoagulant-therapeutic"))],
    "drug inside": [prescription({}, medicationCodeableConcept=None, medicationReference={"reference": "#drug"},
                                 contained=[{"resourceType": "Medication", "id": "drug",
                                             "code": in_role("anticoagulant-therapeutic")}])],
    "drug taken": [taken(in_role("anticoagulant"))],
    "reactions": [allergy(in_role("contrast-iodinated"), reaction=[{"manifestation": [in_role("anaphylaxis")]}])],
    "implant": [device(in_role("mri-implant")), fact("mri", "ok")],
    "order": [order()],
    "panel": [observation(id="wells", code=coded(LOINC, "00000-0"), component=[
        {"code": coded(FACT, f"wells.items.{item}"), "valueCodeableConcept": coded(VALUE, "true")}
        for item in WELLS_ITEMS])],
    "form": [{"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed",
              "questionnaire": "urn:dvt-next-step:questionnaire", "authored": "2026-03-10",
              "subject": {"reference": f"Patient/{PATIENT_ID}"},
              "item": [{"linkId": "suspicion", "answer": [{"valueCoding": coded(VALUE, "high")["coding"][0]}]}]}],
}  # fmt: skip


@pytest.mark.parametrize("case", CODED)
def test_a_record_in_local_codes_reads_as_in_standard_ones(case: str, tmp_path: Path) -> None:
    resources = [patient(), *CODED[case]]
    dialect = Dialect()
    local = [dialect.spoken(each) for each in resources]
    mapped = client_of(tmp_path, CLIENT, codes=dialect.map()).value_sets

    expected = read(value_sets(), *resources)

    assert dialect.local
    assert expected.found or expected.not_found or expected.set_aside
    assert read(mapped, *local) == expected
    assert read(value_sets(), *local) != expected


@pytest.mark.parametrize("name", sorted(FACTS))
def test_every_fact_may_have_a_local_name_and_local_values(name: str, tmp_path: Path) -> None:
    resources = [patient(), *_stating(name)]
    dialect = Dialect()
    local = [dialect.spoken(each) for each in resources]
    mapped = client_of(tmp_path, CLIENT, codes=dialect.map()).value_sets
    expected = read(value_sets(), *resources)

    assert any(each.fact.partition("[")[0] in (name, "exams", *_public(name)) for each in expected.found)
    assert read(mapped, *local) == expected


def _public(name: str) -> tuple[str, ...]:
    return (name.removesuffix(".length_cm"), name)


def _stating(name: str) -> list[Json]:
    """The first form of value in which a fact is understood."""
    forms: list[Any] = [
        True,
        *({"valueCodeableConcept": coded(VALUE, word)} for word in sorted(VALUES - {"true", "false", "unknown"})),
        *({"valueQuantity": {"value": 3, "system": UCUM, "code": unit}} for unit in ("d", "h", "cm", "1")),
        {"valueQuantity": {"value": 55, "system": UCUM, "code": "mL/min/{1.73_m2}"}},
        {"valueDateTime": "2026-01-05"},
    ]
    beside: list[Json] = []
    if name.startswith("exam."):
        concluded = [coded(SNOMED, THROMBUS)] if name == "exam.location" else []
        named = [{"reference": f"Observation/{fact(name)['id']}"}]
        beside = [report(code=coded(LOINC, US_LEG), conclusionCode=concluded, result=named)]
    if name == "ddimer.assay":
        quantity = {"value": 400, "system": UCUM, "code": "ng/mL"}
        beside = [observation(id="d", code=in_role("ddimer-feu-mass"), valueQuantity=quantity)]
    silent = len(read(value_sets(), patient(), *beside).found)
    for form in forms:
        stated = [*beside, fact(name, form)]
        if len(read(value_sets(), patient(), *stated).found) > silent:
            return stated
    raise AssertionError(f"{name} is never read")


@pytest.mark.parametrize("role", sorted(value_sets().roles))
def test_a_local_code_plays_every_role_of_its_target(role: str, tmp_path: Path) -> None:
    target = first(role)
    mapped = codes_of(tmp_path, ("X", *target, "equivalent"))

    assert mapped.has(role, [Code(LOCAL, "X", 0)])
    assert mapped.roles_of(LOCAL, "X") == value_sets().roles_of(*target)
    assert not mapped.has(role, [Code(LOCAL, "Y", 0), Code("https://another.example", "X", 1)])
    assert {name: codes - {(LOCAL, "X")} for name, codes in mapped.roles.items()} == value_sets().roles


# ------------------------------------------------------------------------------------------- how exact it has to be


@pytest.mark.parametrize("equivalence", ["equal", "equivalent", "wider", "subsumes"])
def test_a_code_is_recognised_when_it_always_is_its_target(equivalence: str, tmp_path: Path) -> None:
    """R4: in `wider` and `subsumes` the target is the broader of the two."""
    assert codes_of(tmp_path, ("X", LOINC, "39432-0", equivalence)).has("us-le-vein-specific", [Code(LOCAL, "X", 0)])


@pytest.mark.parametrize("equivalence", ["unmatched", "disjoint"])
def test_what_says_that_there_is_no_mapping_recognises_nothing(equivalence: str, tmp_path: Path) -> None:
    sets = codes_of(tmp_path, ("X", LOINC, "39432-0", equivalence), ("Y", LOINC, "39432-0", "equal"))

    assert not sets.roles_of(LOCAL, "X")
    assert sets.roles_of(LOCAL, "Y")


def faults(tmp_path: Path, *rows: Row, source: str = LOCAL) -> list[str]:
    with pytest.raises(WrongClients) as wrong:
        client_of(tmp_path, CLIENT, codes=mapping(*rows, source=source))
    return [str(each).partition(": ")[2] for each in wrong.value.exceptions]


@pytest.mark.parametrize("equivalence", ["narrower", "specializes", "inexact", "relatedto"])
def test_a_target_that_may_say_more_is_refused(equivalence: str, tmp_path: Path) -> None:
    (told,) = faults(tmp_path, ("X", LOINC, "39432-0", equivalence))

    assert told.startswith(f"{equivalence}: ")
    assert told.endswith("only equal, equivalent, wider and subsumes recognise a code")


@pytest.mark.parametrize("role", sorted(SAYING_WELL))
@pytest.mark.parametrize("equivalence", ["wider", "subsumes"])
def test_what_reassures_is_never_read_from_a_code_that_says_less(role: str, equivalence: str, tmp_path: Path) -> None:
    """No thrombus in the thigh is not no thrombus."""
    assert faults(tmp_path, ("X", *first(role), equivalence)) == [
        f"{equivalence}: what says less than {role} must not be read as it: equivalent, or no mapping"
    ]


@pytest.mark.parametrize(("system", "code"), [(FACT, "wells.items.active_cancer"), (VALUE, "true")])
@pytest.mark.parametrize("equivalence", ["wider", "subsumes"])
def test_our_own_codes_are_never_approximated(system: str, code: str, equivalence: str, tmp_path: Path) -> None:
    """A no to a narrower question is no answer to the whole of it."""
    assert faults(tmp_path, ("X", system, code, equivalence)) == [
        f"a code of ours means one thing: equivalent, not {equivalence}"
    ]


# ------------------------------------------------------------------------------------------------- check digits


@pytest.mark.parametrize(
    ("system", "code", "wrong"),
    [(SNOMED, NO_THROMBUS, "373140002"), (SNOMED, NO_THROMBUS, "373410001"), (LOINC, "39432-0", "39423-0")],
)
def test_a_typing_error_in_a_code_is_told_on_both_sides(system: str, code: str, wrong: str, tmp_path: Path) -> None:
    told = f"{wrong} is no {system} code: its check digit is wrong"

    assert faults(tmp_path, ("X", system, wrong, "equal")) == [told]
    assert faults(tmp_path, (wrong, system, code, "equal"), source=system) == [told]


# --------------------------------------------------------------------------------------- one code, one meaning


PAIRS = sorted({pair for group in OPPOSITES for pair in combinations(group, 2)})


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{one} {other}" for one, other in PAIRS])
def test_a_code_never_gets_opposite_roles(one: str, other: str, tmp_path: Path) -> None:
    told = faults(tmp_path, ("X", *first(one), "equivalent"), ("X", *first(other), "equivalent"))

    assert [each for each in told if each.startswith("X is mapped to opposites: ")]


def test_the_roles_of_one_target_are_never_opposites() -> None:
    """Otherwise no code could be mapped to it."""
    pairs = frozenset().union(*value_sets().roles.values())

    assert not [pair for pair in pairs if opposites_among(value_sets().roles_of(*pair))]


def test_every_role_that_is_named_exists() -> None:
    assert {role for group in OPPOSITES for role in group} | SAYING_WELL <= value_sets().roles.keys()


def test_a_code_may_have_several_targets_that_go_together(tmp_path: Path) -> None:
    sets = codes_of(tmp_path, ("X", LOINC, "39432-0", "equal"), ("X", *first("us-limited"), "wider"))

    assert {"us-le-vein-specific", "us-limited", "exam-side-left"} <= sets.roles_of(LOCAL, "X")


@pytest.mark.parametrize(
    "rows",
    [
        (("X", FACT, "exam.result", "equal"), ("X", FACT, "exam.quality", "equal")),
        (("X", VALUE, "true", "equal"), ("X", VALUE, "false", "equal")),
        (("X", VALUE, "negative", "equal"), ("X", SNOMED, NO_THROMBUS, "equal")),
        (("X", FACT, "pregnant", "equal"), ("X", VALUE, "true", "equal")),
    ],
    ids=["two facts", "two values", "a value and a finding", "a fact and a value"],
)
def test_a_code_that_means_one_of_ours_means_nothing_else(rows: tuple[Row, ...], tmp_path: Path) -> None:
    (told,) = faults(tmp_path, *rows)

    assert told.startswith("X is mapped to ")
    assert told.endswith("a code that is mapped to one of ours means nothing else")


@pytest.mark.parametrize(
    ("code", "target", "allowed"),
    [
        ((SNOMED, NO_THROMBUS), (SNOMED, THROMBUS), False),
        ((SNOMED, THROMBUS), (SNOMED, NO_THROMBUS), False),
        ((LOINC, "39432-0"), (FACT, "exam.result"), False),
        ((ICD_10_CM, "C50.911"), first("dvt-history"), False),
        ((SNOMED, NO_THROMBUS), (SNOMED, NO_THROMBUS), True),
        ((LOINC, "2160-0"), (LOINC, "39432-0"), True),
        ((RXNORM, "1"), first("anticoagulant"), True),
    ],
)
def test_a_standard_code_keeps_its_meaning(
    code: tuple[str, str], target: tuple[str, str], *, allowed: bool, tmp_path: Path
) -> None:
    row = (code[1], *target, "equivalent")
    if allowed:
        sets = client_of(tmp_path, CLIENT, codes=mapping(row, source=code[0])).value_sets
        assert sets.roles_of(*code) == value_sets().roles_of(*target)
    else:
        (told,) = faults(tmp_path, row, source=code[0])
        assert "is a standard code that is read as" in told


@pytest.mark.parametrize("system", [FACT, VALUE])
def test_our_own_codes_are_not_given_another_meaning(system: str, tmp_path: Path) -> None:
    assert faults(tmp_path, ("true", VALUE, "false", "equal"), source=system) == [
        "true is a code of ours: it means what it means; map local codes to it"
    ]
