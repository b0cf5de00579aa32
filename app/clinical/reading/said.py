"""Everything a record states, one saying each: an Observation, a component of one, or an answer in our form.

A component and an answer are put into the shape of an Observation, so that one reader reads all three. Read in one
pass: what no value set and no fact of ours names is passed over once and for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from app.clinical.reading.local_codes import in_our_codes
from app.fhir.codings import Code, codes_of
from app.fhir.record import Record, name_of
from app.fhir.resources import (
    CodeableConcept,
    Component,
    GivenAnswer,
    GivenItem,
    Observation,
    Quantity,
    QuestionnaireResponse,
)
from app.fhir.sources import Source
from app.fhir.value_sets import ValueSets

FACT: Final = "urn:dvt-next-step:fact"

QUESTIONNAIRE: Final = "urn:dvt-next-step:questionnaire"
"""Our own form. A version may follow after a bar, as in every FHIR canonical."""

MODIFIED: Final = "carries a modifier extension that we do not know"
SEVERAL_ANSWERS: Final = "several answers to one question"
DEEPEST: Final = 20
"""Levels of questions inside questions; our form has two."""

LISTED: Final = frozenset({"alt.confirmed", "procedure.surveillance_done"})
"""The facts that a form may answer more than once."""


@dataclass(frozen=True, slots=True)
class Said:
    """One saying. `prefix` is its path inside `resource`; `codes` what it is about; `trouble` why it cannot be used."""

    observation: Observation
    codes: tuple[Code, ...]
    resource: str
    prefix: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Sayings:
    """The sayings of a record: by the fact they state in our own code system, and those coded in another."""

    by_fact: Mapping[str, tuple[Said, ...]]
    coded: tuple[Said, ...]

    def of(self, fact: str) -> tuple[Said, ...]:
        """What states this fact."""
        return self.by_fact.get(fact, ())

    def with_role(self, value_sets: ValueSets, *roles: str) -> tuple[Said, ...]:
        """What is coded with one of these value sets, in the order of the record."""
        return tuple(said for said in self.coded if any(value_sets.has(role, said.codes) for role in roles))


def sayings_of(record: Record, value_sets: ValueSets) -> Sayings:
    """Everything the record states that we can know. One that names several facts of ours states none of them."""
    by_fact: dict[str, list[Said]] = {}
    coded: list[Said] = []
    for said in _all(record, value_sets):
        facts = {code.code for code in said.codes if code.system == FACT}
        if len(facts) == 1:
            by_fact.setdefault(facts.pop(), []).append(said)
        if any(code.system != FACT for code in said.codes):
            coded.append(said)
    return Sayings({fact: tuple(said) for fact, said in by_fact.items()}, tuple(coded))


@cache
def _known_codes(value_sets: ValueSets) -> frozenset[tuple[str, str]]:
    """Every code that an Observation may be recognised by. Counted once: value sets never change."""
    return frozenset(value_sets.own).union(*value_sets.roles.values())


def _all(record: Record, value_sets: ValueSets) -> Iterator[Said]:
    form, own, known = value_sets.sources["form"], value_sets.own, _known_codes(value_sets)
    for sent in record.observations:
        is_known = _is_known(sent.code, known)
        if not is_known and not sent.component:
            continue
        observation = in_our_codes(sent, own)
        if is_known:
            yield Said(observation, codes_of(observation.code), name_of(observation))
        if observation.component:
            parts = components_of(observation, name_of(observation))
            yield from (said for said in parts if _is_known(said.observation.code, known))
    for response in record.questionnaire_responses:
        if (response.questionnaire or "").partition("|")[0] == QUESTIONNAIRE:
            for said in _answers(response, response.item, form, ""):
                yield replace(said, observation=in_our_codes(said.observation, own))


def _is_known(concept: CodeableConcept | None, known: frozenset[tuple[str, str]]) -> bool:
    """Whether a fact of ours or a code of a value set names it. Most of a record is not: vital signs, other tests."""
    return concept is not None and any(
        coding.system == FACT or (coding.system, coding.code) in known for coding in concept.coding
    )


def components_of(observation: Observation, resource: str, prefix: str = "") -> Iterator[Said]:
    """The components of a panel, each as an Observation of the panel's subject, status and day."""
    for place, component in enumerate(observation.component):
        trouble = MODIFIED if component.modifier_extension else ""
        where = f"{prefix}component[{place}]."
        yield Said(_as_observation(component, observation), codes_of(component.code), resource, where, trouble)


def _as_observation(component: Component, panel: Observation) -> Observation:
    return Observation(
        id=panel.id,
        status=panel.status,
        code=component.code,
        subject=panel.subject,
        effective_date_time=panel.effective_date_time,
        effective_instant=panel.effective_instant,
        effective_period=panel.effective_period,
        effective_timing=panel.effective_timing,
        body_site=panel.body_site,
        data_absent_reason=component.data_absent_reason,
        value_quantity=component.value_quantity,
        value_codeable_concept=component.value_codeable_concept,
        value_boolean=component.value_boolean,
        value_integer=component.value_integer,
        value_date_time=component.value_date_time,
        value_string=component.value_string,
        value_range=component.value_range,
        value_ratio=component.value_ratio,
        value_sampled_data=component.value_sampled_data,
        value_time=component.value_time,
        value_period=component.value_period,
        boolean_extension=component.boolean_extension,
        integer_extension=component.integer_extension,
        date_time_extension=component.date_time_extension,
    )


def _answers(
    response: QuestionnaireResponse, items: Iterable[GivenItem], form: Source, prefix: str, trouble: str = ""
) -> Iterator[Said]:
    """The answers to questions that are named as facts. What a group or a question holds is read as well."""
    if prefix.count(".") > DEEPEST:
        return
    status = "final" if response.status in form.statuses else response.status
    for place, item in enumerate(items):
        where = f"{prefix}item[{place}]."
        wrong = trouble or (MODIFIED if item.modifier_extension else "")
        several = SEVERAL_ANSWERS if len(item.answer) > 1 and item.link_id not in LISTED else ""
        yield from _answers(response, item.item, form, where, wrong)
        for number, answer in enumerate(item.answer):
            element = f"{where}answer[{number}]."
            yield from _answers(response, answer.item, form, element, wrong)
            if item.link_id in form.facts:
                codes = (Code(FACT, item.link_id or "", 0),)
                observation = _as_stated(answer, response, status)
                yield Said(observation, codes, name_of(response), element, wrong or several)


def _as_stated(answer: GivenAnswer, response: QuestionnaireResponse, status: str | None) -> Observation:
    coded = CodeableConcept(coding=(answer.value_coding,)) if answer.value_coding else None
    quantity: Quantity | None = answer.value_quantity
    return Observation(
        id=response.id,
        status=status,
        effective_date_time=response.authored,
        value_boolean=answer.value_boolean,
        value_integer=answer.value_integer,
        value_date_time=answer.value_date_time or answer.value_date,
        value_codeable_concept=coded,
        value_quantity=quantity,
        value_string=answer.value_string if answer.value_decimal is None else answer.value_decimal,
        boolean_extension=answer.boolean_extension,
        integer_extension=answer.integer_extension,
    )
