"""The public vocabulary is read totally: what is not understood is unknown, and nothing ever breaks."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cards.machine_readable import facts_json
from app.clinical import vocabulary as words
from app.clinical.evaluate import evaluate
from app.clinical.vocabulary import Answer, Exam, Facts, Wells, parse_day, parse_facts
from tests.front_door import TODAY, pathways

WRONG: list[object] = [
    None,
    "unknown",
    "",
    "Yes",
    "yes",
    1,
    0,
    1.5,
    -1,
    [],
    {},
    ["female"],
    {"value": "female"},
    "\x00",
    10**400,
]

NAMED = {
    "sex": words.SEX,
    "setting": words.SETTING,
    "suspicion": words.SUSPICION,
    "anticoag": words.ANTICOAG,
    "anticoag_indication": words.ANTICOAG_INDICATION,
    "dialysis": words.DIALYSIS,
    "iodinated_reaction": words.REACTION,
    "gad_reaction": words.REACTION,
    "mri": words.MRI,
}
NAMED_OF_EXAM = {
    "report_status": words.REPORT_STATUS,
    "result": words.RESULT,
    "location": words.LOCATION,
    "protocol": words.PROTOCOL,
    "quality": words.QUALITY,
    "side": words.SIDE,
    "cfv": words.CFV,
    "iliac": words.ILIAC,
}
ANSWERS = ("pregnant", "aki", "intervention_considered")


def only_exam(**members: object) -> Exam:
    """The one study."""
    (found,) = parse_facts({"exams": [members]}).exams
    return found


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, allowed in NAMED.items() for value in allowed])
def test_a_named_value_is_kept(name: str, value: str) -> None:
    assert getattr(parse_facts({name: value}), name) == value


@pytest.mark.parametrize("value", WRONG, ids=repr)
@pytest.mark.parametrize("name", NAMED)
def test_any_other_value_is_unknown(name: str, value: object) -> None:
    assert getattr(parse_facts({name: value}), name) == "unknown"


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, known in NAMED_OF_EXAM.items() for value in known])
def test_a_named_value_of_a_study_is_kept(name: str, value: str) -> None:
    assert getattr(only_exam(**{name: value}), name) == value


@pytest.mark.parametrize("value", WRONG, ids=repr)
@pytest.mark.parametrize("name", NAMED_OF_EXAM)
def test_any_other_value_of_a_study_is_unknown(name: str, value: object) -> None:
    assert getattr(only_exam(**{name: value}), name) == "unknown"


@pytest.mark.parametrize("name", ANSWERS)
def test_yes_and_no_are_true_and_false_and_nothing_else(name: str) -> None:
    assert getattr(parse_facts({name: True}), name) is Answer.YES
    assert getattr(parse_facts({name: False}), name) is Answer.NO
    for value in WRONG:
        assert getattr(parse_facts({name: value}), name) is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("value", "age"),
    [
        (0, 0),
        (130, 130),
        (54.0, 54),
        (Decimal(54), 54),
        (-1, None),
        (131, None),
        (54.5, None),
        ("54", None),
        (True, None),
    ],
    ids=repr,
)
def test_an_age_is_a_whole_number_of_years(value: object, age: int | None) -> None:
    assert parse_facts({"age": value}).age == age


@pytest.mark.parametrize(
    ("value", "egfr"),
    [
        (0, "0"),
        (29.9, "29.9"),
        (Decimal("29.99"), "29.99"),
        (-0.1, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**9, None),
        (999_999_999, "999999999"),
        ("60", None),
        (False, None),
        ([60], None),
    ],
    ids=repr,
)
def test_a_number_is_finite_and_not_negative_and_read_as_it_was_written(value: object, egfr: str | None) -> None:
    assert parse_facts({"egfr": value}).egfr == (None if egfr is None else Decimal(egfr))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-02", date(2026, 3, 2)),
        ("2026-03-02T23:59:59-05:00", date(2026, 3, 2)),
        ("2026-03-02t00:00:00Z", date(2026, 3, 2)),
        ("2026-03-02 10:00", date(2026, 3, 2)),
        ("9999-12-31", date.max),
        ("2026-02-30", None),
        ("2026-03", None),
        ("2026", None),
        ("20260302", None),
        ("2026-W10-1", None),
        ("2026-03-021", None),
        ("02.03.2026", None),
        ("2026-03-0\uff12", None),
        (" 2026-03-02", None),
        ("", None),
        (20260302, None),
        (None, None),
    ],
    ids=repr,
)
def test_a_day_is_the_first_ten_characters_of_a_date(text: object, day: date | None) -> None:
    assert parse_day(text) == day


@pytest.mark.parametrize(
    ("modality", "read"),
    [("US", "US"), ("CTV", "CTV"), ("MRV", "MRV"), (None, "US"), ("unknown", "US")],
)
def test_a_study_is_an_ultrasound_unless_it_says_otherwise(modality: object, read: str) -> None:
    assert only_exam(modality=modality).modality == read


@pytest.mark.parametrize("modality", ["XR", "ct", 5, [], {}, ["US"]], ids=repr)
def test_a_study_of_another_modality_is_none_of_ours(modality: object) -> None:
    assert parse_facts({"exams": [{"modality": modality, "result": "negative"}]}).exams == ()


def test_studies_equal_in_every_fact_are_one() -> None:
    twice = [{"date": "2026-03-02", "result": "negative"}] * 2

    assert len(parse_facts({"exams": twice}).exams) == 1
    assert len(parse_facts({"exams": [*twice, {"date": "2026-03-02"}]}).exams) == 2


def test_one_study_sent_with_and_without_its_final_status_is_one() -> None:
    """Found by the oracle (fact set 20261123/95250): it counted as a second negative look."""
    study = {"date": "2026-03-02", "result": "negative"}

    assert len(parse_facts({"exams": [study, {**study, "report_status": "final"}]}).exams) == 1
    assert len(parse_facts({"exams": [{**study, "report_status": "preliminary"}, study]}).exams) == 2


def test_what_is_no_study_is_an_unknown_study() -> None:
    """A study that cannot be read may be the one that shows a thrombus: it does not vanish."""
    assert parse_facts({"exams": ["negative", 5, None]}).exams == (Exam(),)
    assert parse_facts({"exams": "negative"}).exams == ()


def test_of_several_names_only_the_known_are_kept() -> None:
    assert only_exam(unseen=["femoral", "aorta", 5, ["cfv"]]).unseen == {"femoral"}
    assert only_exam(unseen="femoral").unseen == frozenset()


def test_a_d_dimer_without_a_usable_value_is_still_one() -> None:
    assert parse_facts({"ddimer": {}}).ddimer == words.DDimer()
    assert parse_facts({"ddimer": None}).ddimer is None
    assert parse_facts({"ddimer": 400}).ddimer is None


def test_a_superficial_thrombosis_without_measures_is_still_one() -> None:
    assert parse_facts({"alt": {"svt": {}}}).alt.svt == words.SuperficialThrombosis()
    assert parse_facts({"alt": {"svt": True}}).alt.svt is None


def test_wells_items_are_those_of_the_score() -> None:
    found = parse_facts({"wells": {"score": 2, "items": {"calf_gt_3cm": True, "pitting_edema": 1, "other": True}}})

    assert found.wells == Wells(2, {"calf_gt_3cm": Answer.YES, "pitting_edema": Answer.UNKNOWN})


def test_procedures_keep_the_days_that_are_days() -> None:
    found = parse_facts({"procedure": {"stent_date": "2026-01-01", "surveillance_done": ["2026-02-01", "soon", None]}})

    assert found.procedure == words.Procedures(date(2026, 1, 1), None, frozenset({date(2026, 2, 1)}))
    assert parse_facts({"procedure": {"surveillance_done": "2026-02-01"}}).procedure == words.Procedures()


@pytest.mark.parametrize("value", [None, [], "facts", 5, True, {}, {"facts": {}}, {1: 2}], ids=repr)
def test_what_holds_no_facts_is_wholly_unknown(value: object) -> None:
    assert parse_facts(value) == Facts()


# ------------------------------------------------------------------------------------------------------- whatever comes

KEYS = [
    *(*NAMED, *NAMED_OF_EXAM, *ANSWERS, "age", "egfr", "date", "as_of", "unseen", "modality", "value", "unit", "score"),
    *("exams", "symptoms", "wells", "items", "ddimer", "risk", "alt", "svt", "orders", "procedure", "red_flags"),
]
VALUES = sorted({value for allowed in (*NAMED.values(), *NAMED_OF_EXAM.values()) for value in allowed})

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(VALUES)
    | st.dates().map(date.isoformat)
)
json_like = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=25,
)
patients = st.dictionaries(st.sampled_from(KEYS), json_like, max_size=12)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(json_like | patients)
def test_whatever_comes_is_read(value: Any) -> None:  # noqa: ANN401 -- anything
    found = parse_facts(value)

    assert parse_facts(value) == found
    assert all(each in (*words.RESULT, "unknown") for each in (exam.result for exam in found.exams))
    assert found.egfr is None or found.egfr >= 0


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(patients)
def test_whatever_is_read_can_be_decided_on(value: Any) -> None:  # noqa: ANN401 -- anything
    found = parse_facts(value)

    assert evaluate(pathways(), found, today=TODAY, config={}).facts == found


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(patients)
def test_what_was_understood_is_understood_again(value: Any) -> None:  # noqa: ANN401 -- anything
    """What /evaluate shows as facts may be sent back to it."""
    shown = facts_json(parse_facts(value))

    assert facts_json(parse_facts(shown)) == shown
