"""Calls whose only result is prose, through the front door: what the words of a report may do, and what they never do.

docs/decisions/0022-report-text.md; threat model H5, H15, H16, D1, P1.
"""

import json
import logging
from base64 import b64encode
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from fastapi import FastAPI

from app.clinical.report_text.policy import ReportTextPolicy
from tests.front_door import SERVICE, about_leg, ask, call, clients, limited_scan, make_service, searchset, stated

Json = dict[str, Any]

OFF, SUGGEST, TRUST = ReportTextPolicy
SNOMED = "http://snomed.info/sct"
NEGATIVE, THROMBUS = "373140001", "373142009"
DAY = "2026-03-02"
REASSURING = {"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP", "AC-INTERIM-REVIEW"}
CONFIRM = "**Read from the report's text: confirm before acting.**"

# Kind of report -> what is said, the lead when no code says how far the study went, and the lead when codes say that it
# was complete and adequate. The patient is well; without words the lead is always DATA-RESULT.
KINDS = {
    "negative": ("No evidence of deep vein thrombosis.", "REPEAT-CDUS", "DATA-RESULT"),
    "negative, calf not seen": (
        "No DVT in the visualized veins. Calf veins not well seen", "REPEAT-CDUS", "REPEAT-CDUS",
    ),
    "negative, whole leg": (
        "No evidence of DVT in the left lower extremity from common femoral through calf veins.",
        "REPEAT-CDUS", "DATA-RESULT",
    ),
    "negative, proximal veins": (
        "Femoral and popliteal veins fully compressible. No DVT. Calf veins not examined per protocol.",
        "REPEAT-CDUS", "REPEAT-CDUS",
    ),
    "limited": ("Limited study. Normal but limited venous duplex.", "REPEAT-CDUS", "REPEAT-CDUS"),
    "thrombus": ("Occlusive thrombus in the left popliteal vein.", "ROUTE-POSITIVE", "ROUTE-POSITIVE"),
    "doubt": ("Possible thrombus in the left femoral vein, cannot be excluded.", "REPEAT-CDUS", "REPEAT-CDUS"),
    "nondiagnostic": ("Nondiagnostic study.", "REPEAT-CDUS", "REPEAT-CDUS"),
    "terminated": ("Exam terminated: patient could not tolerate compression.", "REPEAT-CDUS", "REPEAT-CDUS"),
    "chronic change": (
        "No acute DVT. Chronic post-thrombotic change in left femoral vein.", "REPEAT-CDUS", "DATA-RESULT",
    ),
    "superficial": (
        "Thrombus in the great saphenous vein 2 cm from the saphenofemoral junction. No DVT.",
        "ALT-SVT-MEASURE", "ALT-SVT-MEASURE",
    ),
    "contradiction": ("Negative for DVT. The left popliteal vein is noncompressible.", "DATA-RESULT", "DATA-RESULT"),
    "two legs": ("Right: negative. Left: acute femoral DVT.", "ROUTE-POSITIVE", "ROUTE-POSITIVE"),
    "other leg": ("RIGHT LEG: No DVT.", "DATA-RESULT", "DATA-RESULT"),
    "arm": ("No evidence of DVT in the upper extremity.", "DATA-RESULT", "DATA-RESULT"),
    "arteries": ("Arterial Doppler: no thrombus.", "DATA-RESULT", "DATA-RESULT"),
    "indication only": ("Indication: rule out DVT.", "DATA-RESULT", "DATA-RESULT"),
    "scanned": ("see scanned report", "DATA-RESULT", "DATA-RESULT"),
}  # fmt: skip
ANSWERED = (
    "social_history_observations", "questionnaire_responses", "imaging_studies", "service_requests", "conditions",
    "procedures", "encounters", "medication_requests", "medication_statements", "allergies", "devices",
    "survey_observations", "laboratory_observations",
)  # fmt: skip
EXTENTS = [False, True]
EXTENT_NAMES = ["extent unknown", "complete in codes"]


@cache
def service(policy: ReportTextPolicy = SUGGEST) -> FastAPI:
    """The service, for a client whose file says this of report texts."""
    return make_service(client=replace(clients().default, report_text=policy))


def patient(*, complete: bool = False, course: str = "resolved", code: str | None = None, **report: object) -> Json:
    """Every query answered; one report of the left leg, with these members and perhaps a coded result."""
    prefetch = limited_scan()
    the_report = prefetch["reports"]["entry"][0]["resource"]
    del the_report["conclusionCode"]
    the_report |= report
    if code:
        the_report["conclusionCode"] = [{"coding": [{"system": SNOMED, "code": code}]}]
    extent = [stated("exam.protocol", "complete_duplex", DAY), stated("exam.quality", "adequate", DAY)]
    prefetch["imaging_observations"] = searchset(*(extent if complete else []))
    prefetch["exam_observations"] = searchset(
        stated("symptoms.status", course, "2026-03-11"), stated("symptoms.side", "left", "2026-03-11")
    )
    return {**dict.fromkeys(ANSWERED), **prefetch}


