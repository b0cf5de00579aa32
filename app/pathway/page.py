"""A pathway as a Markdown page: everything a reviewer questions, made from the files that run.

Nothing stands here that a pathway file does not say; `make check` compares the page with the files.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, TypeVar

from app.pathway.content import Advice, BookedOrder, FactMeaning, Parameter, Policy, Reference, Row, Stage
from app.pathway.load import Pathway, fill
from app.pathway.words import (
    BULLET,
    booking_in_words,
    conclusions_in_words,
    conditions_in_words,
    either,
    indicator_in_words,
    plain,
    reading_in_words,
    row_in_words,
    skipping_in_words,
    stop_in_words,
    timings_in_words,
)

SIGNATURE: Final = "needs a clinician's signature"
HOW_READ: Final = {"primary": "read", "secondary": "as described elsewhere", "no": "not read"}
SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|])")

Entry = TypeVar("Entry")
Scenario = Mapping[str, object]
"""One patient of scenarios/*.yaml as written: `id`, `title`, `expect`, `must_not` are shown."""


def page(pathway: Pathway, base: Pathway | None, scenarios: Sequence[Scenario]) -> str:
    """The page. `base`: the pathway whose words this one uses; what is declared there is linked, not repeated."""
    own = _Own(pathway, base)
    return "\n".join(
        (
            *_head(pathway, base),
            *_stages(pathway),
            *_parameters(own),
            *_policies(own),
            *_facts(own),
            *_recommendations(own),
            *_choices(own),
            *_scenarios(scenarios),
            *_references(pathway),
            "",
        )
    )


class _Own:
    """What a pathway declares itself."""

    def __init__(self, pathway: Pathway, base: Pathway | None) -> None:
        self.pathway = pathway
        self.parameters = _without(pathway.parameters, base.parameters if base else {})
        self.policies = _without(pathway.policies, base.policies if base else {})
        self.findings = _without(pathway.declared_findings, base.declared_findings if base else {})
        self.facts = _without(pathway.facts.facts, base.facts.facts if base else {})
        self.recommendations = _without(pathway.recommendations, base.recommendations if base else {})
        self.rows = _without(pathway.rows, base.rows if base else {})


def _without(everything: Mapping[str, Entry], base: Mapping[str, Entry]) -> Mapping[str, Entry]:
    return {name: entry for name, entry in everything.items() if name not in base}


def _head(pathway: Pathway, base: Pathway | None) -> Iterator[str]:
    status = "clinically approved" if pathway.approved else "**draft, not clinically approved**"
    yield f"<!-- Made from pathways/{pathway.id}/ by `make pages`. Change those files, not this one. -->"
    yield f"# {_safe(pathway.title)}"
    yield ""
    yield _safe(pathway.question)
    yield ""
    yield f"For: {_safe(pathway.population)}."
    yield ""
    yield f"`{pathway.id}` {pathway.version}, content `{pathway.content_hash[:12]}`, {status}."
    if base:
        yield f"Its words and some of its stages are those of [{_safe(base.title)}]({base.id}.md)."
    yield ""
    yield "How to read and change it: [reading.md](reading.md)."
    yield ""
    yield f"<details><summary>The drawing ({pathway.id}.svg)</summary>"  # it is many screens long
    yield ""
    yield f"[![{_safe(pathway.title)}: the stages and their rows]({pathway.id}.svg)]({pathway.id}.svg)"
    yield ""
    yield "</details>"


def _stages(pathway: Pathway) -> Iterator[str]:
    yield "\n## Stages"
    yield "\nRead in this order. A row that does not name a value, `unknown` included, does not match it."
    for number, stage in enumerate(pathway.stages, 1):
        yield f"\n### {number}. {_safe(stage.question)}"
        yield f"\n`{stage.stage}`. {_cell([reading_in_words(stage), *skipping_in_words(stage)])}"
        yield from _table(("row", "fires", "then", "support"), _rows(stage, pathway))


def _rows(stage: Stage, pathway: Pathway) -> Iterator[tuple[str, ...]]:
    for row in stage.rows:
        name = f"**{row.rule}**<br>{_safe(pathway.because[row.rule])}"
        yield name, _cell(row_in_words(row)), "<br>".join(_then(row, pathway)), _support(row, pathway)
    for booked in stage.booked_orders:
        yield _booked(booked)


def _booked(booked: BookedOrder) -> tuple[str, ...]:
    name = f"**{booked.order}**<br>{_safe(booked.because)}"
    return name, _cell(booking_in_words(booked)), "already ordered: the advice becomes info", ""


def _then(row: Row, pathway: Pathway) -> Iterator[str]:
    yield from (line for advice in row.advise for line in _advice(advice, pathway))
    yield from (f"concludes {_safe(said)}" for said in conclusions_in_words(row))
    stop = stop_in_words(row)
    if stop:
        yield f"**{_safe(stop)}**"


def _advice(advice: Advice, pathway: Pathway) -> Iterator[str]:
    headline = _safe(fill(pathway.recommendations[advice.recommend].headline, pathway.days))
    only = advice.indicator[0].then if len(advice.indicator) == 1 else ""
    yield f"**{advice.recommend}** {only}: {headline}".replace(" :", ":")
    if advice.when:
        yield f"only if {_safe(conditions_in_words(advice.when))}"
    for index, case in enumerate(advice.indicator):
        is_last = index == len(advice.indicator) - 1
        said = indicator_in_words(case, is_last=is_last, is_only=len(advice.indicator) == 1)
        if said:
            yield f"– {_safe(said)} → {case.then}"
    timings = timings_in_words([(case.when, case.then) for case in advice.timing], pathway.days)
    yield from (f"– {_safe(said)}" if len(timings) > 1 else f"when: {_safe(said)}" for said in timings)


def _support(entry: Row | Parameter | Policy, pathway: Pathway) -> str:
    """Strength, sources and what speaks against it; a project choice says so."""
    parts = [f"strength: {entry.strength}"] if isinstance(entry, Row) and entry.strength != "none" else []
    parts += [_cited(key, pathway) for key in entry.sources]
    parts += [f"against: {_cited(key, pathway)}" for key in _contrary(entry)]
    if entry.project_choice:
        parts.append(f"project choice, {SIGNATURE}")
    return "<br>".join(parts)


def _cited(key: str, pathway: Pathway) -> str:
    reference = pathway.references[key]
    return f"[{_safe(reference.short)}](#ref-{key}) ({_checked(reference)})"


def _checked(reference: Reference) -> str:
    return f"{'verified' if reference.verified else 'not verified'}, {HOW_READ[reference.seen]}"


def _parameters(own: _Own) -> Iterator[str]:
    if own.parameters:
        yield "\n## Parameters"
        yield from _table(
            ("name", "value", "allowed", "meaning", "support"),
            (
                (
                    f"`{name}`",
                    f"{each.value} {each.unit}",
                    f"{each.minimum} to {each.maximum}{', a site may change it' if each.site_may_change else ''}"
                    if each.minimum < each.maximum
                    else "fixed",
                    _safe(each.meaning),
                    _support(each, own.pathway),
                )
                for name, each in own.parameters.items()
            ),
        )


def _policies(own: _Own) -> Iterator[str]:
    if own.policies:
        yield "\n## Policies"
        yield "\nWhat a site decides. To a row, a policy is a fact."
        yield from _table(
            ("name", "value", "allowed", "meaning", "support"),
            (
                (f"`{name}`", each.value, either(each.values), _safe(each.meaning), _support(each, own.pathway))
                for name, each in own.policies.items()
            ),
        )


def _facts(own: _Own) -> Iterator[str]:
    if own.facts:
        yield "\n## Facts, and what happens when one is unknown"
        yield from _table(
            ("fact", "meaning", "values", "when unknown"),
            (
                (
                    f"`{name}`",
                    "<br>".join((_safe(each.meaning), *(_cited(key, own.pathway) for key in each.sources))),
                    _values(each.values),
                    _safe(each.if_unknown or "never unknown"),
                )
                for name, each in own.facts.items()
            ),
        )
    if own.findings:
        yield "\n## Findings"
        yield "\nWhat rows conclude for later rows; the first value holds until a row says otherwise."
        yield from _table(
            ("finding", "meaning", "values"),
            ((f"`{name}`", _safe(each.meaning), _values(each.values)) for name, each in own.findings.items()),
        )


def _values(values: Sequence[str]) -> str:
    return _safe(", ".join(plain(value) for value in values))


def _recommendations(own: _Own) -> Iterator[str]:
    days, orders = own.pathway.days, own.pathway.orders
    yield "\n## Recommendations"
    yield "\nStep 1 leads the card; a second number holds when the time is now."
    yield from _table(
        ("name", "step", "headline", "text", "draft order"),
        (
            (
                f"**{name}**",
                f"{each.step}" + (f", {each.step_when_now}" if each.step_when_now else ""),
                _safe(fill(each.headline, days)),
                _safe(fill(each.text, days)),
                "<br>".join(
                    _safe(orders[choice.order].title)
                    + (f" if {_safe(conditions_in_words(choice.when))}" if choice.when else "")
                    for choice in each.orders
                ),
            )
            for name, each in own.recommendations.items()
        ),
    )
    yield f"\nOn every card: {_safe(own.pathway.return_precautions)}"


def _choices(own: _Own) -> Iterator[str]:
    """What no published source says: decided here, to be signed by a clinician."""
    rows = [(f"row {rule}", own.pathway.because[rule]) for rule, row in own.rows.items() if row.project_choice]
    settings: Iterable[tuple[str, Parameter | Policy]] = chain(own.parameters.items(), own.policies.items())
    named = [(f"`{name}`", f"{each.meaning}: {each.value}") for name, each in settings if each.project_choice]
    if rows or named:
        yield "\n## Choices of this project"
        yield f"\nNo published source decides these alone; each {SIGNATURE}."
        yield from _table(("what", "choice"), ((what, _safe(choice)) for what, choice in (*rows, *named)))


def _scenarios(scenarios: Sequence[Scenario]) -> Iterator[str]:
    if scenarios:
        yield "\n## Scenarios"
        yield f"\n{len(scenarios)} patients and the advice they must get; run by `make check` and `make test`."
        yield from _table(("id", "patient", "must come", "must not come"), map(_scenario, scenarios))


def _scenario(scenario: Scenario) -> tuple[str, ...]:
    expected, barred = scenario.get("expect"), scenario.get("must_not")
    must = [_expected(each) for each in expected] if isinstance(expected, list) else []
    must_not = [str(each) for each in barred] if isinstance(barred, list) else []
    return str(scenario["id"]), _safe(str(scenario["title"])), ", ".join(must) or "nothing", ", ".join(must_not)


def _expected(expected: Mapping[str, object]) -> str:
    timing = expected.get("timing")
    kind = timing.get("kind") if isinstance(timing, Mapping) else None
    said = [str(each) for each in (expected.get("indicator"), kind) if each and each != "none"]
    return f"{expected['id']} ({', '.join(said)})" if said else str(expected["id"])


def _references(pathway: Pathway) -> Iterator[str]:
    cited = {key for entry in _supported(pathway) for key in (*entry.sources, *_contrary(entry))}
    yield "\n## References"
    yield "\nOnly what a row, parameter or policy of this pathway names."
    yield from _table(
        ("source", "citation", "checked"),
        (_reference(key, reference) for key, reference in pathway.references.items() if key in cited),
    )


def _supported(pathway: Pathway) -> Iterator[Row | Parameter | Policy | FactMeaning]:
    yield from pathway.rows.values()
    yield from pathway.parameters.values()
    yield from pathway.policies.values()
    yield from pathway.facts.facts.values()


def _contrary(entry: Row | Parameter | Policy | FactMeaning) -> Sequence[str]:
    return entry.against if isinstance(entry, Row) else ()


def _reference(key: str, reference: Reference) -> tuple[str, ...]:
    year = f" {reference.year}" if reference.year else ""
    places = (("doi:", reference.doi), ("PMID ", reference.pmid), ("", reference.pmcid))
    found = "".join(f". {name}{_safe(str(place))}" for name, place in places if place)
    authors, title, journal = reference.authors.removesuffix("."), reference.title, reference.journal
    citation = f"{_safe(authors)}. {_safe(title)}. {_safe(journal)}{year}{found}"
    return f'<a id="ref-{key}"></a>{_safe(reference.short)}', citation, _checked(reference)


def _table(columns: Sequence[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"\n| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(lines: Sequence[str]) -> str:
    return "<br>".join(
        f"– {_safe(line.removeprefix(BULLET))}" if line.startswith(BULLET) else _safe(line) for line in lines
    )


def _safe(text: str) -> str:
    """Text as text: nothing in it is Markdown, HTML or a table's edge."""
    return SPECIAL.sub(r"\\\1", text.replace("&", "&amp;"))
