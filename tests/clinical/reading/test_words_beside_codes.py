"""What words add to codes: worries count, calm is only for the leg it was said of, and no word replaces a code."""

from dataclasses import replace
from typing import Any

import pytest

from app.clinical.reading.report_texts import Text
from app.clinical.reading.spoken import Spoke, Spoken, verdict
from app.clinical.reading.words_beside_codes import (
    CODE_SAYS_NEGATIVE,
    CODE_SAYS_THROMBUS,
    CUT,
    OTHER_STUDY,
    SELF_CONTRADICTION,
    Coded,
    Weighed,
    weigh,
)

CONCLUSION = Text("what was said", "DiagnosticReport/r1", "conclusion", is_whole=True)
ATTACHED = Text("what was said at length", "DiagnosticReport/r1", "presentedForm[0].data", is_whole=True)
REMARK = Text("what was said of a vein", "Observation/o1", "valueString", is_whole=False)
LEFT_LEG = Coded(
    result=None, says=frozenset(), trouble="", location=None, protocol=None, quality=None, unseen=frozenset(),
    side="left", may_take_side=True, cfv=None, iliac=None,
)  # fmt: skip
WORRIES = ["acute_dvt", "equivocal", "nondiagnostic"]
CALM = ["negative", "svt_only", "chronic_change"]


def spoke(fact: str, value: str, leg: str = "unsided", text: Text = CONCLUSION) -> Spoke:
    return Spoke(fact, value, leg, f"{fact} is {value}.", text)


def words(*said: Spoke, **members: Any) -> Spoken:  # noqa: ANN401 -- members of Spoken
    return Spoken(said, **members)


def coded(**members: Any) -> Coded:  # noqa: ANN401 -- members of Coded
    """The codes of a study of the left leg. A result that is given is also all that the codes say."""
    says = frozenset({members["result"]}) if members.get("result") else frozenset()
    return replace(LEFT_LEG, **{"says": says, **members})


def weighed(codes: Coded, said: Spoken, *, is_ultrasound: bool = True, symptom_side: str = "left") -> Weighed:
    return weigh(codes, said, is_ultrasound=is_ultrasound, symptom_side=symptom_side)


def facts(codes: Coded, said: Spoken, **members: Any) -> dict[str, str]:  # noqa: ANN401 -- of weighed
    return {name: value for name, value, _ in weighed(codes, said, **members).said}


def reasons(codes: Coded, said: Spoken, **members: Any) -> dict[str, str]:  # noqa: ANN401 -- of weighed
    return dict(weighed(codes, said, **members).taken_back)


# ---- a report without a coded result -------------------------------------------------------------


@pytest.mark.parametrize("result", [*WORRIES, *CALM])
def test_a_result_in_words_alone_is_read(result: str) -> None:
    assert facts(coded(), words(spoke("result", result))) == {"result": result}


@pytest.mark.parametrize("result", [*WORRIES, *CALM])
def test_silence_says_nothing(result: str) -> None:
    for codes in (coded(), coded(result=result)):
        assert weighed(codes, words()) == Weighed()


def test_words_that_contradict_themselves_give_no_result() -> None:
    assert reasons(coded(), words(spoke("result", "conflict"))) == {"result": SELF_CONTRADICTION}


def test_two_texts_that_contradict_each_other_give_no_result() -> None:
    said = words(spoke("result", "negative"), spoke("result", "acute_dvt", "left", ATTACHED))

    assert facts(coded(), said) == {}
    assert reasons(coded(), said) == {"result": SELF_CONTRADICTION}


def test_two_legs_that_differ_do_not_contradict_each_other() -> None:
    said = words(spoke("result", "negative", "right"), spoke("result", "acute_dvt", "left", ATTACHED))

    assert facts(coded(side="bilateral"), said) == {"result": "acute_dvt"}


@pytest.mark.parametrize(
    ("side", "symptom_side", "legs", "result"),
    [
        ("left", "left", ["left"], "negative"),
        ("left", "left", ["unsided"], "negative"),
        ("left", "left", ["right"], None),
        ("bilateral", "left", ["left"], "negative"),
        ("bilateral", "left", ["right"], None),
        ("bilateral", "bilateral", ["left"], None),
        ("bilateral", "unknown", ["left"], None),
        ("bilateral", "unknown", ["left", "right"], "negative"),
        ("bilateral", "unknown", ["unsided"], "negative"),
        (None, "left", ["unsided"], "negative"),
    ],
)
def test_a_negative_is_believed_only_of_the_leg_it_was_said_of(
    side: str | None, symptom_side: str, legs: list[str], result: str | None
) -> None:
    said = words(*(spoke("result", "negative", leg) for leg in legs))

    assert facts(coded(side=side), said, symptom_side=symptom_side).get("result") == result


def test_a_thrombus_of_any_leg_counts() -> None:
    for leg in ("left", "right", "unsided"):
        assert facts(coded(), words(spoke("result", "acute_dvt", leg)))["result"] == "acute_dvt"


