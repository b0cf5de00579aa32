"""What the service makes of published records: every answer judged, everything recognised counted."""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI

from app.__main__ import load_all
from app.commands.unrecognised import count_unrecognised
from app.settings import Settings
from tests.front_door import SERVICE, calling, make_service
from tests.published.records import Json, PublishedRecord, asked_by, bundles_of, by_patient, contents, resources_of
from tests.published.sources import Source
from tests.robustness.invariants import FINAL_REPORT, LEG_VEIN_ULTRASOUND, NO_THROMBUS, judge

REASSURING: Final = frozenset({"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP"})
SILENT: Final = "no card"
LARGEST_BODY: Final = 100 * 1024 * 1024
PLACE: Final = re.compile(r"\[\d+\]")


@dataclass
class Survey:
    """What one source held and what became of it. Counts only: no id and no text of a record."""

    source: Source
    files: int = 0
    not_json: int = 0
    bundles: int = 0
    patients: int = 0
    resources: Counter[str] = field(default_factory=Counter)
    asked_for: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    advice: Counter[str] = field(default_factory=Counter)
    advice_with_a_scan: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    not_found: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    unrecognised: Counter[tuple[str, str]] = field(default_factory=Counter)
    uncoded: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


async def survey(source: Source) -> Survey:
    """Ask about every Bundle and every patient of a source. What is wrong is in `wrong`, one line each."""
    found = Survey(source)
    app = make_service(settings=Settings(max_body_bytes=LARGEST_BODY))
    for records, bundles in _places(source, found):
        for bundle in bundles:
            found.bundles += 1
            await _evaluate(app, bundle, None, found)
        for record in records:
            found.patients += 1
            await _evaluate(app, record.bundle(), record.today, found, counted=True)
            await _call(app, record, found, found.advice)
            await _call(app, record.with_a_scan(), found, found.advice_with_a_scan)
    _count_codes(found)
    return found


def _places(source: Source, found: Survey) -> Iterator[tuple[list[PublishedRecord], list[Json]]]:
    """Records and Bundles: those of a Bundle's file from the file, those of loose resources from the whole folder."""
    loose: list[Json] = []
    for file in source.files:
        found.files += 1
        bundles: list[Json] = []
        for value in contents(file):
            found.not_json += value is None
            bundles += bundles_of(value)
            resources = list(resources_of(value))
            _count_resources(resources, found)
            if bundles or is_message(value):
                yield by_patient(resources), []
            else:
                loose += resources
        yield [], bundles
    yield by_patient(loose), []


def is_message(value: object) -> bool:
    """A call or an answer of CDS Hooks: its resources belong together."""
    return isinstance(value, dict) and "resourceType" not in value


def _count_resources(resources: Sequence[Json], found: Survey) -> None:
    for each in resources:
        found.resources[each["resourceType"]] += 1
        for query in asked_by(each):
            found.asked_for[query] += 1


# ---- asking --------------------------------------------------------------------------------------


async def _evaluate(app: FastAPI, bundle: Json, today: str | None, found: Survey, *, counted: bool = False) -> None:
    body = {"record": bundle, **({"today": today} if today else {})}
    async with calling(app) as client:
        response = await client.post("/evaluate", content=encoded(body), headers={"content-type": "application/json"})
    said = answer_of(response)
    if isinstance(said, str):
        found.wrong.append(f"/evaluate: {said}")
        return
    if response.status_code != httpx.codes.OK:
        found.answers[f"refused: {said['issue'][0]['details']['coding'][0]['code']}"] += not counted
        found.wrong += ["/evaluate refused a record with one patient"] if counted else []
        return
    found.answers["answered"] += not counted
    found.wrong += wrong_reassurance(said, bundle)
    if counted:
        _count(said, found)


