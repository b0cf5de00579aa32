"""What must hold between the advice on a record and the advice on the same record changed (decision table 2 and 13).

Knows the answers as JSON and the oracle's reading of the table; imports no product code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

from tests.oracle.answers import ask_oracle
from tests.oracle.fact_sets import FactSet
from tests.records.facts import Json, Known
from tests.records.spoiling import Spoilt

Advice = Sequence[Json]

REASSURING: Final = frozenset({"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP"})
"""What ends imaging or makes it optional (decision table 13.1, 13.3)."""

LOUDNESS: Final[Mapping[str, int]] = {"info": 0, "warning": 1, "critical": 2}
COMPLETE: Final = ("complete_duplex", "complete_compression")
WELL: Final = ("resolved", "improving")
SILENT: Final = (-1, False)
MOST_ORDERS: Final = 6
UNDATED_STUDY: Final = "date broken"
OPEN_QUESTION: Final = "DATA-DDIMER"
"""Where table and service differ by agreement: see OPEN_QUESTIONS in tests/oracle/comparison.py."""


@dataclass(frozen=True)
class Answered:
    """What was said of one record. `is_refused`: an error that asks for more, which is no advice."""

    advice: Advice
    is_refused: bool = False


def reassurance(advice: Advice) -> frozenset[str]:
    """The reassuring ids. Nothing reassures more than that imaging may end: who was told so was told the others."""
    ids = REASSURING & {each["id"] for each in advice}
    return REASSURING if "NO-FURTHER-IMAGING" in ids else ids


def urgency(advice: Advice) -> tuple[int, bool]:
    """How loud it is, and whether anything is due now. Silence is the least."""
    if not advice:
        return SILENT
    loudest = max(LOUDNESS[each["indicator"]] for each in advice)
    return loudest, any(each["timing"]["kind"] == "now" for each in advice)


def table_on(left: Sequence[Known]) -> Iterator[Advice]:
    """What the decision table says to each fact set, in every order of studies whose order a record does not tell."""
    for each in left:
        for exams in _orders(each.exams):
            facts = Known(each.facts, exams, each.today)
            made = ask_oracle(FactSet(facts.as_json(), each.today, {}))
            yield [one for one in made if one["id"] != OPEN_QUESTION]


def _orders(exams: Sequence[Mapping[str, Json]]) -> Iterator[tuple[Mapping[str, Json], ...]]:
    if is_ordered(exams):
        yield tuple(exams)
    else:
        yield from list(permutations(exams))[:MOST_ORDERS]


def is_ordered(exams: Sequence[Mapping[str, Json]]) -> bool:
    """Whether the days of the ultrasounds say which comes after which."""
    days = [exam.get("date") for exam in exams if exam["modality"] == "US"]
    return len(set(days)) == len(days)


def broken_by_the_same(before: Answered, after: Answered) -> list[str]:
    """A record that says the same gives the same answer."""
    return [] if before == after else ["another answer to the same record"]


Invariant = Callable[[Known, Spoilt, Answered, Answered, Sequence[Advice]], bool]


def no_new_reassurance(
    patient: Known, made: Spoilt, before: Answered, after: Answered, table: Sequence[Advice]
) -> bool:
    """Reassurance was given before, or the table gives it to what is still known."""
    allowed = reassurance(before.advice).union(*(reassurance(each) for each in table))
    return reassurance(after.advice) <= allowed


def nothing_that_reassured_is_missed(
    patient: Known, made: Spoilt, before: Answered, after: Answered, table: Sequence[Advice]
) -> bool:
    """Where what became unusable was itself good news, no reassurance is new, whatever the table says.

    That a DVT is excluded is said of a poor study or a leg that still hurts only: a poorer study brings the word, not
    more comfort.
    """
    new = reassurance(after.advice) - reassurance(before.advice)
    return not was_good_news(patient, made) or new <= {"DVT-EXCLUDED-PTP"}


def not_calmer(patient: Known, made: Spoilt, before: Answered, after: Answered, table: Sequence[Advice]) -> bool:
    """As urgent as before, or as the table is on what is still known. An error is no advice."""
    least = min([urgency(before.advice), *(urgency(each) for each in table)])
    return after.is_refused or urgency(after.advice) >= least or _has_no_study(made, after)


def silence_only_without_a_study(
    patient: Known, made: Spoilt, before: Answered, after: Answered, table: Sequence[Advice]
) -> bool:
    """Who has a study of the leg that can be told from the record gets advice, unless they had none before."""
    is_silent = not after.advice and not after.is_refused
    return not is_silent or not before.advice or _has_no_study(made, after) or any(not each for each in table)


def _has_no_study(made: Spoilt, after: Answered) -> bool:
    """The one study was made unusable as a whole: nothing in the record tells that a leg was scanned."""
    return not after.advice and made.takes_the_last_study


def was_good_news(patient: Known, made: Spoilt) -> bool:
    """Whether nothing about what was lost could worry: one good negative study, or a leg that is well.

    The day of a study is no news. Without it the table takes the study for a current one and the course of the leg for
    unknown (decision table sections 1 and 2.2), so that an old study or a leg that is worse can get NEG-REASSURE.
    """
    is_study = made.target in ("ultrasound", "result", "side", "protocol")
    if len(patient.exams) != 1 or (is_study and made.kind == UNDATED_STUDY):
        return False
    exam = patient.exams[0]
    is_good_study = exam.get("result") == "negative" and exam.get("iliac") != "positive"
    match made.target:
        case "symptoms":
            return patient.facts["symptoms.status"] in WELL
        case "protocol":
            return is_good_study and exam["protocol"] in COMPLETE
        case "d-dimer":
            return False
        case "symptom side":
            return bool(exam.get("side") == patient.facts["symptoms.side"])
        case _:
            return is_good_study and exam.get("protocol") in COMPLETE and exam.get("quality") == "adequate"


INVARIANTS: Final[Sequence[Invariant]] = (
    no_new_reassurance,
    nothing_that_reassured_is_missed,
    not_calmer,
    silence_only_without_a_study,
)


def broken(patient: Known, made: Spoilt, before: Answered, after: Answered) -> list[str]:
    """The invariants that the answer to a spoilt record breaks."""
    table = list(table_on(made.left))
    return [each.__name__ for each in INVARIANTS if not each(patient, made, before, after, table)]