def test_of_two_legs_the_more_worrying_result_counts() -> None:
    said = words(spoke("result", "negative", "left"), spoke("result", "chronic_change", "right"))

    assert facts(coded(side="bilateral"), said, symptom_side="bilateral") == {"result": "chronic_change"}


@pytest.mark.parametrize(("legs", "side"), [(["left"], "left"), (["left", "right"], "bilateral")])
def test_the_legs_that_are_named_are_the_side_when_no_code_says_it(legs: list[str], side: str) -> None:
    said = words(*(spoke("result", "negative", leg) for leg in legs))

    assert facts(coded(side=None), said) == {"result": "negative", "side": side}


def test_a_side_on_which_codes_disagree_is_not_taken_from_words() -> None:
    codes = coded(side=None, may_take_side=False)

    assert facts(codes, words(spoke("result", "negative", "left"))) == {}


def test_a_remark_on_a_vein_cannot_say_that_the_study_was_negative() -> None:
    assert facts(coded(), words(spoke("result", "negative", text=REMARK))) == {}


def test_a_remark_on_a_vein_can_say_that_it_was_not() -> None:
    said = words(spoke("result", "negative"), spoke("result", "chronic_change", text=REMARK))

    assert facts(coded(), said) == {"result": "chronic_change"}
    assert facts(coded(), words(spoke("result", "acute_dvt", text=REMARK))) == {"result": "acute_dvt"}


def test_words_that_were_cut_do_not_calm() -> None:
    said = words(spoke("result", "negative"), is_cut=True)

    assert facts(coded(), said) == {}
    assert [reason for _, reason in weighed(coded(), said).not_counted] == [CUT]
    assert facts(coded(), words(spoke("result", "acute_dvt"), is_cut=True)) == {"result": "acute_dvt"}


@pytest.mark.parametrize("result", CALM)
def test_words_do_not_calm_beside_codes_that_cannot_be_read(result: str) -> None:
    codes = coded(trouble="another part of the report cannot be read")

    assert facts(codes, words(spoke("result", result))) == {}


@pytest.mark.parametrize("result", WORRIES)
def test_words_worry_beside_codes_that_cannot_be_read(result: str) -> None:
    codes = coded(trouble="another part of the report cannot be read")

    assert facts(codes, words(spoke("result", result))) == {"result": result}


def test_only_a_thrombus_settles_codes_that_contradict_each_other() -> None:
    codes = coded(says=frozenset({"abnormal"}), trouble="abnormal, but the code does not say in which way")

    assert facts(codes, words(spoke("result", "acute_dvt"))) == {"result": "acute_dvt"}
    for result in ("equivocal", "negative"):
        assert facts(codes, words(spoke("result", result))) == {}


# ---- a report with a coded result ----------------------------------------------------------------


def test_thrombus_in_words_under_a_negative_code_gives_no_result() -> None:
    found = weighed(coded(result="negative"), words(spoke("result", "acute_dvt")))

    assert found.said == []
    assert found.taken_back == [("result", CODE_SAYS_NEGATIVE)]
    assert [(said.value, reason) for said, reason in found.not_counted] == [("acute_dvt", CODE_SAYS_NEGATIVE)]


def test_a_negative_in_words_under_a_thrombus_code_changes_nothing_and_is_shown() -> None:
    found = weighed(coded(result="acute_dvt"), words(spoke("result", "negative")))

    assert (found.said, found.taken_back) == ([], [])
    assert [(said.value, reason) for said, reason in found.not_counted] == [("negative", CODE_SAYS_THROMBUS)]


@pytest.mark.parametrize("result", ["acute_dvt", "equivocal", "nondiagnostic"])
def test_words_that_contradict_themselves_take_back_no_worry(result: str) -> None:
    assert reasons(coded(result=result), words(spoke("result", "conflict"))) == {}


@pytest.mark.parametrize("result", CALM)
def test_words_that_contradict_themselves_take_back_calm(result: str) -> None:
    assert reasons(coded(result=result), words(spoke("result", "conflict"))) == {"result": SELF_CONTRADICTION}


ORDER = ["acute_dvt", "equivocal", "nondiagnostic", "chronic_change", "svt_only", "negative"]


@pytest.mark.parametrize("said", ORDER)
@pytest.mark.parametrize("code", ORDER)
def test_of_code_and_words_the_more_careful_counts(code: str, said: str) -> None:
    found = facts(coded(result=code), words(spoke("result", said)))
    contradiction = (code, said) == ("negative", "acute_dvt")

    if contradiction or ORDER.index(said) >= ORDER.index(code):
        assert found == {}
    else:
        assert found == {"result": said}


def test_another_study_in_the_words_is_no_negative() -> None:
    said = words(spoke("result", "negative"), other_study="arm")

    for result in (None, *CALM):
        assert reasons(coded(result=result), said) == {"result": OTHER_STUDY}
    for result in WORRIES:
        assert reasons(coded(result=result), said) == {}
    assert facts(coded(), said) == {}


# ---- extent, veins, place ------------------------------------------------------------------------