async def _call(app: FastAPI, record: PublishedRecord, found: Survey, advice: Counter[str]) -> None:
    body = encoded(record.call())
    async with calling(app) as client:
        response = await client.post(SERVICE, content=body, headers={"content-type": "application/json"})
    said = answer_of(response)
    if isinstance(said, str):
        found.wrong.append(f"patient-view: {said}")
        return
    verdict = judge(body, response.status_code, response.content, clock=date.fromisoformat(record.today))
    found.wrong += [f"patient-view: {name}" for name in verdict.broken]
    for card in said.get("cards", []):
        advice.update(each["id"] for each in decided(card))
        found.wrong += wrong_reassurance({"recommendations": decided(card)}, record.bundle())
    if not said.get("cards"):
        advice[silence(said, record)] += 1
        if advice is found.advice_with_a_scan and silence(said, record) == SILENT:
            found.wrong.append("patient-view: no card for a living patient with a scan")


def silence(said: Json, record: PublishedRecord) -> str:
    """Why there may be no card."""
    if said.get("resourceType") == "OperationOutcome":
        return f"refused: {said['issue'][0]['details']['coding'][0]['code']}"
    has_died = record.patient.get("deceasedBoolean") is True or "deceasedDateTime" in record.patient
    return "no card: the patient has died" if has_died else SILENT


def decided(card: Json) -> list[Json]:
    made: list[Json] = card["extension"]["org.dvt-next-step.decision"]["recommendations"]
    return made


def encoded(body: Json) -> bytes:
    return json.dumps(body).encode()


def answer_of(response: httpx.Response) -> Json | str:
    """The answer, or what is wrong with it."""
    if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        return f"status {response.status_code}"
    said = response.json()
    if response.status_code != httpx.codes.OK and said.get("resourceType") != "OperationOutcome":
        return f"status {response.status_code} without an OperationOutcome"
    answer: Json = said
    return answer


def wrong_reassurance(said: Json, bundle: Json) -> list[str]:
    """Reassurance needs at least one report, in codes, of a leg-vein ultrasound without thrombus."""
    calm = sorted(REASSURING & {each["id"] for each in said.get("recommendations", [])})
    is_proven = any(proves_negative(each) for each in resources_of(bundle))
    return [] if is_proven else [f"{name} without a negative leg-vein ultrasound" for name in calm]


def proves_negative(resource: Json) -> bool:
    concepts = resource.get("conclusionCode")
    return (
        resource.get("resourceType") == "DiagnosticReport"
        and resource.get("status") in FINAL_REPORT
        and bool(codings(resource.get("code")) & set(LEG_VEIN_ULTRASOUND))
        and any(NO_THROMBUS in codings(each) for each in (concepts if isinstance(concepts, list) else []))
    )


def codings(concept: Any) -> set[tuple[str, str]]:  # noqa: ANN401 -- any JSON
    given = concept.get("coding") if isinstance(concept, dict) else None
    return {(str(each.get("system")), str(each.get("code"))) for each in given or [] if isinstance(each, dict)}


# ---- counting ------------------------------------------------------------------------------------


def _count(said: Json, found: Survey) -> None:
    """Each fact, reason and resource type once for a patient."""
    found.facts.update({PLACE.sub("", each["fact"]) for each in said["found"]})
    found.not_found.update({f"{PLACE.sub('', each['fact'])}: {each['reason']}" for each in said["not_found"]})
    kinds = Counter((each["resource"].split("/")[0], each["reason"]) for each in said["set_aside"])
    found.set_aside.update({f"{kind}: {reason}": count for (kind, reason), count in kinds.items()})


def _count_codes(found: Survey) -> None:
    """The codes that nobody recognises, as the command `unrecognised` counts them: one count for each coded element."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "all.ndjson"
        with lines.open("w", encoding="utf-8") as out:
            for file in found.source.files:
                for value in contents(file):
                    out.writelines(json.dumps(each) + "\n" for each in resources_of(value))
        counts = count_unrecognised(lines, load_all(Settings()).by_id["default"])
    for (system, code, _), count in counts.unknown.items():
        found.unrecognised[system, code] += count
    found.uncoded.update(counts.uncoded)
