"""A client's local codes for our own: an Observation as if its sender had used `urn:dvt-next-step:fact` and `:value`.

Local codes for standard ones need nothing here: they play the roles of their targets in the client's value sets. The
codes are put in place of each other one by one, so that a coding keeps its number and a proof still names it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from app.fhir.resources import CodeableConcept, Coding, Component, Observation

Own = Mapping[tuple[str, str], tuple[str, str]]
"""(system, code) as sent -> (system, code) of ours."""


def in_our_codes(observation: Observation, own: Own) -> Observation:
    """The Observation and its components with what they are about and their coded values in our codes."""
    if not own:
        return observation
    changed: dict[str, object] = {**_changed(observation, own)}
    components = tuple(_component(each, own) for each in observation.component)
    if components != observation.component:
        changed["component"] = components
    return msgspec.structs.replace(observation, **changed) if changed else observation


def _component(component: Component, own: Own) -> Component:
    changed = _changed(component, own)
    return msgspec.structs.replace(component, **changed) if changed else component


def _changed(said: Observation | Component, own: Own) -> dict[str, CodeableConcept]:
    concepts = {"code": said.code, "value_codeable_concept": said.value_codeable_concept}
    return {
        name: msgspec.structs.replace(concept, coding=tuple(_coding(each, own) for each in concept.coding))
        for name, concept in concepts.items()
        if concept is not None and any((each.system, each.code) in own for each in concept.coding)
    }


def _coding(coding: Coding, own: Own) -> Coding:
    system, code = own.get((coding.system or "", coding.code or ""), (coding.system, coding.code))
    return Coding(system, code)