async def card_of(prefetch: Json, policy: ReportTextPolicy = SUGGEST) -> Json:
    response = await ask("POST", SERVICE, app=service(policy), json=call(prefetch))

    assert response.status_code == 200
    (card,) = response.json()["cards"]
    made: Json = card
    return made


def decision(card: Json) -> Json:
    made: Json = card["extension"]["org.dvt-next-step.decision"]
    return made


def ids(card: Json) -> list[str]:
    return [made["id"] for made in decision(card)["recommendations"]]


def result(card: Json) -> str | None:
    found: str | None = decision(card)["facts"]["exams"][0].get("result")
    return found


def attachment(text: str, content_type: str = "text/plain") -> Json:
    return {"contentType": content_type, "data": b64encode(text.encode()).decode()}


# ---- the outcome of the issue --------------------------------------------------------------------


async def test_prose_alone_dates_a_repeat_and_asks_to_confirm() -> None:
    card = await card_of(patient(course="persistent", conclusion=KINDS["negative, calf not seen"][0]))

    assert ids(card)[0] == "REPEAT-CDUS"
    assert card["summary"].endswith("ultrasound of 2 Mar 2026: read as negative, limited")
    assert len(card["summary"]) < 140
    assert (
        "- Read from the report of 2 Mar 2026: `No DVT in the visualized veins. Calf veins not well seen`"
        in card["detail"].splitlines()
    )
    assert CONFIRM in card["detail"]
    assert "read from the report's text" in json.dumps(card["suggestions"])


async def test_the_days_of_the_repeat_are_those_of_a_coded_report() -> None:
    """Five to seven days after the study: on the twelfth they have passed, on the fourth they lie ahead."""
    prefetch = patient(conclusion=KINDS["negative, calf not seen"][0])
    early = {"extension": {"org.dvt-next-step.today": "2026-03-04"}}
    response = await ask("POST", SERVICE, app=service(), json=call(prefetch, **early))
    repeat = decision(response.json()["cards"][0])["recommendations"][0]

    assert repeat["id"] == "REPEAT-CDUS"
    assert repeat["timing"] == {"kind": "window", "earliest": "2026-03-07", "latest": "2026-03-09"}


# ---- the policy matrix ---------------------------------------------------------------------------


@pytest.mark.parametrize("complete", EXTENTS, ids=EXTENT_NAMES)
@pytest.mark.parametrize("policy", ReportTextPolicy)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_of_report_leads_to_its_advice(kind: str, policy: ReportTextPolicy, *, complete: bool) -> None:
    text, uncoded, coded = KINDS[kind]
    card = await card_of(patient(complete=complete, conclusion=text), policy)
    lead = "DATA-RESULT" if policy is OFF else coded if complete else uncoded

    assert ids(card)[0] == lead
    assert not REASSURING & set(ids(card))
    if policy is OFF:
        assert "read_from_text" not in decision(card)
        assert result(card) is None
    if lead == "REPEAT-CDUS":
        assert (CONFIRM in card["detail"]) == (policy is SUGGEST)
    if lead in ("ROUTE-POSITIVE", "ALT-SVT-MEASURE"):
        assert CONFIRM in card["detail"]


@pytest.mark.parametrize("policy", [SUGGEST, TRUST])
async def test_a_complete_study_that_only_words_call_negative_asks_for_confirmation(policy: ReportTextPolicy) -> None:
    card = await card_of(patient(complete=True, conclusion="No evidence of DVT."), policy)

    assert ids(card) == ["DATA-RESULT"]
    assert result(card) is None
    assert "**The report's text reads as negative: confirm the result before acting.**" in card["detail"]
    assert "`No evidence of DVT`" in card["detail"]


async def test_the_same_study_coded_ends_imaging() -> None:
    """Without this the test above would prove nothing."""
    card = await card_of(patient(complete=True, code=NEGATIVE, conclusion="No evidence of DVT."))

    assert "NO-FURTHER-IMAGING" in ids(card)
    assert "confirm" not in card["detail"]


EXCLUDING = (
    stated("wells.score", "0", DAY) | {"valueInteger": 0},
    stated("anticoag", "none", "2026-03-11"),
    stated("setting", "outpatient", "2026-03-11"),
    stated("risk.active_cancer", "false", "2026-03-11"),
    stated("pregnant", "false", "2026-03-11"),
)


