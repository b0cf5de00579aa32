"""An evaluation as JSON-like data: what POST /evaluate answers and what rides in a card's extension.

What is not known is left out. A list of the first level may be empty: that tells a person at /evaluate that there is
nothing of the kind. A card leaves it out, too (conformance GEN-02).
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from app.cards.report_words import inert, read_from_text_json
from app.clinical.evaluate import Evaluation
from app.clinical.reading import Found, ReadFrom, RecordFacts
from app.clinical.vocabulary import UNKNOWN, Answer, Facts
from app.pathway.decide import Recommendation, Step
from app.pathway.load import Pathway
from app.pathway.timing import Timing


def evaluation_json(evaluation: Evaluation) -> dict[str, object]:
    """Every recommendation, the leading one first, with trace, facts and pathways."""
    return {
        "recommendations": [recommendation_json(made) for made in evaluation.recommendations],
        "trace": [_step(item.pathway.id, step) for item in evaluation.decisions for step in item.decision.trace],
        "facts": facts_json(evaluation.facts),
        "pathways": [pathway_json(pathway) for pathway in evaluation.pathways],
    }


def recommendation_json(made: Recommendation) -> dict[str, object]:
    """One recommendation: id, indicator, rules, timing, and modality, bleeding, already_ordered where they apply."""
    plain: dict[str, object] = {
        "id": made.id,
        "indicator": made.indicator.value,
        "rules": list(made.rules),
        "timing": _timing(made.timing),
        **made.attributes,
    }
    return {**plain, "already_ordered": True} if made.already_ordered else plain


def provenance_json(record: RecordFacts) -> dict[str, object]:
    """What in the record proved each fact, why others stay unknown, which resources were not used, and what was read
    from the words of reports.
    """
    return {
        "found": [_proof(found) for found in record.found],
        "not_found": [_known(asdict(missed)) for missed in record.not_found],
        "set_aside": [_known(asdict(aside)) for aside in record.set_aside],
        "read_from_text": read_from_text_json(record),
    }


def _proof(found: Found) -> dict[str, object]:
    """A proof in codes says no more than it always did; one in words says so, and its sentence."""
    said = _known(asdict(found))
    if found.read_from is ReadFrom.CODE:
        return {name: value for name, value in said.items() if name not in ("read_from", "quote")}
    return {**said, "read_from": found.read_from.value, "quote": inert(found.quote)}


def pathway_json(pathway: Pathway) -> dict[str, str]:
    """Which pathway, which content, and whether a clinician has signed it."""
    return {
        "id": pathway.id,
        "version": pathway.version,
        "content_hash": pathway.content_hash,
        "status": "approved" if pathway.approved else "draft",
    }


def facts_json(facts: Facts) -> dict[str, object]:
    """The facts as understood, in the public vocabulary; what is unknown is left out."""
    return _known(asdict(facts))


def _known(members: Mapping[str, object]) -> dict[str, object]:
    known = ((name, _plain(value)) for name, value in members.items())
    return {name: value for name, value in known if value not in (None, UNKNOWN, {}, [])}


ANSWERS = {Answer.YES: True, Answer.NO: False, Answer.UNKNOWN: None}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return _known(value)
    if isinstance(value, frozenset):  # names or days, never mixed
        return sorted((_scalar(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    match value:
        case Answer():
            return ANSWERS[value]
        case date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case _:
            return value


def _timing(timing: Timing) -> dict[str, str]:
    days = {"earliest": timing.earliest, "latest": timing.latest}
    return {"kind": timing.kind.value} | {name: day.isoformat() for name, day in days.items() if day}


def _step(pathway: str, step: Step) -> dict[str, object]:
    said = _known(asdict(step))
    return {"pathway": pathway, **{name: value for name, value in said.items() if value is not False}}
