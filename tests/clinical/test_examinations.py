"""Decision table section 1, 2.1, 3.7 and 3.8: which study counts, what it proves, and where the clock starts."""

from datetime import date
from typing import Any

import pytest

from app.clinical.examinations import (
    COMPLETE,
    IGNORED,
    NOT_YET_FINAL,
    count,
    is_compromised,
    is_limited,
    is_positive,
    is_satisfactory,
    is_usable,
    misses_a_leg,
)
from app.clinical.vocabulary import PROTOCOL, REPORT_STATUS, RESULT, SEGMENT, SIDE
from tests.clinical.patients import a_study, day, episode, exam, names, symptoms

LIMITED = {"protocol": "proximal_duplex"}
POOR = {"quality": "compromised"}
UNREAD = {"result": None}


# ------------------------------------------------------------------------------------------------------- one study


@pytest.mark.parametrize("status", [*REPORT_STATUS, None])
def test_a_result_is_usable_unless_its_report_is_not_final(status: str | None) -> None:
    """Absent counts as final; cancelled ones are left out before this is asked."""
    assert is_usable(a_study(report_status=status)) is (status not in NOT_YET_FINAL)


@pytest.mark.parametrize("status", NOT_YET_FINAL)
def test_a_preliminary_thrombus_is_acted_on(status: str) -> None:
    assert is_usable(a_study(report_status=status, result="acute_dvt"))
    assert is_usable(a_study(report_status=status, iliac="positive"))


def test_an_unknown_result_is_never_usable() -> None:
    assert not is_usable(a_study(result=None))
    assert not is_usable(a_study(result="looks fine"))


@pytest.mark.parametrize("protocol", [*PROTOCOL, None])
def test_a_study_is_limited_unless_its_protocol_is_complete(protocol: str | None) -> None:
    assert is_limited(a_study(protocol=protocol)) is (protocol not in COMPLETE)


@pytest.mark.parametrize("segment", SEGMENT)
def test_an_unseen_vein_limits_the_calf_and_compromises_the_thigh(segment: str) -> None:
    """The iliac vein is not what a leg scan aims at."""
    study = a_study(unseen=[segment])

    assert is_limited(study) is (segment in ("peroneal", "posterior_tibial"))
    assert is_compromised(study) is (segment in ("cfv", "femoral", "popliteal"))
    assert is_satisfactory(study) is (segment == "iliac")


@pytest.mark.parametrize("result", [*RESULT, None])
def test_a_study_with_doubt_or_thrombus_is_compromised(result: str | None) -> None:
    sound = result in ("negative", "svt_only", "chronic_change")

    assert is_compromised(a_study(result=result)) is not sound
    assert is_satisfactory(a_study(result=result)) is sound


@pytest.mark.parametrize("quality", ["adequate", "minor_limitation", "compromised", None])
def test_only_more_than_a_minor_limitation_compromises(quality: str | None) -> None:
    assert is_compromised(a_study(quality=quality)) is (quality == "compromised")


def test_a_thrombus_on_iliac_imaging_is_positive_whatever_the_leg_shows() -> None:
    assert is_positive(a_study(iliac="positive"))
    assert not is_positive(a_study(iliac="adequate_negative"))
    assert is_compromised(a_study(iliac="positive"))


@pytest.mark.parametrize("exam_side", [*SIDE, "unknown"])
@pytest.mark.parametrize("symptom_side", [*SIDE, "unknown"])
def test_a_leg_is_missed_only_when_both_sides_are_known(exam_side: str, symptom_side: str) -> None:
    known = "unknown" not in (exam_side, symptom_side)

    assert misses_a_leg(exam_side, symptom_side) is (known and exam_side not in (symptom_side, "bilateral"))


# ----------------------------------------------------------------------------------------------- the studies there are


@pytest.mark.parametrize("status", IGNORED)
def test_a_cancelled_study_is_none(status: str) -> None:
    assert names(exam(report_status=status))["result_gate"] == "no_study"


