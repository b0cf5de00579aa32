"""docs/published-bundles.md: what was recognised in published records, and what was not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from tests.published.survey import Survey

Key = TypeVar("Key", str, tuple[str, str])

READ: Final = (
    "Patient", "DiagnosticReport", "Observation", "ImagingStudy", "ServiceRequest", "Condition", "Procedure",
    "Encounter", "MedicationRequest", "MedicationStatement", "AllergyIntolerance", "Device", "QuestionnaireResponse",
)  # fmt: skip
MOST_ROWS: Final = 12
LONGEST_CODE: Final = 80
NOT_SHOWN: Final = frozenset({"http://www.ama-assn.org/go/cpt"})
"""CPT codes are licensed: none is in this repository."""

HEAD: Final = """# Published records

Every FHIR R4 record that we could get, read by the service: each Bundle and each patient through `POST /evaluate`, and
each patient through a patient-view call whose prefetch is sorted as our templates would bring it. Made by
`make published`; do not edit. The data are not part of the project: `.ci/fetch-published` brings them.

No record made the service fail, and none was reassured without a negative leg-vein ultrasound in codes. Hardly any
published record holds a leg-vein ultrasound: the page shows what is safely ignored more than what is advised. So each
patient is asked about once more with a scan that we add.
"""


def page(surveys: Sequence[Survey]) -> str:
    """The page, for surveys in which nothing is wrong."""
    parts = [
        HEAD,
        *sources(surveys),
        *types(surveys),
        *answers(surveys),
        *with_a_scan(surveys),
        *recognised(surveys),
        *not_recognised(surveys),
    ]
    return "\n".join(parts)


def sources(surveys: Sequence[Survey]) -> Iterator[str]:
    yield "## Sources\n"
    head = ("source", "version", "licence", "what", "files", "no JSON", "Bundles", "patients", "resources")
    yield table(
        head,
        [
            (
                each.source.name,
                each.source.version,
                each.source.licence,
                each.source.what,
                each.files,
                each.not_json,
                each.bundles,
                each.patients,
                each.resources.total(),
            )
            for each in surveys
        ],
    )


def types(surveys: Sequence[Survey]) -> Iterator[str]:
    found, asked = added(each.resources for each in surveys), added(each.asked_for for each in surveys)
    others = Counter({name: count for name, count in found.items() if name not in READ})
    yield "## Resources by type\n"
    yield table(("type that we read", "resources"), [(name, found[name]) for name in READ])
    yield f"Of {len(others)} other types, which we never ask for, {others.total()} resources: {listed(others)}.\n"
    yield "What our templates would bring of them (an Observation may come in several categories, or in none):\n"
    yield table(("prefetch key", "resources"), sorted(asked.items()))


def answers(surveys: Sequence[Survey]) -> Iterator[str]:
    yield "## Answers\n"
    yield "Bundles as published, sent as a record (`record-needs-one-patient`: none or several patients in it):\n"
    yield table(("answer", "Bundles"), ranked(added(each.answers for each in surveys)))
    yield "Patient-view calls:\n"
    yield table(("advice", "calls"), ranked(added(each.advice for each in surveys)))


def with_a_scan(surveys: Sequence[Survey]) -> Iterator[str]:
    yield "The same patients ten days after a limited negative scan, which we added, with a leg that hurts still:\n"
    yield table(("advice", "calls"), ranked(added(each.advice_with_a_scan for each in surveys)))


def recognised(surveys: Sequence[Survey]) -> Iterator[str]:
    yield "## Recognised\n"
    yield table(("fact", "patients"), ranked(added(each.facts for each in surveys)))


def not_recognised(surveys: Sequence[Survey]) -> Iterator[str]:
    yield "## Not recognised, and why\n"
    yield "Something was there, and it did not prove the fact (patients):\n"
    yield table(("fact and reason", "patients"), ranked(added(each.not_found for each in surveys)))
    yield "Set aside (resources):\n"
    yield table(("type and reason", "resources"), ranked(added(each.set_aside for each in surveys)))
    unknown = added(each.unrecognised for each in surveys)
    yield "Codes that nobody recognises, in the elements that we look at (coded elements; the most frequent codes):\n"
    systems = Counter[str]()
    for (system, _), count in unknown.items():
        systems[system] += count
    yield table(
        ("system", "elements", "codes", "most frequent"),
        [
            (plain(system), count, sum(each == system for each, _ in unknown), examples(unknown, system))
            for system, count in systems.most_common(MOST_ROWS * 2)
        ],
    )
    rest = systems.most_common()[MOST_ROWS * 2 :]
    yield f"And {len(rest)} more systems with {sum(count for _, count in rest)} elements.\n"
    yield "Coded elements without any code:\n"
    yield table(("element", "elements"), ranked(added(each.uncoded for each in surveys)))


def examples(unknown: Counter[tuple[str, str]], system: str) -> str:
    return "(licensed, not shown)" if system in NOT_SHOWN else listed(of_system(unknown, system))


def of_system(unknown: Counter[tuple[str, str]], system: str) -> Counter[str]:
    return Counter({code: count for (each, code), count in unknown.items() if each == system})


def added(counts: Iterable[Counter[Key]]) -> Counter[Key]:
    return sum(counts, Counter[Key]())


def ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def listed(counts: Counter[str]) -> str:
    """The most frequent ones in words."""
    top = [f"{plain(name)} {count}" for name, count in ranked(counts)[:MOST_ROWS]]
    return ", ".join([*top, "..."] if len(counts) > MOST_ROWS else top)


def plain(text: str) -> str:
    """Nothing in it that a table of Markdown would act on."""
    cut = text if len(text) <= LONGEST_CODE else f"{text[:LONGEST_CODE]}..."
    return f"`{cut.replace('|', '/').replace('`', '')}`" if cut else "(empty)"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows] if rows else []
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n" if lines else "(none)\n"
