"""`unrecognised`: the codes that nothing knows, counted; never a patient's data."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.commands.unrecognised import inert
from tests.clients.folders import DEFAULT, LOCAL, Dialect, folder_of
from tests.fhir.samples import (
    LOINC,
    SNOMED,
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
    prescription,
    procedure,
    report,
    study,
)
from tests.test_commands import run

NAME = "Zaphod Beeblebrox"


def local(code: str) -> Json:
    return {"coding": [{"system": LOCAL, "code": code, "display": NAME}], "text": NAME}


def answer(code: str) -> Json:
    return {"valueCoding": local(code)["coding"][0]}


RECORD: list[Json] = [
    patient(name=[{"text": NAME}]),
    report(
        code=local("US-LEG"),
        conclusionCode=[local("NEG"), local("NEG")],
        contained=[
            {"resourceType": "Observation", "id": "o", "code": local("PROTOCOL"), "valueCodeableConcept": local("FULL")}
        ],
    ),
    report(id="r2", result=[{"reference": "Observation/detail/_history/2"}], conclusionCode=[]),
    observation(id="detail", code=local("FINDING"), valueCodeableConcept=local("CLOT")),
    observation(id="smoking", code=local("SMOKER"), valueCodeableConcept=local("YES")),
    fact("symptoms.status", {"valueCodeableConcept": local("BETTER")}),
    fact("symptoms.typo", {"valueBoolean": True}),
    observation(id="panel", code=local("WELLS"), component=[{"code": local("CANCER"), "valueBoolean": True}]),
    condition(local("D1")),
    condition({"coding": [{"system": SNOMED, "code": "128053003"}, {"system": LOCAL, "code": "DVT"}]}, id="c2"),
    condition({"text": NAME}, id="c3"),
    condition({"coding": [{"code": "no-system"}]}, id="c4"),
    study(procedureCode=[local("US-LEG")]),
    order(code=local("CTV")),
    procedure(local("STENT")),
    encounter("NEW"),
    prescription(local("HEPARIN")),
    prescription(
        {},
        id="m2",
        medicationCodeableConcept=None,
        contained=[{"resourceType": "Medication", "id": "d", "code": local("DRUG")}, {"resourceType": "Practitioner"}],
    ),
    allergy(local("CONTRAST"), reaction=[{"substance": local("IOD"), "manifestation": [local("RASH")]}]),
    device(local("PACEMAKER")),
    {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "urn:dvt-next-step:questionnaire|1",
        "item": [
            {
                "linkId": "group",
                "item": [{"linkId": "suspicion", "answer": [{"valueCoding": local("S")["coding"][0]}]}],
            },
            {"linkId": "other", "answer": [{"valueCoding": local("O")["coding"][0]}]},
        ],
    },
    {"resourceType": "Location", "id": "l1"},
    {"resourceType": "Condition", "code": "not a concept"},
]

EXPECTED = {
    ("DiagnosticReport.code", "US-LEG"): 1,
    ("DiagnosticReport.conclusionCode", "NEG"): 2,
    ("DiagnosticReport.contained.Observation.code", "PROTOCOL"): 1,
    ("DiagnosticReport.contained.Observation.valueCodeableConcept", "FULL"): 1,
    ("Observation.code", "FINDING"): 1,
    ("Observation.valueCodeableConcept", "CLOT"): 1,
    ("Observation.code", "SMOKER"): 1,
    ("Observation.valueCodeableConcept", "BETTER"): 1,
    ("Observation.code", "symptoms.typo"): 1,
    ("Observation.code", "WELLS"): 1,
    ("Observation.component.code", "CANCER"): 1,
    ("Condition.code", "D1"): 1,
    ("Condition.code", "no-system"): 1,
    ("ImagingStudy.procedureCode", "US-LEG"): 1,
    ("ServiceRequest.code", "CTV"): 1,
    ("Procedure.code", "STENT"): 1,
    ("Encounter.class", "NEW"): 1,
    ("MedicationRequest.medicationCodeableConcept", "HEPARIN"): 1,
    ("MedicationRequest.contained.Medication.code", "DRUG"): 1,
    ("AllergyIntolerance.code", "CONTRAST"): 1,
    ("AllergyIntolerance.reaction.substance", "IOD"): 1,
    ("AllergyIntolerance.reaction.manifestation", "RASH"): 1,
    ("Device.type", "PACEMAKER"): 1,
    ("QuestionnaireResponse.item.answer.valueCoding", "S"): 1,
}
"""Not the value of SMOKER: nothing reads it. Not DVT: the same concept has a code that is known."""


def bundle(*resources: Json) -> str:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]})


def lines(*resources: Json) -> str:
    return "\n".join(map(json.dumps, resources)) + "\n\n"


def found(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def counted(said: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(each["element"], each["code"]): each["count"] for each in said["unrecognised"]}


@pytest.fixture(params=["Bundle", "NDJSON", "folder", "one resource each"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same record in each form."""
    match request.param:
        case "Bundle":
            (tmp_path / "record.json").write_text(bundle(*RECORD))
            return tmp_path / "record.json"
        case "NDJSON":
            (tmp_path / "record.ndjson").write_text(lines(*RECORD))
            return tmp_path / "record.ndjson"
        case "folder":
            (tmp_path / "deep").mkdir()
            (tmp_path / "deep" / "one.json").write_text(bundle(*RECORD[:4]))
            (tmp_path / "two.ndjson").write_text(lines(*RECORD[4:]))
            (tmp_path / "notes.txt").write_text("x")
            return tmp_path
        case _:
            for place, each in enumerate(RECORD):
                (tmp_path / f"{place}.json").write_text(json.dumps(each))
            return tmp_path


