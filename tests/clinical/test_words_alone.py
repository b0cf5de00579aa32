"""A fact read from words does not count when the advice would be calmer for it (threat model H16)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.clinical.evaluate import Evaluation, decide_all
from app.clinical.reading import Found, ReadFrom, RecordFacts
from app.clinical.reading.findings import facts_of
from app.clinical.vocabulary import Facts, parse_facts
from app.clinical.words_alone import ALONE, without_calm_on_words_alone
from app.pathway.content import Indicator
from app.pathway.decide import Recommendation
from app.pathway.timing import Timing, TimingKind
from tests.clinical.patients import day
from tests.front_door import pathways

TEXT, CODE = ReadFrom.TEXT, ReadFrom.CODE
Decide = Callable[[Facts], Evaluation]

STUDY = {"modality": "US", "date": "2026-03-02", "report_status": "final", "side": "left"}
COMPLETE = {"protocol": "complete_duplex", "quality": "adequate"}


def decide_on(number: int) -> Decide:
    return lambda facts: decide_all(pathways(), facts, day(number))


def record(*studies: Mapping[str, tuple[object, ReadFrom]], **facts: Any) -> RecordFacts:  # noqa: ANN401 -- public facts
    """A record of studies, each fact with where it was read; other facts are coded."""
    found = [
        Found(f"exams[{place}].{name}", value, f"DiagnosticReport/r{place}", "x", "2026-03-02", 0, read_from, "said")
        for place, study in enumerate(studies)
        for name, (value, read_from) in study.items()
    ]
    found += [Found(name, value, "Observation/o1", "x", None) for name, value in facts.items()]
    return RecordFacts(facts_of(found), tuple(found), (), ())


def study(in_words: dict[str, object], **in_codes: object) -> dict[str, tuple[object, ReadFrom]]:
    codes = {name: (value, CODE) for name, value in {**STUDY, **in_codes}.items()}
    return codes | {name: (value, TEXT) for name, value in in_words.items()}


def course(status: str, on: int) -> dict[str, Any]:
    return {"symptoms": {"status": status, "as_of": day(on).isoformat(), "side": "left"}}


def counted(given: RecordFacts, on: int = 6) -> set[str]:
    """The facts of the studies that count although they were read from words."""
    kept = without_calm_on_words_alone(given, decide_on(on))
    return {found.fact for found in kept.found if found.read_from is TEXT}


def ids(given: RecordFacts, on: int = 6) -> set[str]:
    kept = without_calm_on_words_alone(given, decide_on(on))
    return {made.id for made in decide_on(on)(parse_facts(kept.facts)).recommendations}


def test_a_record_without_words_stays_as_it_is() -> None:
    given = record(study({}, result="negative", **COMPLETE), **course("resolved", 5))

    assert without_calm_on_words_alone(given, decide_on(6)) is given
    assert "NO-FURTHER-IMAGING" in ids(given)


def test_a_negative_that_dates_a_repeat_counts() -> None:
    given = record(study({"result": "negative"}), **course("resolved", 5))

    assert counted(given) == {"exams[0].result"}
    assert ids(given) >= {"REPEAT-CDUS"}


def test_a_negative_that_would_end_imaging_does_not_count() -> None:
    given = record(study({"result": "negative"}, **COMPLETE), **course("resolved", 5))
    kept = without_calm_on_words_alone(given, decide_on(6))

    assert ids(given) == {"DATA-RESULT"}
    assert [(said.fact, said.value, said.reason) for said in kept.not_counted] == [
        ("exams[0].result", "negative", ALONE)
    ]
    assert [(missed.fact, missed.reason) for missed in kept.not_found] == [("exams[0].result", ALONE)]
    assert kept.not_counted[0].quote == "said"


def test_a_negative_that_would_make_silence_does_not_count() -> None:
    """Improbable DVT, course unknown, day 15: with a negative complete study nothing would be said."""
    given = record(study({"result": "negative"}, **COMPLETE), age=50, wells={"score": 0}, symptoms={"side": "left"})

    assert decide_on(15)(parse_facts(given.facts)).recommendations == ()
    assert ids(given, 15) == {"DATA-RESULT"}


def test_a_negative_that_would_only_ask_about_the_leg_does_not_count() -> None:
    """Short of a scan, what was read is to be confirmed: a visit in its place would be the calmer advice."""
    given = record(study({"result": "negative"}, **COMPLETE), symptoms={"side": "left"})

    assert "REASSESS-CLINICAL" in {made.id for made in decide_on(3)(parse_facts(given.facts)).recommendations}
    assert ids(given, 3) == {"DATA-RESULT"}


def test_a_negative_never_lets_an_anticoagulant_be_reviewed() -> None:
    treated = {"anticoag": "therapeutic", "anticoag_indication": "interim_this_suspicion"}
    given = record(study({"result": "negative"}, **COMPLETE), **treated, symptoms={"side": "left"})

    assert "AC-INTERIM-REVIEW" in {made.id for made in decide_on(3)(parse_facts(given.facts)).recommendations}
    assert "AC-INTERIM-REVIEW" not in ids(given, 3)


def test_a_second_negative_in_words_replaces_no_repeat() -> None:
    """A negative of words six days after a coded one would be the second of two: then no third scan is advised."""
    later = {"date": "2026-03-08"}
    codes = study({}, result="negative", **COMPLETE)
    words = study({"result": "negative"}, **(COMPLETE | later))
    given = record(codes, words, **course("persistent", 9))

    assert "REPEAT-CDUS" not in {made.id for made in decide_on(10)(parse_facts(given.facts)).recommendations}
    assert "REPEAT-CDUS" in ids(given, 10)


def test_a_side_that_would_end_imaging_does_not_count() -> None:
    codes = study({"side": "left"}, result="negative", **COMPLETE)
    given = record(codes, **course("resolved", 5))

    assert counted(given) == set()
    assert "NO-FURTHER-IMAGING" not in ids(given)


def test_a_side_that_misses_the_leg_counts() -> None:
    given = record(study({"side": "right"}, result="negative", **COMPLETE), **course("persistent", 5))

    assert counted(given) == {"exams[0].side"}
    assert "SCAN-SYMPTOMATIC-LEG" in ids(given)


def test_a_place_that_would_make_a_doubt_wait_does_not_count() -> None:
    """An equivocal finding of the calf may wait for days; one of unknown place may not."""
    given = record(study({"location": "distal"}, result="equivocal"), **course("persistent", 5))
    kept = without_calm_on_words_alone(given, decide_on(3))

    assert kept.facts["exams"] == [{**STUDY, "result": "equivocal"}]


def test_a_thrombus_and_its_alarm_are_never_taken_back() -> None:
    treated = {"anticoag": "therapeutic", "anticoag_indication": "established"}
    for fact, value in (("result", "acute_dvt"), ("iliac", "positive")):
        given = record(study({fact: value}), **treated, **course("persistent", 5))

        assert counted(given) == {f"exams[0].{fact}"}
        assert "ROUTE-POSITIVE" in ids(given)


def test_veins_that_were_not_seen_count_together() -> None:
    given = record(
        study({"unseen[0]": "peroneal", "unseen[1]": "posterior_tibial"}, result="negative", **COMPLETE),
        **course("resolved", 5),
    )

    assert counted(given) == {"exams[0].unseen[0]", "exams[0].unseen[1]"}
    assert "REPEAT-CDUS" in ids(given)


def test_a_side_and_a_result_in_words_end_nothing() -> None:
    said: dict[str, object] = {"result": "negative", "side": "left"}
    given = record(study(said, **COMPLETE), **course("resolved", 5))

    assert "NO-FURTHER-IMAGING" in {made.id for made in decide_on(6)(parse_facts(given.facts)).recommendations}
    assert not {"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP"} & ids(given)


def test_what_calms_only_together_is_taken_back_together() -> None:
    """Either of two early negatives in words makes the coded one the second of two."""
    first, second = (study({"result": "negative"}, **COMPLETE, date=f"2026-03-0{number}") for number in (1, 2))
    last = study({}, result="negative", **COMPLETE, date="2026-03-09")
    given = record(first, second, last, **course("persistent", 8))

    assert "REPEAT-CDUS" not in {made.id for made in decide_on(10)(parse_facts(given.facts)).recommendations}
    assert counted(given, 10) == set()
    assert "REPEAT-CDUS" in ids(given, 10)


@pytest.mark.parametrize("status", ["resolved", "improving", "persistent", "worsening", "new"])
@pytest.mark.parametrize(
    "result", ["negative", "svt_only", "chronic_change", "equivocal", "nondiagnostic", "acute_dvt"]
)
@pytest.mark.parametrize(
    "extent", [{}, COMPLETE, {"protocol": "proximal_duplex"}], ids=["unknown", "complete", "limited"]
)
def test_advice_is_never_calmer_for_words(status: str, result: str, extent: dict[str, object]) -> None:
    """For every day, whatever the words say: nothing reassuring that the codes alone would not say."""
    for on in (2, 6, 10, 16):
        given = record(study({"result": result}, **extent), **course(status, on))
        codes = record(study({}, **extent), **course(status, on))

        assert ids(given, on) & {"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP"} <= ids(codes, on)


LOUDER = [
    (Indicator.INFO, TimingKind.NONE),
    (Indicator.INFO, TimingKind.NOW),
    (Indicator.WARNING, TimingKind.NONE),
    (Indicator.WARNING, TimingKind.NOW),
    (Indicator.CRITICAL, TimingKind.NOW),
]
IN_TURN = ("side", "cfv", "iliac", "quality", "protocol")


def test_after_some_rounds_no_word_counts_at_all() -> None:
    """The time of a call has a bound. Here each fact calms, but only when those before it are gone."""
    in_words = {"side": "left", "cfv": "absent", "iliac": "inadequate", "quality": "compromised", "protocol": "pocus"}
    given = record({"modality": ("US", CODE)} | {name: (value, TEXT) for name, value in in_words.items()})
    walks = 0

    def louder_with_each_that_is_gone(facts: Facts) -> Evaluation:
        nonlocal walks
        walks += 1
        known = [getattr(facts.exams[0], name) != "unknown" for name in IN_TURN]
        gone = known.index(True) if True in known else len(known)
        level = gone if all(known[gone:]) else 0
        indicator, kind = LOUDER[min(level, len(LOUDER) - 1)]
        made = Recommendation("REPEAT-CDUS", indicator, (), Timing(kind))
        return replace(decide_on(3)(facts), recommendations=(made,))

    kept = without_calm_on_words_alone(given, louder_with_each_that_is_gone)

    assert [found.fact for found in kept.found] == ["exams[0].modality"]
    assert len(kept.not_counted) == len(in_words)
    assert walks < 30