def test_words_limit_a_complete_study() -> None:
    said = words(spoke("protocol", "proximal_only"))

    assert "protocol" in reasons(coded(protocol="complete_duplex"), said)
    assert facts(coded(), said) == {"protocol": "proximal_duplex"}
    assert weighed(coded(protocol="pocus"), said) == Weighed()


@pytest.mark.parametrize(
    ("fact", "value"), [("protocol", "whole_leg"), ("cfv", "normal"), ("iliac", "adequate_negative")]
)
def test_what_would_reassure_is_never_read_from_words(fact: str, value: str) -> None:
    found = weighed(coded(), words(spoke(fact, value)))

    assert found.said == []
    assert [said.value for said, _ in found.not_counted] == [value]


@pytest.mark.parametrize("fact", ["alternative", "svt_length_cm", "svt_junction_cm", "repeat_advised"])
def test_what_decides_nothing_is_shown(fact: str) -> None:
    found = weighed(coded(), words(spoke(fact, "something")))

    assert found.said == []
    assert len(found.not_counted) == 1


def test_veins_not_seen_are_added_to_those_of_the_codes() -> None:
    said = words(spoke("unseen", "peroneal"), spoke("unseen", "femoral"), spoke("unseen", "peroneal", "left"))

    assert facts(coded(), said) == {"unseen[0]": "femoral", "unseen[1]": "peroneal"}
    assert facts(coded(unseen=frozenset({"femoral"})), said) == {"unseen[1]": "peroneal"}


@pytest.mark.parametrize(
    ("quality", "said", "result"),
    [
        (None, ["limited"], "compromised"),
        (None, ["incomplete"], "compromised"),
        ("adequate", ["limited"], "compromised"),
        ("minor_limitation", ["incomplete"], "compromised"),
        ("compromised", ["limited"], None),
    ],
)
def test_a_limited_study_is_compromised(quality: str | None, said: list[str], result: str | None) -> None:
    found = facts(coded(quality=quality), words(*(spoke("quality", value) for value in said)))

    assert found.get("quality") == result


def test_a_limitation_whose_veins_are_named_is_that_these_were_not_seen() -> None:
    said = words(spoke("quality", "limited"), spoke("unseen", "peroneal"))

    assert facts(coded(), said) == {"unseen[0]": "peroneal", "quality": "minor_limitation"}


@pytest.mark.parametrize("flow", ["monophasic", "continuous", "asymmetric", "absent"])
def test_abnormal_flow_counts(flow: str) -> None:
    for code in (None, "normal", "pulsatile", "not_assessed"):
        assert facts(coded(cfv=code), words(spoke("cfv", flow))) == {"cfv": flow}
    assert facts(coded(cfv="absent"), words(spoke("cfv", flow))) == {}


def test_iliac_veins_not_seen_count() -> None:
    said = words(spoke("iliac", "inadequate"))

    for code in (None, "not_imaged", "adequate_negative"):
        assert facts(coded(iliac=code), said) == {"iliac": "inadequate"}
    assert facts(coded(iliac="positive"), said) == {}
    assert facts(coded(), words(spoke("iliac", "not_imaged"))) == {"iliac": "not_imaged"}
    assert facts(coded(iliac="adequate_negative"), words(spoke("iliac", "not_imaged"))) == {}


def test_an_iliac_thrombus_is_a_thrombus() -> None:
    said = words(spoke("iliac", "positive"))

    assert facts(coded(), said) == {"result": "acute_dvt", "iliac": "positive"}
    assert reasons(coded(result="negative"), said) == {"result": CODE_SAYS_NEGATIVE}


def test_the_most_central_place_leads() -> None:
    said = words(spoke("result", "acute_dvt"), spoke("location", "distal"), spoke("location", "iliofemoral", "left"))

    assert facts(coded(), said) == {"result": "acute_dvt", "location": "iliofemoral"}
    assert facts(coded(result="acute_dvt", location="proximal"), said) == {}


def test_a_place_without_a_thrombus_or_a_doubt_is_none() -> None:
    assert facts(coded(), words(spoke("result", "negative"), spoke("location", "distal"))) == {"result": "negative"}


# ---- venography ----------------------------------------------------------------------------------


def test_words_on_a_venography_only_raise_an_alarm() -> None:
    for result in ("negative", "nondiagnostic", "equivocal", "chronic_change"):
        assert weighed(coded(), words(spoke("result", result)), is_ultrasound=False) == Weighed()
    assert facts(coded(), words(spoke("result", "acute_dvt")), is_ultrasound=False) == {"result": "acute_dvt"}


def test_thrombus_in_words_takes_back_a_negative_venography() -> None:
    said = words(spoke("result", "acute_dvt"))

    assert reasons(coded(result="negative"), said, is_ultrasound=False) == {"result": CODE_SAYS_NEGATIVE}


def test_the_order_of_the_texts_does_not_matter() -> None:
    one, other = spoke("result", "negative", "left"), spoke("result", "acute_dvt", "left", ATTACHED)
    legs = frozenset({"left"})

    assert verdict(words(one, other), legs).result == verdict(words(other, one), legs).result == "conflict"