@pytest.mark.parametrize(("on", "seen"), [(3, True), (4, False)])
def test_a_study_of_tomorrow_is_ignored_and_told(on: int, *, seen: bool) -> None:
    found = names(exam(), exam(on, result="acute_dvt"), on=3)

    assert found["positive_study"] == ("yes" if seen else "no")
    assert found["future_study"] == ("no" if seen else "yes")


def test_a_cancelled_study_of_tomorrow_is_not_told() -> None:
    assert names(exam(), exam(4, report_status="cancelled"))["future_study"] == "no"


def test_the_last_study_leads_and_an_undated_one_is_last() -> None:
    early, late, undated = exam(0, cfv="normal"), exam(2, cfv="absent"), exam(None, cfv="continuous")

    assert names(late, early)["cfv"] == "absent"
    assert names(undated, late, early)["cfv"] == "continuous"


def test_of_studies_of_one_day_the_one_given_last_leads() -> None:
    assert names(exam(cfv="absent"), exam(cfv="normal"))["cfv"] == "normal"
    assert names(exam(cfv="normal"), exam(cfv="absent"))["cfv"] == "absent"


def test_without_an_ultrasound_there_is_no_study() -> None:
    only_ct = names(exam(modality="CTV"))

    assert (only_ct["latest_age"], only_ct["result_gate"], only_ct["studies"]) == ("none", "no_study", "none")
    assert only_ct["satisfactory"] == "no"


@pytest.mark.parametrize(("age", "said"), [(0, "current"), (30, "current"), (31, "stale"), (90, "stale"), (91, "old")])
def test_a_study_ages(age: int, said: str) -> None:
    assert names(exam(), on=age)["latest_age"] == said


def test_an_undated_study_is_current() -> None:
    assert names(exam(None), on=400)["latest_age"] == "current"
    assert names(exam(None))["undated_study"] == "yes"


# ------------------------------------------------------------------------------------------------------- rule G-RESULT


@pytest.mark.parametrize(("earlier", "gate"), [(0, "earlier_usable"), (-1, "none_usable")])
def test_an_unusable_result_gives_way_to_a_usable_one_of_the_last_30_days(earlier: int, gate: str) -> None:
    assert names(exam(earlier), exam(30, **UNREAD), on=30)["result_gate"] == gate


def test_the_last_usable_one_stands_in() -> None:
    found = episode(exam(0, side="right"), exam(1), exam(2, **UNREAD), exam(3, **UNREAD))

    assert found.latest
    assert found.latest.date == day(1)
    assert found.result_gate == "earlier_usable"


def test_an_undated_unusable_study_has_every_study_before_it() -> None:
    assert names(exam(0), exam(None, **UNREAD), on=300)["result_gate"] == "earlier_usable"


def test_a_usable_study_is_its_own() -> None:
    assert names(exam(0, **UNREAD), exam(1))["result_gate"] == "usable"


# ---------------------------------------------------------------------------------------------------------- rule G-POS


@pytest.mark.parametrize(("before", "reached"), [(30, True), (31, False), (None, True)])
def test_a_thrombus_of_the_last_30_days_is_of_this_episode(before: int | None, *, reached: bool) -> None:
    earlier = exam(None if before is None else -before, result="acute_dvt")

    assert names(earlier, exam(0))["positive_study"] == ("yes" if reached else "no")


def test_a_venography_with_a_thrombus_is_positive_and_later_is_fine() -> None:
    assert names(exam(0), exam(3, modality="CTV", result="acute_dvt"))["positive_study"] == "yes"
    assert names(exam(0), exam(None, modality="MRV", iliac="positive"))["positive_study"] == "yes"
    assert names(exam(0), exam(-31, modality="CTV", result="acute_dvt"))["positive_study"] == "no"


