"""What one imaging report says: its parts, each with the codes that are read from it.

A report speaks through its conclusion codes and through the Observations that its `result` names. Those can raise
concern from anywhere; only what speaks for the whole study can say that it was negative (threat model H15, H16).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from app.clinical.reading.local_codes import Own, in_our_codes
from app.clinical.reading.said import FACT, MODIFIED, components_of
from app.clinical.reading.statements import CANCELLED
from app.fhir.answers import Reason
from app.fhir.codings import Code, codes_of
from app.fhir.record import Record, name_of
from app.fhir.resources import DiagnosticReport, Header, Observation, read
from app.fhir.subject import without_version
from app.fhir.value_sets import ValueSets

ReasonsAgainst = Mapping[str, AbstractSet[str]]

# The names of these value sets are declared as well (facts.yaml, source exam_reports): the start fails when the two
# differ. What each means for a study is the code's own knowledge, because the order of the readings matters.
STUDIES: Final = {"us-le-vein-specific": "US", "ctv-specific": "CTV", "mrv-specific": "MRV"}
"""The code alone proves the study; value set -> modality."""

LOOK_ALIKES: Final = "exclude-lookalikes"
UNPROVEN: Final = ("us-le-vessel-confirm-by-text", "us-generic", "venography-unspecific")
IMPRESSION: Final = "report-impression"

# What any part of a report may say about thrombus, whichever segment it is about.
ANYWHERE: Final[dict[str, str]] = {
    "result-possible-thrombus": "equivocal",
    "result-thrombus": "acute_dvt",
    "dvt-iliocaval": "acute_dvt",
    "dvt-iliofemoral": "acute_dvt",
    "dvt-proximal": "acute_dvt",
    "dvt-distal": "acute_dvt",
    "dvt-leg-level-unspecified": "acute_dvt",
    "dvt-site-unspecified": "acute_dvt",
    "dvt-chronic": "chronic_change",
    "svt": "svt_only",
}
# What only the whole study's conclusion may say: "absent" in one segment may be flow, "positive" may be a cyst.
FOR_THE_STUDY: Final[dict[str, str]] = {
    "result-negative": "negative",
    "result-equivocal": "equivocal",
    "result-abnormal": "abnormal",
}
# The most central site leads: a thrombus of several levels reaches the highest.
LOCATIONS: Final[dict[str, str]] = {
    "dvt-iliocaval": "iliocaval",
    "dvt-iliofemoral": "iliofemoral",
    "dvt-proximal": "proximal",
    "dvt-distal": "distal",
}
NEVER_MADE: Final = frozenset({CANCELLED, "entered-in-error"})

SUPERFICIAL_SITE: Final = "superficial-vein-site"
OTHER_FINDING: Final = "other-finding"


@dataclass(frozen=True, slots=True)
class Signal:
    """What one code says: a result of the public vocabulary or "abnormal", and the site, if the code has one."""

    says: str
    location: str | None
    resource: str
    element: str


@dataclass(frozen=True, slots=True)
class Detail:
    """An Observation that the report names. `prefix` is its path inside `resource`, for one that is contained."""

    observation: Observation
    resource: str
    prefix: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """The Observations that a report names and that count.

    `has_unusable`: another one came but may not be used (not final, unreadable, somebody else's). `may_lack`: another
    one did not come, in an answer that is not complete.
    """

    known: tuple[Detail, ...]
    has_unusable: bool
    may_lack: bool


def modality_of(codes: Sequence[Code], value_sets: ValueSets) -> str | None:
    """US, CTV or MRV when the codes prove one of them and nothing contradicts, else None."""
    found = {modality for role, modality in STUDIES.items() if value_sets.has(role, codes)}
    if len(found) != 1 or value_sets.has(LOOK_ALIKES, codes):
        return None
    return found.pop()


def why_no_study(codes: Sequence[Code], value_sets: ValueSets) -> str | None:
    """Why a report that may look like a leg-vein study is not taken for one; None when it does not look like one."""
    if value_sets.has(LOOK_ALIKES, codes):
        return "a look-alike of a leg-vein study"
    if any(value_sets.has(role, codes) for role in STUDIES):
        return "its codes name different kinds of study"
    if any(value_sets.has(role, codes) for role in UNPROVEN):
        return "not proven to be a leg-vein study"
    return None


def details_of(report: DiagnosticReport, record: Record, against: ReasonsAgainst, value_sets: ValueSets) -> Details:
    """The Observations that the report's `result` names, with their components, in an order that depends on content
    only.
    """
    counted, own = value_sets.sources["exam_findings"].statuses, value_sets.own
    known: dict[tuple[str, str], Detail] = {}
    inside = _contained(report, record, own)
    has_unusable = may_lack = False
    for reference in report.result:
        address = reference.reference or ""
        detail = inside.get(address[1:]) if address.startswith("#") else _in_record(address, record, own)
        if detail is None:
            came = address.startswith("#") or bool(_reasons(address, against) - {Reason.IN_ERROR})
            has_unusable = has_unusable or came
            may_lack = may_lack or (not came and _may_be_on_another_page(address, record, against))
        elif detail.observation.status in counted:
            known[detail.resource, detail.prefix] = detail
            for said in components_of(detail.observation, detail.resource, detail.prefix):
                part = Detail(said.observation, said.resource, said.prefix, said.trouble)
                known[part.resource, part.prefix] = part
                has_unusable = has_unusable or said.trouble == MODIFIED
        else:
            has_unusable = has_unusable or detail.observation.status not in NEVER_MADE
    return Details(tuple(known[key] for key in sorted(known)), has_unusable, may_lack)


def reasons_against(record: Record) -> ReasonsAgainst:
    """Why each resource that was set aside was, by its name."""
    against: dict[str, set[str]] = {}
    for aside in record.set_aside:
        against.setdefault(aside.resource, set()).add(aside.reason)
    return against


def signals_of(report: DiagnosticReport, details: Sequence[Detail], value_sets: ValueSets) -> tuple[list[Signal], bool]:
    """Everything the report says in codes about thrombus, and whether a conclusion was not understood."""
    signals: list[Signal] = []
    not_understood = False
    for place, concept in enumerate(report.conclusion_code):
        codes = codes_of(concept)
        said = list(_said(codes, value_sets, {**ANYWHERE, **FOR_THE_STUDY}))
        not_understood = not_understood or not (said or value_sets.has(OTHER_FINDING, codes))
        element = f"conclusionCode[{place}].coding"
        signals += [Signal(says, LOCATIONS.get(role), name_of(report), element) for role, says in said]
    for detail in details:
        signals += _signals_of_detail(detail, value_sets)
    return signals, not_understood


def _signals_of_detail(detail: Detail, value_sets: ValueSets) -> Iterator[Signal]:
    observation = detail.observation
    if observation.data_absent_reason or detail.trouble:
        return
    roles = {**ANYWHERE, **FOR_THE_STUDY} if speaks_for_study(observation, value_sets) else ANYWHERE
    is_superficial = value_sets.has(SUPERFICIAL_SITE, codes_of(observation.body_site))
    for role, says in _said(codes_of(observation.value_codeable_concept), value_sets, roles):
        is_svt = is_superficial and role == "result-thrombus"
        element = f"{detail.prefix}valueCodeableConcept.coding"
        yield Signal("svt_only" if is_svt else says, LOCATIONS.get(role), detail.resource, element)


def speaks_for_study(observation: Observation, value_sets: ValueSets) -> bool:
    """Whether it is an impression, or is coded as the study itself: only then can it say that the whole is negative."""
    codes = codes_of(observation.code)
    return value_sets.has(IMPRESSION, codes) or modality_of(codes, value_sets) is not None


def _said(codes: Sequence[Code], value_sets: ValueSets, roles: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((role, says) for role, says in roles.items() if value_sets.has(role, codes))


def states_fact(observation: Observation) -> str | None:
    """The name of the fact that an Observation states in our own code system, when it is exactly one."""
    names = {code.code for code in codes_of(observation.code) if code.system == FACT}
    return names.pop() if len(names) == 1 else None


def _in_record(address: str, record: Record, own: Own) -> Detail | None:
    found = record.resolve(address)
    return Detail(in_our_codes(found, own), name_of(found)) if isinstance(found, Observation) else None


def _contained(report: DiagnosticReport, record: Record, own: Own) -> dict[str, Detail]:
    """The contained Observations that may be used, by id; none of two that share one."""
    details: dict[str, Detail] = {}
    seen: set[str] = set()
    for place, raw in enumerate(report.contained):
        header = read(raw, Header)
        if header is None or header.id is None:
            continue
        found = read(raw, Observation) if header.resource_type == "Observation" else None
        if header.id in seen:
            details.pop(header.id, None)
        elif found is not None and _may_be_used(found, record):
            details[header.id] = Detail(in_our_codes(found, own), name_of(report), f"contained[{place}].")
        seen.add(header.id)
    return details


def _may_be_used(found: Observation, record: Record) -> bool:
    """A contained Observation is about the report's patient, unless it says otherwise (threat model H2, H19)."""
    is_ours = found.subject is None or record.is_about_patient(found.subject)
    return is_ours and not found.is_modified and not found.focus


def _may_be_on_another_page(address: str, record: Record, against: ReasonsAgainst) -> bool:
    """What a complete answer does not hold is not of the kind that was asked for, and states no fact of ours."""
    return not _reasons(address, against) and not record.is_complete("Observation")


def _reasons(address: str, against: ReasonsAgainst) -> AbstractSet[str]:
    """Why the resource at an address was set aside; nothing when it was not."""
    return against.get("/".join(without_version(address).split("/")[-2:]), frozenset())
