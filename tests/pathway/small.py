"""A pathway of the smallest kind, written to a folder, whole or with one thing changed."""

from collections.abc import Mapping
from pathlib import Path

from app.clinical.situation import DATES, DOMAINS
from app.clinical.what_if import QUESTIONS
from app.pathway.load import Pathway, load_pathways

FILES: Mapping[str, str] = {
    "pathway.yaml": """\
id: small
title: A small pathway
version: 1.0.0
question: What now?
population: Adults with a study in the last {last_day} days
stages:
  - meaning
  - advice
parameters:
  first_day: {value: 5, unit: day, minimum: 3, maximum: 10, meaning: First day of the window, sources: guide}
  last_day: {value: 7, unit: day, minimum: 3, maximum: 10, meaning: Last day of the window, project_choice: true}
policies:
  limited_policy: {value: strict, values: [strict, lenient], meaning: Is a limited study repeated, sources: guide}
findings:
  concern:
    values: [low, high]
    meaning: How worried one is
""",
    "facts.yaml": """\
facts:
  limited:
    values: ["yes", "no"]
    meaning: The calf was not examined
  pregnant:
    values: ["yes", "no", unknown]
    meaning: Current pregnancy
    if_unknown: Not pregnant
    sources: [guide]
  status:
    values: [resolved, improving, persistent, worsening, new, unknown]
    meaning: Course of the symptoms
    if_unknown: Ask
dates:
  anchor: The day of the study
  repeat_us_date: The day of a booked repeat
questions:
  - fact: symptoms.status
    label: symptoms since the study
    values: {worsening: symptoms are worse}
queries:
  reports:
    resource: DiagnosticReport
    template: DiagnosticReport?patient={{context.patientId}}&_count=5
    why: Reports of the studies
reading:
  studies:
    resource: DiagnosticReport
    queries: [reports]
    facts: [exams.protocol]
    element: code
    proves: Which study was made
    unknown: A code that does not say
    sources: [guide]
""",
    "rules/meaning.yaml": """\
stage: meaning
question: How worried is one?
pick: first
rows:
  - rule: M-WORSE
    because: The leg is worse.
    when: {status: worsening}
    conclude: {concern: high}
    sources: guide
  - rule: M-PREGNANT
    because: Pregnant with a new leg.
    when: {status: new, pregnant: "yes"}
    conclude: {concern: high}
    project_choice: true
""",
    "rules/advice.yaml": """\
stage: advice
question: Is the study repeated?
rows:
  - rule: R-WELL
    because: The leg is well.
    when: {status: resolved}
    advise:
      - {recommend: WAIT, indicator: info, timing: {none: no-dates}}
    stop: true
    sources: guide
  - rule: R-REPEAT
    because: The calf is to be seen on days {first_day}-{last_day}.
    when: {limited: "yes"}
    any:
      - {status: [persistent, worsening]}
      - {fired: M-WORSE}
    unless:
      - {pregnant: "yes", concern: low}
    advise:
      - recommend: REPEAT
        when: {limited_policy: strict}
        indicator:
          - {when: {concern: high}, then: warning}
          - {then: info}
        timing:
          - {when: {status: worsening}, then: {now: today}}
          - {then: {window: [first_day, last_day]}}
    strength: weak
    sources: [guide, rumour]
booked_orders:
  - order: ORDERED
    for_recommendation: REPEAT
    because: It is booked.
    kinds: [window, due]
    booked_on: repeat_us_date
""",
    "recommendations.yaml": """\
recommendations:
  WAIT:
    step: 2
    headline: Nothing to do
    text: Wait for {last_day} days.
  REPEAT:
    step: 1
    headline: Repeat the study
    text: Repeat it as a complete study.
    attributes: {concern: concern}
    orders:
      - {when: {concern: low}, order: duplex}
orders:
  duplex:
    title: complete duplex
    codes:
      - {system: "http://snomed.info/sct", code: "312725000", display: Duplex scan}
return_precautions: Come back at once when the leg gets worse.
scope_note: For clinicians.
""",
    "references.yaml": """\
guide:
  short: Guide 2020
  authors: A et al.
  title: A guideline
  journal: A journal
  verified: true
  seen: primary
rumour:
  short: Rumour 2021
  authors: B et al.
  title: A paper nobody has read
  journal: A journal
  year: 2021
  verified: false
  seen: "no"
""",
    "reviews.yaml": """\
reviews:
  - by: Dr Example
    role: vascular physician
    on: 2026-03-01
    content_hash: "0000000000000000000000000000000000000000000000000000000000000000"
""",
}


def write(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """The pathway under `folder`; an edit is a file, a text that stands in it once, and what stands there instead."""
    home = folder / "small"
    (home / "rules").mkdir(parents=True)
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    for name, old, new in edits:
        change(home / name, old, new)
    return folder


def change(file: Path, old: str, new: str) -> None:
    """Replace a text that stands in the file exactly once."""
    text = file.read_text("utf-8")

    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def load(folder: Path) -> tuple[Pathway, ...]:
    """The pathways of the folder, checked against the facts of the program."""
    return load_pathways(folder, DOMAINS, DATES, QUESTIONS)


def small(folder: Path, *edits: tuple[str, str, str]) -> Pathway:
    """The small pathway, loaded."""
    (pathway,) = load(write(folder, *edits))
    return pathway