def test_the_latest_positive_study_is_used_and_a_venography_after_an_ultrasound_of_its_day() -> None:
    """Section 11: undated last, ultrasound before venography on equal dates, equal ones in the given order."""
    leg, pelvis = exam(1, result="acute_dvt"), exam(1, modality="CTV", result="acute_dvt")
    undated = exam(None, result="acute_dvt", side="right")
    same_day = exam(1, result="acute_dvt", side="bilateral")

    def positive(*exams: dict[str, Any]) -> Any:  # noqa: ANN401 -- a study or none
        return episode(*exams).positive

    assert positive(pelvis, leg).modality == "CTV"
    assert positive(pelvis, undated, leg).side == "right"
    assert positive(leg, same_day).side == "bilateral"
    assert positive(same_day, leg).side == "left"
    assert positive(exam(0)) is None


# ---------------------------------------------------------------------------------------------------------- the anchor


@pytest.mark.parametrize(
    ("studies", "anchor"),
    [
        ([(0, {})], 0),
        ([(0, LIMITED)], 0),
        ([(0, {}), (3, {})], 3),
        ([(0, LIMITED), (3, LIMITED)], 0),
        ([(0, LIMITED), (3, POOR), (5, UNREAD), (6, LIMITED)], 0),
        ([(0, {}), (3, LIMITED)], 3),
        ([(0, {}), (3, LIMITED), (5, POOR)], 3),
        ([(0, LIMITED), (3, {}), (5, LIMITED)], 5),
        ([(0, LIMITED), (3, {})], 3),
        ([(None, LIMITED)], None),
        ([(0, LIMITED), (None, LIMITED)], 0),
        ([(None, {})], None),
        ([], None),
    ],
    ids=[
        "one",
        "one limited",
        "two complete: the later",
        "a second limited one does not restart the clock",
        "a run of poor ones begins with its first",
        "a run begins after the last satisfactory one",
        "and goes on",
        "the run before a satisfactory one is over",
        "L satisfactory",
        "undated",
        "an undated one joins the run",
        "undated and satisfactory",
        "none",
    ],
)
def test_day_0(studies: list[tuple[int | None, dict[str, object]]], anchor: int | None) -> None:
    found = episode(*(exam(on, **members) for on, members in studies), on=6)

    assert found.anchor == (None if anchor is None else day(anchor))


@pytest.mark.parametrize(("gap", "anchor"), [(30, 0), (31, 31)])
def test_a_run_does_not_reach_back_beyond_30_days(gap: int, anchor: int) -> None:
    assert episode(exam(0, **LIMITED), exam(gap, **LIMITED), on=gap).anchor == day(anchor)


def test_an_earlier_study_of_the_other_leg_is_not_of_this_episode() -> None:
    other_leg = episode(exam(0, side="right", **LIMITED), exam(3, **LIMITED), symptoms=symptoms(), on=6)
    side_unknown = episode(exam(0, side=None, **LIMITED), exam(3, **LIMITED), symptoms=symptoms(), on=6)

    assert (other_leg.anchor, count(other_leg.members)) == (day(3), "one")
    assert (side_unknown.anchor, count(side_unknown.members)) == (day(0), "several")


# ----------------------------------------------------------------------------------------------------- the fallback


def fallen_back(*later: dict[str, Any], status: str = "resolved", on: int = 6) -> bool:
    """A satisfactory study on day 0, then others."""
    return episode(exam(0), *later, symptoms=symptoms(status, on), on=on).falls_back


def test_a_merely_limited_later_look_does_not_undo_a_complete_one_in_a_patient_who_is_well() -> None:
    """Rule A4."""
    found = names(exam(0), exam(3, **LIMITED), symptoms=symptoms("improving", 6), on=6)

    assert (found["limited"], found["compromised"], found["satisfactory"]) == ("no", "no", "yes")
    assert episode(exam(0), exam(3, **LIMITED), symptoms=symptoms("improving", 6), on=6).anchor == day(0)
    assert found["protocol"] == "proximal_duplex"