def test_what_nothing_recognises_is_counted_where_the_reading_looks(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("unrecognised", str(source), "--json") == 0

    said = found(capsys)
    assert counted(said) == EXPECTED
    assert said["uncoded"] == {"Condition.code": 1}
    assert (said["resources"], said["unreadable"], said["client"]) == (len(RECORD), 1, "default")
    assert NAME not in json.dumps(said)


def test_the_most_frequent_comes_first_and_nothing_of_the_patient_is_shown(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("unrecognised", str(source)) == 0

    text = capsys.readouterr().out
    assert text.splitlines()[0] == f"{len(RECORD)} resources read with the codes of client default; 1 cannot be read"
    assert text.splitlines()[3].split() == ["2", f"{LOCAL}|NEG", "DiagnosticReport.conclusionCode"]
    assert "1  (no system)|no-system" in text
    assert text.splitlines()[-2:] == ["Without any code", "  1  Condition.code"]
    assert not [part for part in (NAME, "p1", "2026", "r1") if part in text.replace(LOCAL, "")]


def test_a_clients_map_makes_them_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dialect = Dialect()
    standard = [report(), fact("symptoms.status", "persistent"), condition(coded(SNOMED, "128053003"))]
    (tmp_path / "record.json").write_text(bundle(*map(dialect.spoken, standard)))
    folder = folder_of(tmp_path, f"{DEFAULT}", codes="")
    (folder / "codes.json").write_text(json.dumps(dialect.map()))
    (folder / "hospital.yaml").write_text(DEFAULT.replace("default", "hospital") + "code_maps: [codes.json]\n")
    monkeypatch.setenv("DVT_CLIENTS_DIR", str(folder))

    assert run("unrecognised", str(tmp_path / "record.json"), "--json") == 0
    assert len(counted(found(capsys))) == len(dialect.local) - 1  # the value of what is not known is not looked at
    assert run("unrecognised", str(tmp_path / "record.json"), "--client", "hospital", "--json") == 0
    assert counted(found(capsys)) == {}
    assert run("unrecognised", str(tmp_path / "record.json"), "--client", "hospital") == 0
    assert capsys.readouterr().out == "3 resources read with the codes of client hospital; 0 cannot be read\n"


def test_a_code_that_is_text_is_cleaned_and_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = "\x1b[31mred\u202e\u200b " + "x" * 200
    (tmp_path / "record.json").write_text(bundle(condition({"coding": [{"system": f"urn:{code}", "code": code}]})))

    assert run("unrecognised", str(tmp_path / "record.json")) == 0

    text = capsys.readouterr().out
    assert "?[31mred?? xxx" in text
    assert "\x1b" not in text
    assert "x" * 120 not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain-1.2", "plain-1.2"), ("a b", "a b"), ("a\u00a0b\n\tc", "a?b??c"), ("12345678901", "1234567890...")],
)
def test_inert(text: str, shown: str) -> None:
    assert inert(text, 10) == shown


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("record.json", "", 1),
        ("record.json", "[1, 2]", 1),
        ("record.json", '{"resourceType": "Bundle", "entry": 1}', 0),
        ("record.json", '{"resourceType": "Bundle", "entry": [1, {}, {"resource": 7}]}', 1),
        ("record.ndjson", "not JSON\n{}\n", 2),
        ("record.json", json.dumps({"resourceType": "Bundle", "entry": [{"resource": json.loads(bundle())}]}), 1),
    ],
)
def test_what_is_no_record_does_no_harm(
    name: str, text: str, read: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text)

    assert run("unrecognised", str(tmp_path / name), "--json") == 0

    said = found(capsys)
    assert (said["resources"], said["unrecognised"]) == (read, [])


def test_what_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "record.json").write_text(bundle(condition(coded(LOINC, "1"))))

    assert run("unrecognised", str(tmp_path / "nowhere.json")) == 1
    assert run("unrecognised", str(tmp_path / "empty")) == 1
    assert run("unrecognised", str(tmp_path / "record.json"), "--client", "other") == 1
    assert capsys.readouterr().err.splitlines() == [
        "nowhere.json: there is no such file or folder",
        "empty: the folder holds no .json, .ndjson or .jsonl file",
        "--client: there is no such client; there are default",
    ]


def test_a_file_of_somebody_else_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "record.json").write_text(bundle())

    read = Path.read_bytes

    def refuse(file: Path) -> bytes:
        if file.name == "record.json":
            raise PermissionError
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert run("unrecognised", str(tmp_path / "record.json")) == 1
    assert capsys.readouterr().err == "record.json: the file cannot be read\n"
