"""The value sets that ship, and how a wrong one is refused."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from fhir.resources.R4B.valueset import ValueSet

from app.clinical.reading.our_codes import OPPOSITES
from app.errors import AuthorError
from app.fhir.check_digits import has_valid_check_digit
from app.fhir.codings import Code
from app.fhir.value_sets import ICD_10_CM, ValueSets, load_value_sets

PATHWAYS = Path(__file__).parents[2] / "pathways"
FILES = sorted(PATHWAYS.glob("*/valuesets/*.json"))
VALUE_SETS = load_value_sets(PATHWAYS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_value_set_is_valid_fhir(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))

    assert ValueSet.model_validate(content).url == f"urn:dvt-next-step:valueset:{file.stem}"
    assert content["id"] == file.stem


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_terminology_has_its_notice(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    systems = {include["system"] for include in content["compose"]["include"]}

    assert ("http://loinc.org" in systems) == ("Regenstrief" in content.get("copyright", ""))
    assert ("http://snomed.info/sct" in systems) == ("SNOMED International" in content.get("copyright", ""))
    assert not any("cpt" in system.lower() or "ama-assn" in system for system in systems)


def test_every_code_has_its_check_digit() -> None:
    for pairs in VALUE_SETS.roles.values():
        assert all(has_valid_check_digit(*pair) for pair in pairs)


@pytest.mark.parametrize("group", OPPOSITES, ids=lambda group: group[0])
def test_opposite_roles_share_no_code(group: tuple[str, ...]) -> None:
    for one, other in combinations(group, 2):
        assert not VALUE_SETS.roles[one] & VALUE_SETS.roles[other]
        for role, against in ((one, other), (other, one)):
            listed = [Code(*pair, 0) for pair in sorted(VALUE_SETS.roles[against])]
            parents = [Code(ICD_10_CM, parent, 0) for parent in VALUE_SETS.below.get(against, ())]
            assert not any(VALUE_SETS.has(role, [code]) for code in (*listed, *parents))


def test_side_and_limit_are_only_said_of_studies() -> None:
    studies = frozenset().union(
        *(VALUE_SETS.roles[role] for role in ("us-le-vein-specific", "ctv-specific", "mrv-specific"))
    )

    for role in ("exam-side-left", "exam-side-right", "exam-side-bilateral", "us-limited"):
        assert VALUE_SETS.roles[role] <= studies


def test_a_code_matches_exactly_or_not_at_all() -> None:
    # H20
    sets = ValueSets({"role": frozenset({("http://loinc.org", "48065-7")})})

    assert sets.has("role", [Code("urn:x", "1", 0), Code("http://loinc.org", "48065-7", 1)])
    assert sets.find("role", [Code("urn:x", "1", 0), Code("http://loinc.org", "48065-7", 1)]) == Code(
        "http://loinc.org", "48065-7", 1
    )
    for near in (
        ("http://loinc.org/", "48065-7"),
        ("urn:oid:2.16.840.1.113883.6.1", "48065-7"),
        ("http://loinc.org", "48065-7 "),
    ):
        assert not sets.has("role", [Code(*near, 0)])
    with pytest.raises(KeyError):
        sets.has("other", [])


def test_an_icd_10_cm_parent_stands_for_all_below_it() -> None:
    sets = ValueSets({"role": frozenset()}, {"role": ("C50", "S86.11")})

    for code in ("C50", "C50.911", "S86.111A"):
        assert sets.find("role", [Code("urn:x", code, 0), Code(ICD_10_CM, code, 1)]) == Code(ICD_10_CM, code, 1)
    for code in ("C5", "C51.0", "S86.1", "c50.911"):
        assert not sets.has("role", [Code(ICD_10_CM, code, 0)])
    assert not sets.has("role", [Code("http://snomed.info/sct", "C50.911", 0)])


def test_codes_name_the_sources_they_play_a_role_in() -> None:
    assert not VALUE_SETS.named_by("Condition", [])
    assert not VALUE_SETS.named_by("Condition", [Code(ICD_10_CM, "C50.911", 0)])


# What terminology/NOTES.md sections 2 and 6 warn of: codes that look right and are not.
TRAPS = {
    "prior thrombosis": (("dvt-history", "dvt-site-unspecified"), "http://snomed.info/sct", ("161512007", "275546001")),
    "cement embolism": (("dvt-site-unspecified",), ICD_10_CM, ("I26.03", "I26.95")),
    "deep phlebitis": (("svt",), ICD_10_CM, ("I80.10", "I80.209")),
    "arm cellulitis": (("alt-cellulitis",), ICD_10_CM, ("L03.113", "L03.114", "L03.119")),
    "any vein": (("vein-stent", "dvt-proximal"), ICD_10_CM, ("I87.1",)),
    "skin cancer": (("cancer",), ICD_10_CM, ("C44", "C44.41", "Z85.3", "D05.11")),
    "line heparin": (("anticoagulant", "anticoagulant-therapeutic"), "http://www.nlm.nih.gov/research/umls/rxnorm",
                     ("1362060", "1658690")),
    "made to prevent": (("anticoagulant-therapeutic",), "http://www.nlm.nih.gov/research/umls/rxnorm",
                        ("1364435", "1114198", "854235", "2059015", "1361615")),
    "kidney disease": (("acute-kidney-injury", "dialysis-dependence"), ICD_10_CM, ("N18.6", "N18.30")),
    "after birth": (("pregnancy-diagnosis",), ICD_10_CM, ("O10.03", "O24.430", "O90.3", "O85")),
}  # fmt: skip


@pytest.mark.parametrize("trap", sorted(TRAPS))
def test_a_known_trap_is_not_walked_into(trap: str) -> None:
    roles, system, codes = TRAPS[trap]

    for role in roles:
        assert not any(VALUE_SETS.has(role, [Code(system, code, 0)]) for code in codes)


def test_no_code_of_the_unverified_list_is_used() -> None:
    """29280-5 and the others of which only the component was seen; race-specific eGFR is there on purpose."""
    unverified = {"29280-5", "15129-0", "3247-4", "42499-4", "55449-3", "42727-8", "69646", "1927851", "8150"}
    used = {code for pairs in VALUE_SETS.roles.values() for _, code in pairs}

    assert not used & unverified


GOOD = {
    "resourceType": "ValueSet",
    "url": "urn:dvt-next-step:valueset:role",
    "compose": {"include": [{"system": "http://loinc.org", "concept": [{"code": "48065-7", "display": "x"}]}]},
}


def written(folder: Path, text: str, name: str = "role") -> Path:
    file = folder / "a-pathway" / "valuesets" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return folder


def test_a_file_is_a_role(tmp_path: Path) -> None:
    assert load_value_sets(written(tmp_path, json.dumps(GOOD))).roles == {"role": {("http://loinc.org", "48065-7")}}


def including(**members: object) -> str:
    include = {"system": "http://loinc.org", "concept": [{"code": "48065-7"}], **members}
    return json.dumps({**GOOD, "compose": {"include": [include]}}, indent=1)


def parents(system: str, *codes: str) -> str:
    includes = [{"system": system, "filter": [{"property": "concept", "op": "is-a", "value": code}]} for code in codes]
    return json.dumps({**GOOD, "compose": {"include": includes}}, indent=1)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("{\n oops", 2, "Not JSON"),
        (json.dumps({**GOOD, "resourceType": "CodeSystem"}), None, "CodeSystem"),
        (json.dumps({**GOOD, "url": "urn:x"}, indent=1), 3, "urn:dvt-next-step:valueset:role"),
        (json.dumps({**GOOD, "compose": {}}), None, "include"),
        (including(filter=[{"property": "concept"}]), None, "filter"),
        (including(filter=[{"property": "concept", "op": "is-a", "value": "x"}]), None, "either concept or filter"),
        (parents("http://loinc.org", "48065-7"), 12, "only understood for ICD-10-CM"),
        (parents(ICD_10_CM, "C50", "C50"), 22, "listed twice"),
        (including(concept=[]), None, "concept"),
        (including(concept=[{"code": ""}]), None, "code"),
        (including(concept=[{"code": "48065-8"}]), 10, "check digit"),
        (including(concept=[{"code": "48065-7"}, {"code": "48065-7"}]), 13, "twice"),
        (including(system="http://snomed.info/sct"), 10, "check digit"),
        ("[" * 100_000, None, "RecursionError"),
    ],
    ids=[
        "syntax",
        "type",
        "url",
        "compose",
        "filter",
        "both",
        "system-filter",
        "parent-twice",
        "empty",
        "no-code",
        "digit",
        "twice",
        "system",
        "deep",
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, line: int | None, reason: str) -> None:
    with pytest.raises(AuthorError) as refused:
        load_value_sets(written(tmp_path, text))

    assert refused.value.file.endswith("role.json")
    assert refused.value.line == line
    assert reason in refused.value.reason


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "{}")
    (tmp_path / "a-pathway" / "valuesets" / "role.json").write_bytes(b"\xff")

    with pytest.raises(AuthorError, match="UnicodeDecodeError"):
        load_value_sets(tmp_path)


def test_a_role_has_one_file(tmp_path: Path) -> None:
    written(tmp_path, json.dumps(GOOD))
    (tmp_path / "b-pathway" / "valuesets").mkdir(parents=True)
    (tmp_path / "b-pathway" / "valuesets" / "role.json").write_text(json.dumps(GOOD))

    with pytest.raises(AuthorError, match="defined twice"):
        load_value_sets(tmp_path)