def excluded(**members: Any) -> Json:  # noqa: ANN401 -- what `patient` takes
    """A patient whose D-dimer and probability exclude DVT after a negative limited study."""
    prefetch = deepcopy(patient(course="persistent", **members))
    stated_facts = [each | {"id": f"s{place}"} for place, each in enumerate(EXCLUDING)]
    stated_facts[0].pop("valueCodeableConcept")
    for each in stated_facts:
        prefetch["exam_observations"]["entry"].append({"resource": each})
    d_dimer = about_leg(
        resourceType="Observation", id="dd", status="final", effectiveDateTime=DAY,
        code={"coding": [{"system": "http://loinc.org", "code": "48065-7"}]},
        valueQuantity={"value": 200, "unit": "ng/mL", "system": "http://unitsofmeasure.org", "code": "ng/mL"},
    )  # fmt: skip
    assay = stated("ddimer.assay", "high_sensitivity", DAY)
    prefetch["laboratory_observations"] = searchset(d_dimer, assay)
    return prefetch


async def test_words_alone_exclude_nothing() -> None:
    text = KINDS["negative, calf not seen"][0]
    in_codes = await card_of(excluded(code=NEGATIVE, conclusion=text))
    in_words = await card_of(excluded(conclusion=text))

    assert "DVT-EXCLUDED-PTP" in ids(in_codes)
    assert "DVT-EXCLUDED-PTP" not in ids(in_words)
    assert "confirm the result before acting" in in_words["detail"]


# ---- codes and words -----------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [SUGGEST, TRUST])
@pytest.mark.parametrize("complete", EXTENTS, ids=EXTENT_NAMES)
async def test_a_negative_code_under_words_of_thrombus_is_not_negative(
    policy: ReportTextPolicy, *, complete: bool
) -> None:
    card = await card_of(patient(complete=complete, code=NEGATIVE, conclusion=KINDS["thrombus"][0]), policy)

    assert ids(card)[0] == "DATA-RESULT"
    assert result(card) is None
    assert "its codes say negative, its words acute DVT" in card["detail"]
    assert "`Occlusive thrombus in the left popliteal vein`" in card["detail"]


@pytest.mark.parametrize("policy", [SUGGEST, TRUST])
async def test_a_thrombus_code_under_negative_words_stays_a_thrombus(policy: ReportTextPolicy) -> None:
    card = await card_of(patient(code=THROMBUS, conclusion="No evidence of DVT."), policy)

    assert ids(card)[0] == "ROUTE-POSITIVE"
    assert result(card) == "acute_dvt"
    assert "its codes say acute DVT, its words negative" in card["detail"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("course", ["resolved", "persistent", "worsening"])
async def test_words_beside_codes_never_reassure_more_than_the_codes(kind: str, course: str) -> None:
    for complete in EXTENTS:
        prefetch = patient(complete=complete, course=course, code=NEGATIVE, conclusion=KINDS[kind][0])
        codes, words = await card_of(prefetch, OFF), await card_of(prefetch)

        assert REASSURING & set(ids(words)) <= set(ids(codes))


async def test_words_limit_a_study_that_codes_call_complete() -> None:
    """Codes say complete, adequate and negative, words that the calf was not seen: not the end of imaging."""
    card = await card_of(patient(complete=True, code=NEGATIVE, conclusion=KINDS["negative, calf not seen"][0]))

    assert ids(card)[0] == "REPEAT-CDUS"
    assert not REASSURING & set(ids(card))


@pytest.mark.parametrize("status", ["registered", "partial", "preliminary"])
async def test_a_report_that_is_not_final_reads_as_its_codes_would(status: str) -> None:
    negative = await card_of(patient(conclusion="No evidence of DVT.", status=status))
    positive = await card_of(patient(conclusion=KINDS["thrombus"][0], status=status))

    assert ids(negative)[0] == "DATA-RESULT"
    assert ids(positive)[0] == "ROUTE-POSITIVE"


async def test_a_look_alike_is_not_read() -> None:
    """A mapping of the veins by its code: whatever its words say, it is no study of the veins."""
    prefetch = patient(conclusion=KINDS["thrombus"][0])
    prefetch["reports"]["entry"][0]["resource"]["code"] = {
        "coding": [{"system": "http://loinc.org", "code": "42461-4"}]
    }
    response = await ask("POST", SERVICE, app=service(), json=call(prefetch))

    assert response.json() == {"cards": []}


# ---- where the words are -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        attachment(KINDS["thrombus"][0]),
        attachment(f"<html><body><p>{KINDS['thrombus'][0]}</p></body></html>", "text/html"),
        attachment("{\\rtf1\\ansi Occlusive thrombus in the left popliteal vein.\\par}", "application/rtf"),
    ],
    ids=["text", "HTML", "RTF"],
)
async def test_an_attachment_is_read(form: Json) -> None:
    assert ids(await card_of(patient(presentedForm=[form])))[0] == "ROUTE-POSITIVE"


