"""A decision explained at length: facts with their proof, the walk through the stages, the advice, what is unknown.

A card says the one thing to do; this says everything, for the person who asks why.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.cards import wording
from app.cards.machine_readable import evaluation_json, facts_json, provenance_json
from app.cards.report_words import inert, named
from app.clinical.evaluate import Evaluation, PathwayDecision
from app.clinical.reading import Found, ReadFrom, RecordFacts
from app.clinical.report_text.policy import ReportTextPolicy
from app.clinical.what_if import Change, what_would_change, what_would_not_change
from app.pathway.decide import Recommendation, Step
from app.pathway.words import plain


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines, each with the same number of cells."""

    title: str
    rows: Sequence[Sequence[str]]


def explanation_json(evaluation: Evaluation, record: RecordFacts | None) -> dict[str, object]:
    """The answer of POST /evaluate, with the day, the stages walked, and what is unknown."""
    return {
        "today": evaluation.today.isoformat(),
        **evaluation_json(evaluation),
        **(provenance_json(record) if record else {}),
        "stages": [
            {"pathway": decided.pathway.id, "stage": stage.stage, "read": is_read}
            for decided in evaluation.decisions
            for stage, is_read in zip(decided.pathway.stages, _read(decided), strict=True)
        ],
        "could_change": [_change(change) for change in what_would_change(evaluation)],
        "would_not_change": [
            {"fact": question.fact, "label": question.label} for question in what_would_not_change(evaluation)
        ],
    }


def explanation(evaluation: Evaluation, record: RecordFacts | None) -> Iterator[Section]:
    """The same in words, section by section; a section that has nothing to say is left out."""
    yield Section(f"Facts on {wording.day(evaluation.today)}", list(_facts(evaluation, record)) or [("none known",)])
    if record and record.not_counted:
        yield Section("Read from a report's words, and not relied on", list(_not_counted(record)))
    if record and record.set_aside:
        yield Section("Set aside", [(each.resource, each.query, each.reason) for each in record.set_aside])
    if record and record.not_found:
        yield Section("Unknown although something was there", [(each.fact, each.reason) for each in record.not_found])
    for decided in evaluation.decisions:
        yield Section(_named(decided), list(_walk(decided)))
    advice = [_advised(evaluation, made) for made in evaluation.recommendations]
    yield Section("Advice, the leading one first", advice or [("nothing to say",)])
    changes = [_changed(evaluation, change) for change in what_would_change(evaluation)]
    if changes:
        yield Section("Unknown, and could change what leads", changes)
    others = [(question.label,) for question in what_would_not_change(evaluation)]
    if others:
        yield Section("Unknown, and none of the answers would change what leads", others)


def _facts(evaluation: Evaluation, record: RecordFacts | None) -> Iterator[tuple[str, ...]]:
    if record is None:
        yield from _flat("", facts_json(evaluation.facts))
        return
    for found in record.found:
        yield (
            found.fact,
            _said(found.value),
            f"{found.resource} {found.element}{_in_words(found, record)}",
            found.date or "",
        )


def _in_words(found: Found, record: RecordFacts) -> str:
    """The sentence of what was read from words, to be confirmed unless the client trusts them."""
    if found.read_from is not ReadFrom.TEXT:
        return ""
    asks = record.report_text is not ReportTextPolicy.TRUST_FOR_SCHEDULING
    return f', read from the words "{inert(found.quote)}"{": confirm" if asks else ""}'


def _not_counted(record: RecordFacts) -> Iterator[tuple[str, ...]]:
    for said in record.not_counted:
        yield said.fact, named(said.value), f'"{inert(said.quote)}"', said.reason


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for member, inner in value.items():
                yield from _flat(f"{name}.{member}" if name else str(member), inner)
        case [Mapping(), *_]:
            for index, inner in enumerate(value):
                yield from _flat(f"{name}[{index}]", inner)
        case _:
            yield name, _said(value)


def _said(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple() | set() | frozenset():
            return ", ".join(sorted(str(each) for each in value))
        case _:
            return str(value)


def _named(decided: PathwayDecision) -> str:
    pathway = decided.pathway
    status = "clinically approved" if pathway.approved else "draft, not clinically approved"
    return f"{pathway.title} ({pathway.id} {pathway.version}, {status})"


def _read(decided: PathwayDecision) -> list[bool]:
    """For each stage: True if it was read, False if the walk had ended before."""
    ended_in = next((step.stage for step in decided.decision.trace if step.stopped), None)
    names = [stage.stage for stage in decided.pathway.stages]
    last = names.index(ended_in) if ended_in in names else len(names)
    return [number <= last for number in range(len(names))]


def _walk(decided: PathwayDecision) -> Iterator[tuple[str, str]]:
    for number, (stage, is_read) in enumerate(zip(decided.pathway.stages, _read(decided), strict=True), 1):
        steps = [step for step in decided.decision.trace if step.stage == stage.stage]
        none = "" if steps else " No row fired." if is_read else " Not read: the walk had ended."
        yield f"{number}. {stage.stage}", stage.question + none
        for step in steps:
            yield "", f"{step.rule}: {step.because}{_consequences(step)}"


def _consequences(step: Step) -> str:
    said = [f"advises {', '.join(step.advised)}"] if step.advised else []
    said += [f"concludes {plain(name)}: {plain(value)}" for name, value in step.concluded.items()]
    said += ["ends the walk"] if step.stopped else []
    return f" -> {'; '.join(said)}" if said else ""


def _advised(evaluation: Evaluation, made: Recommendation) -> tuple[str, ...]:
    headline = evaluation.home_of(made).recommendations[made.id].headline
    when = "already ordered" if made.already_ordered else wording.timing(made.timing)
    modality = made.attributes.get("modality")
    return made.id, made.indicator.value, when, headline + (f", {wording.said(modality)}" if modality else "")


def _changed(evaluation: Evaluation, change: Change) -> tuple[str, ...]:
    then = _lead(evaluation, change.leads_to) if change.leads_to else "nothing to say"
    return change.label, f"if {change.phrase}", then


def _lead(evaluation: Evaluation, made: Recommendation) -> str:
    home = next(each for each in evaluation.pathways if made.id in each.recommendations)
    when = wording.timing(made.timing)
    return f"{made.id} {made.indicator.value}{f', {when}' if when else ''}: {home.recommendations[made.id].headline}"


def _change(change: Change) -> dict[str, object]:
    then = change.leads_to
    leads_to = {"id": then.id, "indicator": then.indicator.value, "timing": then.timing.kind.value} if then else None
    known: dict[str, object] = {"fact": change.fact, "label": change.label, "if": change.phrase}
    return {**known, "leads_to": leads_to} if leads_to else known
