"""The days on which a venous stent was looked at: stated, or an ultrasound report that names the iliac vein."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings, Found
from app.fhir.codings import codes_of
from app.fhir.dates import certain_day, read_days, read_period
from app.fhir.record import Record, name_of
from app.fhir.value_sets import ValueSets

FACT: Final = "procedure.surveillance_done"


def surveillance(stated: Findings, record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """`procedure.surveillance_done`, each day once. A study of the leg does not prove that the stent was seen."""
    source = value_sets.sources["stent_surveillance"]
    found: dict[object, Found] = {each.value: each for each in reversed(stated.found)}
    for report in record.reports:
        if report.status not in source.statuses or not value_sets.said_by(source, codes_of(report.code)):
            continue
        period = report.effective_period
        days = read_period(period.start, period.end, zone) if period else read_days(report.effective_date_time, zone)
        day = certain_day(days)
        if day is not None and day <= today:
            element = "effectivePeriod" if period else "effectiveDateTime"
            text = day.isoformat()
            found.setdefault(text, Found(FACT, text, name_of(report), element, text))
    ordered = sorted(found.values(), key=lambda one: str(one.value))
    return Findings(tuple(replace(one, fact=f"{FACT}[{place}]") for place, one in enumerate(ordered)), stated.not_found)