@pytest.mark.parametrize(
    "form",
    [
        {"contentType": "text/plain", "data": "%%% no base64 %%%"},
        {"contentType": "application/pdf", "data": b64encode(b"%PDF-1.7 No DVT.").decode()},
        {"contentType": "image/png", "data": "AAAA"},
        {"contentType": "text/plain", "url": "http://169.254.169.254/latest"},
        {"contentType": "text/plain", "data": "QUJD" * 200_000},
        {"contentType": "text/html", "data": b64encode(b"<script>No DVT.</script>").decode()},
        {"data": 7},
    ],
    ids=["garbage", "PDF", "picture", "address", "huge", "script", "number"],
)
async def test_an_attachment_that_cannot_be_read_changes_nothing(form: Json) -> None:
    """And is never fetched: the EHR of these tests fails when it is asked."""
    card = await card_of(patient(presentedForm=[form]))

    assert ids(card) == ["DATA-RESULT"]


async def test_the_narrative_is_never_read() -> None:
    narrative = {"status": "generated", "div": f"<div>{KINDS['thrombus'][0]}</div>"}

    assert ids(await card_of(patient(text=narrative))) == ["DATA-RESULT"]


async def test_a_finding_in_words_raises_concern_and_never_calms() -> None:
    def with_finding(text: str) -> Json:
        prefetch = patient(result=[{"reference": "Observation/o1"}])
        finding = about_leg(
            resourceType="Observation", id="o1", status="final", effectiveDateTime=DAY, valueString=text,
            code={"coding": [{"system": "http://loinc.org", "code": "39432-0x"}]},
        )  # fmt: skip
        return {**prefetch, "imaging_observations": searchset(finding)}

    assert ids(await card_of(with_finding(KINDS["thrombus"][0])))[0] == "ROUTE-POSITIVE"
    assert ids(await card_of(with_finding("No evidence of DVT."))) == ["DATA-RESULT"]


async def test_the_words_of_the_ten_newest_reports_are_read() -> None:
    prefetch = patient(conclusion="No evidence of DVT.")
    newest = prefetch["reports"]["entry"][0]["resource"]
    older = [newest | {"id": f"old{day}", "effectiveDateTime": f"2026-02-{day + 10}"} for day in range(12)]
    card = await card_of({**prefetch, "reports": searchset(newest, *older)})
    read = {each["resource"] for each in decision(card)["read_from_text"] if each["fact"].endswith(".result")}

    assert read == {"DiagnosticReport/r1", *(f"DiagnosticReport/old{day}" for day in range(3, 12))}


# ---- nothing is kept or logged -------------------------------------------------------------------

MARK = "Zaphod1952"


@pytest.mark.parametrize("kind", KINDS)
async def test_no_word_of_a_report_is_logged(
    kind: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    text = f"{MARK}. {KINDS[kind][0].rstrip('.')} {MARK}."
    prefetch = patient(conclusion=text, presentedForm=[attachment(text), {"contentType": MARK, "data": MARK}])
    for policy in ReportTextPolicy:
        await card_of(prefetch, policy)
    written = capfd.readouterr()

    assert MARK not in caplog.text + written.out + written.err


async def test_a_fault_while_words_are_read_logs_none_of_them(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str, words: object) -> None:
        raise ValueError(text, words)

    monkeypatch.setattr("app.clinical.reading.spoken.read_report", broken)
    caplog.set_level(logging.DEBUG)
    response = await ask("POST", SERVICE, app=service(), json=call(patient(conclusion=MARK)))

    assert response.status_code == 500
    assert MARK not in caplog.text + response.text


async def test_the_answer_of_evaluate_marks_each_fact_that_was_read_from_words() -> None:
    prefetch = patient(conclusion=KINDS["negative, calf not seen"][0])
    entries = [prefetch["patient"], *(each["resource"] for each in prefetch["reports"]["entry"])]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in entries]}
    body = {"record": bundle, "today": "2026-03-12"}
    answer = (await ask("POST", "/evaluate", app=service(), json=body)).json()
    read = {each["fact"]: each for each in answer["read_from_text"]}

    assert read["exams[0].result"]["quote"] == "No DVT in the visualized veins"
    assert read["exams[0].result"]["confirm"]
    assert {each["fact"] for each in answer["found"] if each.get("read_from") == "text"} == set(read)
    assert answer["recommendations"][0]["id"] == "REPEAT-CDUS"
