"""What a card shows of a report's words: the sentence as a quotation, how it was read, and what to confirm.

A quotation is text of the record. It is shown in a code span only, whose fence is longer than any run of backticks in
it, without control, format or bidirectional characters, at most 200 characters (threat model D1, R-3).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.cards import wording
from app.clinical.reading import Found, NotCounted, ReadFrom, RecordFacts
from app.clinical.report_text.policy import ReportTextPolicy
from app.clinical.vocabulary import Exam
from app.clinical.words_alone import ALONE

LONGEST_QUOTE: Final = 200
MOST_STUDIES: Final = 2

# Unicode general categories that are never shown: controls, format characters (bidirectional and zero-width ones among
# them), surrogates, private use, unassigned.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters by category that show nothing: combining grapheme joiner, Hangul fillers, Khmer inherent vowels.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_BACKTICKS: Final = re.compile("`+")
_STUDY: Final = re.compile(r"exams\[([0-9]+)\]\.([a-z_]+)", re.ASCII)
_READERS_OWN: Final = {
    "bakers_cyst": "a Baker's cyst",
    "conflict": "contradicting itself",
    "hematoma": "a hematoma",
    "proximal_only": "proximal veins only",
    "whole_leg": "a study of the whole leg",
}
_SAID_FIRST: Final = ("result", "location", "unseen", "quality", "protocol", "cfv", "iliac", "side")

# The words below are a choice of this project (docs/decisions/0022-report-text.md).
CONFIRM: Final = "Read from the report's text: confirm before acting."
NOTE: Final = "The result of the ultrasound was read from the report's text by software: confirm it before signing."


@dataclass(frozen=True, slots=True)
class WordsOfStudy:
    """What the words of one report say: what counts, and what is only shown."""

    day: date | None
    counted: tuple[Found, ...]
    not_counted: tuple[NotCounted, ...]


def inert(text: str) -> str:
    """The text on one line, without characters that are not seen, at most 200 characters long."""
    seen = "".join(" " if letter.isspace() else letter for letter in text[: 20 * LONGEST_QUOTE] if _is_seen(letter))
    folded = " ".join(seen.split())
    return folded if len(folded) <= LONGEST_QUOTE else f"{folded[: LONGEST_QUOTE - 1].rstrip()}\u2026"


def _is_seen(letter: str) -> bool:
    return letter.isspace() or (letter not in _BLANK and unicodedata.category(letter) not in _HIDDEN)


def quoted(text: str) -> str:
    """The text as a code span: nothing in it is Markdown, HTML or a link. Empty when nothing of it can be seen."""
    shown = inert(text)
    if not shown:
        return ""
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(shown)), default=0) + 1)
    padding = " " if len(fence) > 1 else ""  # CommonMark takes one space off each side
    return f"{fence}{padding}{shown}{padding}{fence}"


def named(value: str) -> str:
    """What the reader read, in words."""
    return _READERS_OWN.get(value) or wording.said(value)


def words_of_studies(record: RecordFacts, latest: Exam | None) -> list[WordsOfStudy]:
    """The words of the reports that matter now, the last study first: from `latest` on, and undated ones."""
    counted: dict[int, list[Found]] = {}
    not_counted: dict[int, list[NotCounted]] = {}
    for found in record.found:
        if found.read_from is ReadFrom.TEXT:
            counted.setdefault(_place(found.fact), []).append(found)
    for said in record.not_counted:
        not_counted.setdefault(_place(said.fact), []).append(said)
    places = sorted({*counted, *not_counted}, reverse=True)
    studies = [_words(counted.get(place, []), not_counted.get(place, [])) for place in places]
    first = latest.date if latest else None
    return [each for each in studies if each.day is None or first is None or each.day >= first][:MOST_STUDIES]


def _place(fact: str) -> int:
    match = _STUDY.match(fact)
    return int(match[1]) if match else -1


def _words(counted: Sequence[Found], not_counted: Sequence[NotCounted]) -> WordsOfStudy:
    days = [*(found.date for found in counted), *(said.date for said in not_counted)]
    day = next(filter(None, days), None)
    ordered = sorted(counted, key=lambda found: _rank(found.fact))
    return WordsOfStudy(date.fromisoformat(day) if day else None, tuple(ordered), tuple(not_counted))


def _rank(fact: str) -> int:
    match = _STUDY.match(fact)
    return _SAID_FIRST.index(match[2]) if match and match[2] in _SAID_FIRST else len(_SAID_FIRST)


def is_read_from_words(studies: Iterable[WordsOfStudy], latest: Exam | None) -> bool:
    """Whether the result of the study that the advice rests on was read from words."""
    return latest is not None and any(
        found.fact.endswith(".result") and found.value == latest.result and each.day == latest.date
        for each in studies
        for found in each.counted
    )


def lines(studies: Iterable[WordsOfStudy]) -> Iterator[str]:
    """What was read from words, each with its sentence."""
    for each in studies:
        report = f"report of {wording.day(each.day)}" if each.day else "undated report"
        if each.counted:
            yield f"Read from the {report}: {_together(found.quote for found in each.counted)}"
        for said in _told(each.not_counted):
            yield f"The {report} {_reads(said)}: {quoted(said.quote)}"


def _together(quotes: Iterable[str]) -> str:
    sentences = list(dict.fromkeys(inert(quote) for quote in quotes))
    *earlier, last = sentences
    return quoted("".join(f"{sentence.rstrip('.')}. " for sentence in earlier) + last)


_TOLD: Final = ("result", "protocol", "repeat_advised", "alternative")


def _told(not_counted: Sequence[NotCounted]) -> Iterator[NotCounted]:
    """Of what does not count: what bears on the question, each statement once."""
    told: set[tuple[str, str]] = set()
    for said in not_counted:
        match = _STUDY.match(said.fact)
        if match and match[2] in _TOLD and (match[2], said.value) not in told:
            told.add((match[2], said.value))
            yield said


def _reads(said: NotCounted) -> str:
    match said.fact.rpartition(".")[2]:
        case "repeat_advised":
            return "itself advises a repeat"
        case "alternative":
            return f"names {named(said.value)}, to be confirmed"
        case _:
            return f"reads as {named(said.value)}, which is not relied on ({said.reason})"


def confirmation(record: RecordFacts, studies: Sequence[WordsOfStudy], *, schedules: bool) -> str:
    """What a person has to confirm, as one sentence; empty when nothing has to be. `schedules`: the advice dates an
    examination, which a client may trust the words with.
    """
    withheld = [said for each in studies for said in each.not_counted if said.reason == ALONE]
    result = next((said for said in withheld if said.fact.endswith(".result")), None)
    if result:
        return f"The report's text reads as {named(result.value)}: confirm the result before acting."
    trusted = schedules and record.report_text is ReportTextPolicy.TRUST_FOR_SCHEDULING
    counted = any(each.counted for each in studies)
    return CONFIRM if counted and not trusted else ""


def read_from_text_json(record: RecordFacts) -> list[dict[str, object]]:
    """Everything that was read from words, what counts first, each with its sentence and what to confirm."""
    counted = [found for found in record.found if found.read_from is ReadFrom.TEXT]
    return [*(_counted(found, record.report_text) for found in counted), *(_shown(said) for said in record.not_counted)]


def _counted(found: Found, policy: ReportTextPolicy) -> dict[str, object]:
    asks = policy is not ReportTextPolicy.TRUST_FOR_SCHEDULING
    return {**_said(found), "counts": True, **({"confirm": _confirm(str(found.value))} if asks else {})}


def _shown(said: NotCounted) -> dict[str, object]:
    asks = said.reason == ALONE
    return {
        **_said(said),
        "counts": False,
        "reason": said.reason,
        **({"confirm": _confirm(said.value)} if asks else {}),
    }


def _said(said: Found | NotCounted) -> dict[str, object]:
    where: dict[str, object] = {"resource": said.resource, "element": said.element}
    dated: dict[str, object] = {"date": said.date} if said.date else {}
    return {"fact": said.fact, "value": said.value, **where, **dated, "quote": inert(said.quote)}


def _confirm(value: str) -> str:
    return f"The report's text reads as {named(value)}: confirm or correct it."
