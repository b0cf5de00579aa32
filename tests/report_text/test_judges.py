"""The judges of the reader, judged: a reader by the labels is found right, and each planted fault is found."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest

from tests.report_text.confusion import Judgement, judge, markdown, words
from tests.report_text.mutated_readings import judge_mutated
from tests.report_text.mutated_texts import KEEP_ORDER, in_background, mutated_texts, permuted, planted, sentences
from tests.report_text.reports import NOTHING, Form, Report, read_corpus

ALL: Final = (*read_corpus("dev"), *read_corpus("held out"))


@dataclass(frozen=True)
class FakeRead:
    fact: str
    value: object


@dataclass(frozen=True)
class FakeReading:
    legs: Mapping[str, Sequence[FakeRead]] = field(default_factory=dict)
    other_study: str = ""


def reads(report: Report, leg: str) -> Iterator[FakeRead]:
    for target, accepted in report.legs[leg].items():
        if target == "limited":
            yield FakeRead("quality", "compromised" if accepted[0] else "adequate")
        elif target in {"unseen", "alternative"}:
            yield FakeRead(target, tuple(accepted[0]))
        elif accepted[0] != NOTHING:
            yield FakeRead(target, next(iter(accepted[0])))


def by_the_labels(report: Report) -> FakeReading:
    return FakeReading({leg: tuple(reads(report, leg)) for leg in report.legs}, report.other_study)


def always(result: str, leg: str = "unsided") -> FakeReading:
    return FakeReading({leg: (FakeRead("result", result),)})


def silent(report: Report) -> FakeReading:
    return FakeReading()


def errors(judgement: Judgement) -> list[str]:
    found = judgement.errors
    return [*found.positive, *found.superficial, *found.nondiagnostic, *found.no_result, *found.invented]


def test_a_reader_by_the_labels_is_right_everywhere() -> None:
    judgement = judge(ALL, by_the_labels)

    assert judgement.differences == []
    assert errors(judgement) == []
    assert {name for name, count in judgement.targets.items() if count.right < count.labelled} == set()
    assert sum(judgement.accepted.values()) == sum(judgement.table.values())


def test_a_reader_that_calls_all_negative_misses_every_thrombus() -> None:
    judgement = judge(ALL, lambda report: always("negative"))

    assert len(judgement.errors.positive) == sum(len(list(each.dangerous_legs())) for each in ALL)
    assert len(judgement.errors.superficial) > 10
    assert len(judgement.errors.nondiagnostic) > 8
    assert len(judgement.errors.no_result) > 30


def test_a_reader_that_says_nothing_misses_all_and_endangers_nobody() -> None:
    judgement = judge(ALL, silent)

    assert errors(judgement) == []
    assert judgement.targets["side"].right == 0
    assert judgement.targets["limited"].missed > 50


def test_a_result_for_a_leg_that_the_report_does_not_name_is_found() -> None:
    judgement = judge(ALL, lambda report: always("negative", "left"))

    assert "d001 left" in judgement.errors.invented


def test_one_thrombus_read_as_superficial_is_found() -> None:
    def careless(report: Report) -> FakeReading:
        return always("svt_only", "right") if report.id == "d196" else by_the_labels(report)

    assert judge(ALL, careless).errors.positive == ["d196 right"]


def test_a_leg_s_own_result_comes_before_one_without_a_side() -> None:
    def of_both(report: Report) -> FakeReading:
        return FakeReading({"left": (FakeRead("result", "negative"),), "unsided": (FakeRead("result", "acute_dvt"),)})

    assert "d095 left" in judge(ALL, of_both).errors.positive


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, set()),
        ("unknown", set()),
        (False, set()),
        (True, {"true"}),
        (2.0, {"2"}),
        (1.2, {"1.2"}),
        ("negative", {"negative"}),
        (("cfv", "iliac"), {"cfv", "iliac"}),
    ],
    ids=["nothing", "unknown", "no", "yes", "a whole number", "a number", "a word", "several words"],
)
def test_values_are_compared_as_words(value: object, expected: set[str]) -> None:
    assert words(value) == expected


def test_a_value_that_is_no_word_is_refused() -> None:
    with pytest.raises(TypeError, match="object is no value"):
        words(object())


def test_the_table_holds_a_row_for_each_result_and_each_target() -> None:
    page = markdown(ALL, by_the_labels)

    assert page.count("| acute_dvt |") == 4
    assert page.count("| svt_junction_cm |") == 2
    assert page.count("contradicted | 0 |") == 2


# -- changed texts ---------------------------------------------------------------------------------------------------


def test_changed_texts_are_the_same_for_the_same_seed() -> None:
    assert mutated_texts(ALL, 50, 1) == mutated_texts(ALL, 50, 1)
    assert mutated_texts(ALL, 50, 1) != mutated_texts(ALL, 50, 2)


def test_every_kind_of_change_occurs_and_most_texts_hold_a_planted_thrombus() -> None:
    tally = judge_mutated(mutated_texts(ALL, 500, 1), lambda text, form: FakeReading())

    assert {*tally.changes} == {*KEEP_ORDER, "as it is", "headings lost", "permuted"}
    assert tally.planted > 250


def test_no_change_loses_a_letter_of_the_report() -> None:
    chance = random.Random(1)  # noqa: S311  # a test's chance
    text = "FINDINGS: The popliteal vein\ndoes not compress. IMPRESSION: DVT."

    for name, change in KEEP_ORDER.items():
        changed = change(text, chance)
        letters = [each for each in changed.lower() if each.isalpha()]
        assert name == "other headings" or "".join(letters).startswith("findingsthepoplitealveindoesnotcompress")


def test_sentences_change_places_and_stay_whole() -> None:
    chance = random.Random(1)  # noqa: S311  # a test's chance
    text = "IMPRESSION: No DVT on the left. Acute DVT on the right. No cyst."

    changed = permuted(text, chance)

    assert sorted(sentences(changed)) == ["Acute DVT on the right.", "No DVT on the left.", "No cyst."]


def test_a_thrombus_is_not_planted_among_what_was_asked() -> None:
    chance = random.Random(1)  # noqa: S311  # a test's chance
    text = "INDICATION: DVT?\nCOMPARISON: None.\nIMPRESSION: No DVT."
    lines = [planted(text, "CLOT", chance).split("\n").index("CLOT") for _ in range(50)]

    assert {*lines} == {0, 3}
    assert in_background(["INDICATION: DVT?", "pain"])


def test_a_reader_of_the_first_sentence_only_is_caught() -> None:
    def hasty(text: str, form: Form) -> FakeReading:
        first = sentences(text)[0].lower() if text.strip() else ""
        return always("negative" if "no " in first else "acute_dvt")

    tally = judge_mutated(mutated_texts(ALL, 500, 1), hasty)

    assert len(tally.broken) > 30
    assert tally.reassuring > 50
    assert "broken" in str(tally)


def test_a_reader_that_stumbles_over_noise_is_caught() -> None:
    def literal(text: str, form: Form) -> FakeReading:
        alarming = ("thromb", "DVT", "clot", "compress")
        return always("acute_dvt" if any(each in text for each in alarming) else "negative")

    tally = judge_mutated(mutated_texts(ALL, 2_000, 1), literal)

    assert [each for each in tally.broken if "case" in each]


def test_the_text_of_a_held_out_report_is_not_shown() -> None:
    reports = [each for each in ALL if each.id in {"d095", "h051"}]
    broken = judge_mutated(mutated_texts(reports, 20, 1), lambda text, form: always("negative")).broken

    assert {each[:4] for each in broken} == {"d095", "h051"}
    assert all(("left" in each.partition(": ")[2].lower()) == each.startswith("d095") for each in broken)
