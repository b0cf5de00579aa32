"""POST /evaluate: facts or a FHIR Bundle in, every recommendation out, with the rules, the trace and what was found."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NoReturn
from zoneinfo import ZoneInfo

import msgspec

from app.bodies import decode_body, iso_date, too_deep
from app.cards.machine_readable import evaluation_json, provenance_json
from app.cards.order_advice import order_advice_json
from app.clinical.evaluate import Evaluation, configure, decide_all
from app.clinical.ordering import SILENT, OrderAdvice, advise_on_orders, order_pathway, parse_drafts
from app.clinical.reading import RecordFacts, facts_from_record
from app.clinical.report_text import ReportWords
from app.clinical.report_text.policy import ReportTextPolicy
from app.clinical.vocabulary import parse_facts
from app.clinical.words_alone import without_calm_on_words_alone
from app.errors import CallerError
from app.fhir.record import read_bundle
from app.fhir.value_sets import ValueSets
from app.pathway.load import Pathway

NULL: Final = b"null"
LONGEST_NUMBER: Final = 18


class Question(msgspec.Struct):
    """The members of the request, each still as it came."""

    today: msgspec.Raw = msgspec.Raw(NULL)
    facts: msgspec.Raw = msgspec.Raw(NULL)
    record: msgspec.Raw = msgspec.Raw(NULL)
    config: msgspec.Raw = msgspec.Raw(NULL)
    orders: msgspec.Raw = msgspec.Raw(NULL)


_QUESTION: Final = msgspec.json.Decoder(Question)
_TEXT: Final = msgspec.json.Decoder(str | None)


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering needs: the pathways, the value sets, the facility's zone and its clock, and how far words of
    reports are read.
    """

    pathways: Sequence[Pathway]
    value_sets: ValueSets
    zone: ZoneInfo
    clock: Callable[[], date]
    report_text: ReportTextPolicy = ReportTextPolicy.SUGGEST
    report_words: ReportWords | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What was decided, what the record showed if there was one, and what is said of orders if there were some."""

    evaluation: Evaluation
    record: RecordFacts | None
    orders: OrderAdvice | None = None


def answer(body: bytes, desk: Desk) -> dict[str, object]:
    """The answer to a request body as JSON-like data, or CallerError 400."""
    answered = decided(body, desk)
    return {
        **evaluation_json(answered.evaluation),
        **(provenance_json(answered.record) if answered.record else {}),
        **({"order_advice": order_advice_json(answered.orders)} if answered.orders else {}),
    }


def decided(body: bytes, desk: Desk) -> Answered:
    """The decision on a request body, or CallerError 400."""
    question = decode_body(_QUESTION, body)
    today = _today(question.today) or desk.clock()
    record = _record(question, today, desk)
    facts = record.facts if record else _object(question.facts, "facts")
    config = {} if _is_absent(question.config) else _object(question.config, "config")
    pathways = configure(desk.pathways, config)
    if record:
        record = without_calm_on_words_alone(record, lambda known: decide_all(pathways, known, today))
        facts = record.facts
    evaluation = decide_all(pathways, parse_facts(facts), today)
    return Answered(evaluation, record, _orders(question.orders, evaluation, pathways))


def _orders(raw: msgspec.Raw, evaluation: Evaluation, pathways: Sequence[Pathway]) -> OrderAdvice | None:
    """The advice on the draft orders that were sent; None if none were."""
    if _is_absent(raw):
        return None
    try:
        sent = json.loads(bytes(raw), parse_int=_whole)
    except RecursionError:
        raise too_deep() from None
    if not isinstance(sent, list):
        _refuse("orders", "is not a list.", "Send a list of orders, each an object with named members.")
    pathway = order_pathway(pathways)
    return advise_on_orders(evaluation, parse_drafts(sent), pathway) if pathway else SILENT


def _today(raw: msgspec.Raw) -> date | None:
    try:
        sent = _TEXT.decode(raw)
        return None if sent is None else iso_date(sent)
    except ValueError:
        _refuse("today", "is not a calendar day.", "Send YYYY-MM-DD.")


def _record(question: Question, today: date, desk: Desk) -> RecordFacts | None:
    if _is_absent(question.record) == _is_absent(question.facts):
        _refuse("facts or record", "is needed, and not both.", "Send either facts or record.")
    if _is_absent(question.record):
        return None
    return facts_from_record(
        read_bundle(question.record),
        desk.value_sets,
        today=today,
        zone=desk.zone,
        report_text=desk.report_text,
        report_words=desk.report_words,
    )


def _object(raw: msgspec.Raw, name: str) -> Mapping[str, object]:
    """An integer too long to be anybody's becomes None, so that it is unknown and not an error."""
    try:
        value = json.loads(bytes(raw), parse_int=_whole)
    except RecursionError:  # a few levels before msgspec, which counts fewer frames
        raise too_deep() from None
    if not isinstance(value, dict):
        _refuse(name, "is not an object.", "Send an object with named members.")
    return value


def _whole(written: str) -> int | None:
    return int(written) if len(written) <= LONGEST_NUMBER else None


def _is_absent(raw: msgspec.Raw) -> bool:
    return bytes(raw) == NULL


def _refuse(member: str, wrong: str, change: str) -> NoReturn:
    expression = tuple(member.split(" or "))
    raise CallerError(400, "invalid-member", f"{member} {wrong}", change, expression)