@pytest.mark.parametrize("status", ["persistent", "worsening", "new", "unknown"])
def test_a_patient_who_is_not_known_to_be_well_has_no_fallback(status: str) -> None:
    assert not fallen_back(exam(3, **LIMITED), status=status)


@pytest.mark.parametrize(
    "later",
    [
        POOR,
        {"result": "equivocal", **LIMITED},
        {"result": "nondiagnostic"},
        {"unseen": ["popliteal"], **LIMITED},
        {"result": "svt_only", **LIMITED},
        UNREAD,
        {"protocol": None},
    ],
    ids=["poor", "equivocal", "nondiagnostic", "proximal unseen", "not negative", "unusable", "extent unknown"],
)
def test_nothing_worse_than_limited_falls_back(later: dict[str, object]) -> None:
    assert not fallen_back(exam(3, **later), exam(4, **LIMITED))


def test_every_study_of_the_run_has_to_be_merely_limited() -> None:
    assert fallen_back(exam(3, **LIMITED), exam(4, **LIMITED))
    assert not fallen_back(exam(3, **POOR), exam(4, **LIMITED))


def test_without_an_earlier_satisfactory_study_there_is_nothing_to_fall_back_on() -> None:
    assert not episode(exam(0, **LIMITED), symptoms=symptoms("resolved", 3)).falls_back
    assert not episode(exam(0), symptoms=symptoms("resolved", 3)).falls_back


# -------------------------------------------------------------------------------------------------- serial negatives


@pytest.mark.parametrize(("gap", "said"), [(0, "one"), (4, "one"), (5, "two"), (30, "two"), (31, "one")])
def test_two_negatives_are_at_least_5_days_apart_and_of_one_episode(gap: int, said: str) -> None:
    assert names(exam(0, cfv="normal"), exam(gap), on=40)["negatives"] == said


def test_first_and_last_count_not_neighbours() -> None:
    assert names(exam(0), exam(3), exam(6), on=6)["negatives"] == "two"


def test_an_undated_study_is_never_the_second() -> None:
    assert names(exam(0), exam(None), on=20)["negatives"] == "one"


def test_negatives_do_not_need_the_latest_study_to_be_satisfactory() -> None:
    assert names(exam(0), exam(6), exam(7, **POOR), on=7)["negatives"] == "two"
    assert names(exam(0, **POOR))["negatives"] == "none"


@pytest.mark.parametrize("studies", [0, 1, 2, 3])
def test_studies_are_counted_as_none_one_and_several(studies: int) -> None:
    found = episode(*(exam(number) for number in range(studies)), on=6)

    assert count(found.members) == ("none", "one", "several", "several")[studies]
    assert count(found.satisfactory_members) == ("none", "one", "several", "several")[studies]


# -------------------------------------------------------------------------------------------------------------- side


@pytest.mark.parametrize(
    ("scanned", "symptomatic", "said"),
    [
        ("left", "left", "matched"),
        ("bilateral", "left", "matched"),
        ("bilateral", None, "matched"),
        ("bilateral", "bilateral", "matched"),
        ("left", "right", "not_scanned"),
        ("left", "bilateral", "partly_scanned"),
        ("left", None, "unknown"),
        (None, "left", "unknown"),
        (None, "bilateral", "unknown"),
        (None, None, "unknown"),
    ],
)
def test_every_symptomatic_leg_has_to_be_scanned(scanned: str | None, symptomatic: str | None, said: str) -> None:
    """Decision table 3.7."""
    assert names(exam(side=scanned), symptoms=symptoms(side=symptomatic))["side"] == said


# ------------------------------------------------------------------------------------------------------------ status


@pytest.mark.parametrize(
    ("as_of", "said"),
    [(-1, "unknown"), (0, "unknown"), (1, "resolved"), (6, "resolved"), (7, "unknown"), (None, "unknown")],
)
def test_a_status_counts_when_recorded_after_the_day_of_the_study_and_not_after_today(
    as_of: int | None, said: str
) -> None:
    found = names(exam(0), symptoms=symptoms("resolved", as_of), on=6)

    assert (found["status"], found["recorded_status"]) == (said, "resolved")


def test_against_an_undated_study_no_status_counts() -> None:
    assert names(exam(None), symptoms=symptoms("resolved", 6), on=6)["status"] == "unknown"


def test_a_status_is_timed_against_the_study_that_stands_in_or_else_against_the_last() -> None:
    stands_in = names(exam(0), exam(5, **UNREAD), symptoms=symptoms("worsening", 3), on=6)
    nothing_usable = names(exam(5, **UNREAD), symptoms=symptoms("worsening", 3), on=6)

    assert stands_in["status"] == "worsening"
    assert nothing_usable["status"] == "unknown"


def test_in_a_new_episode_a_status_is_timed_against_the_last_study() -> None:
    """RU-STALE is tested before G-RESULT."""
    stale = names(exam(0), exam(5, **UNREAD), symptoms=symptoms("worsening", 3), on=40)

    assert (stale["latest_age"], stale["status"]) == ("stale", "unknown")


# -------------------------------------------------------------------------------------------------------- venography


def venography(on: int | None = 3, modality: str = "CTV", **members: Any) -> dict[str, Any]:  # noqa: ANN401 -- members of an exam
    return exam(on, modality=modality, **members)


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (venography(), "answers"),
        (venography(0), "answers"),
        (venography(-1), "open"),
        (venography(None), "open"),
        (venography(quality="compromised"), "open"),
        (venography(quality=None), "answers"),
        (venography(result="nondiagnostic"), "open"),
        (venography(report_status="preliminary"), "open"),
        (venography(modality="MRV"), "answers"),
    ],
    ids=[
        "good",
        "on day 0",
        "before day 0",
        "undated",
        "poor",
        "quality not stated",
        "nondiagnostic",
        "preliminary",
        "MR",
    ],
)
def test_a_good_final_venography_since_day_0_answers(done: dict[str, Any], said: str) -> None:
    """Decision table 3.8."""
    assert names(exam(0), done, symptoms=symptoms(on=3))["venography"] == said


@pytest.mark.parametrize(("on", "said"), [(3, "open"), (4, "answers"), (5, "answers")])
def test_after_worsening_only_a_later_one_answers(on: int, said: str) -> None:
    found = names(exam(0), venography(on), symptoms=symptoms("worsening", 4), on=6)

    assert found["venography"] == said


def test_without_day_0_no_venography_counts() -> None:
    assert names(exam(None), venography())["venography"] == "open"


@pytest.mark.parametrize(
    ("members", "used_up"),
    [
        ({"result": "nondiagnostic"}, True),
        ({"result": "equivocal"}, True),
        ({"quality": "compromised"}, True),
        ({}, False),
        ({"result": "chronic_change"}, False),
    ],
    ids=["nondiagnostic", "equivocal", "poor", "good", "other"],
)
@pytest.mark.parametrize("modality", ["CTV", "MRV"])
def test_a_modality_that_did_not_answer_is_used_up(modality: str, members: dict[str, Any], *, used_up: bool) -> None:
    found = names(exam(0), venography(modality=modality, **members))
    other = {"CTV": "mrv", "MRV": "ctv"}[modality]

    assert found[f"{modality.lower()}_used_up"] == ("yes" if used_up else "no")
    assert found[f"{other}_used_up"] == "no"


def test_nothing_is_used_up_when_another_answered() -> None:
    found = names(exam(0), venography(modality="CTV", result="nondiagnostic"), venography(modality="MRV"))

    assert (found["venography"], found["ctv_used_up"]) == ("answers", "no")


def test_the_day_of_a_venography_does_not_make_it_the_study() -> None:
    assert names(exam(0), venography(2))["studies"] == "one"
    assert episode(exam(0), venography(2)).anchor == date(2026, 3, 2)
