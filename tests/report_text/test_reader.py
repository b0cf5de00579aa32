"""What the reader makes of single reports, rule by rule. The corpus beside it judges it as a whole."""

from pathlib import Path
from typing import Final

import pytest

from app.clinical.report_text import ReportReading, load_words, read_report

WORDS: Final = load_words(Path(__file__).parents[2] / "pathways" / "negative-dvt-ultrasound" / "report_words.yaml")

NORMAL: Final = "No DVT."


def read(text: str) -> ReportReading:
    return read_report(text, WORDS)


def facts(text: str, leg: str = "unsided") -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in read(text).legs.get(leg, ()):
        found.setdefault(each.fact, set()).add(each.value)
    return found


def result(text: str, leg: str = "unsided") -> str:
    return next(iter(facts(text, leg).get("result", {"none"})))


# -- sections ---------------------------------------------------------------------------------------------------------


def test_an_indication_is_no_result() -> None:
    assert read("Indication: rule out DVT.").legs == {}
    assert result("INDICATION: left leg DVT\nFINDINGS: all deep veins compress.\nIMPRESSION: No DVT.") == "negative"


def test_what_is_denied_in_the_background_is_no_result_either() -> None:
    assert result("Clinical history: no DVT in the past.") == "none"
    assert result("Comparison: ultrasound of last year, negative for DVT.") == "none"


def test_a_finding_under_a_heading_of_the_background_still_keeps_a_report_from_being_calm() -> None:
    text = "INDICATION: swelling. There is occlusive thrombus in the popliteal vein. IMPRESSION: No DVT."

    assert result(text) == "equivocal"


def test_headings_are_found_on_their_own_line_before_a_colon_and_before_a_dash() -> None:
    for heading in ("IMPRESSION:", "Impression -", "impression\n", "*** IMPRESSION ***\n", "Leg pain. IMPRESSION:"):
        assert result(f"INDICATION: DVT?\n{heading} Unremarkable.") == "negative"


def test_an_addendum_that_finds_a_thrombus_is_a_conflict() -> None:
    assert result("IMPRESSION: No DVT.\nADDENDUM: there is thrombus in the popliteal vein.") == "conflict"


def test_findings_against_the_impression_are_a_conflict() -> None:
    assert result("FINDINGS: popliteal vein noncompressible.\nIMPRESSION: Negative for DVT") == "conflict"


# -- sentences --------------------------------------------------------------------------------------------------------


def test_a_line_that_is_wrapped_is_one_sentence() -> None:
    assert result("No evidence of\ndeep vein\n\nthrombosis.") == "negative"
    assert result("The popliteal vein does not\r\ncompress.") == "acute_dvt"
    assert result("No throm-\nbus in the leg.") == "negative"


def test_a_negation_does_not_reach_into_the_next_line_of_a_list() -> None:
    assert result("No DVT\nThrombus in the soleal vein") == "conflict"
    assert result("1. No Baker's cyst\n2. Thrombus in the popliteal vein") == "acute_dvt"
    assert result("No complaints\nThrombus in the popliteal vein") == "acute_dvt"


def test_a_decimal_or_an_abbreviation_ends_no_sentence() -> None:
    text = "Thrombus in the great saphenous vein, 4.5 cm. long, 2 cm. from the saphenofemoral junction. No DVT."

    assert facts(text)["svt_length_cm"] == {"4.5"}
    assert facts(text)["svt_junction_cm"] == {"2"}


def test_spoken_signs_are_signs() -> None:
    assert result("no dvt full stop thrombus in the popliteal vein full stop") == "conflict"
    assert result("no dvt comma thrombus in the gsv") == "svt_only"


def test_a_very_long_sentence_is_cut_and_a_negation_does_not_reach_past_the_cut() -> None:
    assert result(f"No {'evidence of ' * 80}DVT") == "acute_dvt"


# -- legs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Right: negative. Left: acute femoral DVT.",
        "RLE: no DVT. LLE: acute femoral DVT.",
        "R - no DVT\nL - femoral thrombus",
        "RIGHT LEG\nNo DVT.\nLEFT LEG\nThe femoral vein is noncompressible.",
        "Acute left femoral DVT, no right DVT.",
        "No DVT on the right and femoral thrombus on the left.",
    ],
)
def test_each_leg_has_its_own_result(text: str) -> None:
    assert result(text, "right") == "negative"
    assert result(text, "left") == "acute_dvt"
    assert facts(text, "left")["location"] == {"proximal"}


def test_a_negative_is_never_carried_to_the_other_leg() -> None:
    assert "left" not in read("Right leg: no DVT. Left leg: not examined.").legs or (
        result("Right leg: no DVT. Left leg: not examined.", "left") not in {"negative", "svt_only"}
    )
    assert result("Right leg: no DVT. Left groin for comparison.", "left") == "none"


def test_both_and_either_are_both_legs() -> None:
    for text in (
        "No DVT in either leg.",
        "Bilateral duplex. No DVT.",
        "No DVT, right or left.",
        "No DVT, right / left.",
        "Both legs: no DVT.",
    ):
        assert result(text, "left") == result(text, "right") == "negative"


def test_a_report_that_names_one_leg_is_about_that_leg() -> None:
    assert result("EXAM: left leg duplex.\nIMPRESSION: No DVT.", "left") == "negative"
    assert result("Acute popliteal DVT. Left leg.", "left") == "acute_dvt"


def test_a_thrombus_without_a_side_keeps_both_legs_from_being_calm() -> None:
    text = "Left: no DVT. Right: no DVT. IMPRESSION: popliteal thrombus."

    assert result(text, "left") == result(text, "right") == "conflict"


def test_a_thrombus_summed_up_without_its_side_is_that_of_the_leg_that_has_one() -> None:
    text = "Left: no DVT. Right: acute popliteal DVT. IMPRESSION: Acute DVT."

    assert result(text, "left") == "negative"
    assert result(text, "right") == "acute_dvt"


def test_a_general_denial_contradicts_the_thrombus_of_a_leg() -> None:
    text = "Right: normal. Left: acute popliteal DVT.\nIMPRESSION: No DVT."

    assert result(text, "left") == "conflict"
    assert result(text) == "none"


def test_the_other_leg_is_the_one_not_spoken_of_and_unknown_when_none_was() -> None:
    assert result("Left leg: no DVT. Contralateral leg: femoral thrombus.", "right") == "acute_dvt"
    assert result("The contralateral leg has no DVT.") == "none"
    assert result("The contralateral leg has a thrombus.") == "acute_dvt"


# -- denied, doubted, old, not meant ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "No evidence of DVT.",
        "No acute, occlusive DVT.",
        "No deep vein thrombosis (DVT) or thrombophlebitis.",
        "No thrombus, filling defect, or occlusion.",
        "There is no thrombus and/or phlebitis.",
        "Neither deep nor superficial thrombosis.",
        "DVT is not seen, nor is thrombus.",
        "DVT was ruled out.",
        "DVT: none",
        "DVT -- none",
        "DVT negative",
        "Thrombus? None.",
        "Negative for: DVT",
        "Negative ultrasound examination for DVT.",
        "No noncompressible segment. Normal study.",
        "Thrombus in the leg is not identified.",
        "Femoral to calf veins compressible.",
        "The deep veins are normal.",
        "No eveidence of trombosis.",
        "The patient denies DVT. No DVT is seen.",
    ],
)
def test_a_denial_is_a_denial(text: str) -> None:
    assert result(text) == "negative"


@pytest.mark.hazard("H16")
@pytest.mark.parametrize(
    "text",
    [
        "No other site of thrombosis.",
        "No new DVT.",
        "No change in the popliteal thrombus.",
        "No longer compressible popliteal vein.",
        "Not only the calf but also the popliteal vein is thrombosed.",
        "No DVT, acute thrombus seen in the soleal vein.",
        "No DVT and thrombus in the soleal vein.",
        "No DVT and in the right or left calf thrombus.",
        "No DVT but the popliteal vein is noncompressible.",
        "No DVT except in the peroneal vein.",
        "Thrombus is not seen in the femoral vein but is seen in the popliteal vein.",
        "The popliteal vein compresses poorly. No DVT.",
        "Compressibility of the popliteal vein is lost. No DVT.",
        "Popliteal vein: compressible: no. No DVT.",
        "The popliteal vein is not normal. No DVT.",
        "Absence of DVT cannot be confirmed.",
        "Unable to confirm no DVT.",
        "No segment without thrombus.",
        "Possibly no DVT.",
        "Failed to exclude DVT. No DVT seen.",
        "DVT is not excluded.",
        "No DVT?",
        "?clot in the popliteal vein. No DVT elsewhere.",
        "The popliteal thrombus was not present on the prior study.",
        "No DVT. Abnormal popliteal vein.",
        "No DVT. Popliteal vein contains a macrothrombus.",
        "No DVT. The popliteal vein could not be compressed.",
        "No DVT. Previously seen popliteal thrombus.",
        "No DVT. The previously seen thrombus is unchanged.",
        "No DVT (but popliteal thrombus).",
        "Popliteal thrombus is seen\ncalf veins not seen",
        "Thrombus in the popliteal vein\nperoneal veins not seen",
        "No DVT. No other thrombus or clot is seen in the calf.",
        "No DVT. DVT (+).",
    ],
)
def test_nothing_of_this_is_calm(text: str) -> None:
    calm = {"negative", "svt_only"}

    assert all(result(text, leg) not in calm for leg in read(text).legs)


def test_a_thrombus_of_the_past_or_of_somebody_else_is_set_aside() -> None:
    for aside in (
        "History of DVT.",
        "Family history of DVT.",
        "DVT 10 years ago.",
        "Prior study demonstrated popliteal thrombus.",
        "The prior study reported that there is thrombus in the popliteal vein.",
        "The previously seen thrombus has resolved.",
        "DVT prophylaxis continued.",
        "Rule out DVT.",
        "If DVT is suspected, call.",
        "The examination does not conclusively exclude the presence of DVT.",
        "Ultrasound has a sensitivity below 100 % for DVT.",
        "No evidence of the previously seen DVT.",
    ):
        assert read(aside).legs == {}
        assert result(f"{aside} {NORMAL}") == "negative"


def test_a_denial_of_the_past_is_no_result() -> None:
    for text in (
        "No DVT on the prior study.",
        "Prior study: no DVT.",
        "The prior study was normal.",
        "If no DVT, stop.",
    ):
        assert result(text) == "none"


def test_a_denial_reaches_back_over_a_list() -> None:
    assert result("Popliteal vein thrombus or clot is not seen.") == "none"
    assert result("Thrombus or clot is not seen. Previously there was pain, no DVT, no fever.") == "negative"


def test_old_is_chronic_unless_it_is_new_too() -> None:
    assert result("Chronic thrombus in the femoral vein.") == "chronic_change"
    assert result("Femoral thrombus, chronic.") == "chronic_change"
    assert result("Partially recanalized thrombus in the femoral vein.") == "chronic_change"
    assert result("Acute on chronic femoral DVT.") == "acute_dvt"
    assert result("Chronic changes. No other thrombus.") == "chronic_change"
    assert result("The chronic DVT has resolved. No DVT.") == "negative"
    assert result("Chronic venous insufficiency. No DVT.") == "negative"


def test_doubt_makes_equivocal() -> None:
    assert result("Possible thrombus in the peroneal vein.") == "equivocal"
    assert result("Chronic thrombus cannot be excluded.") == "equivocal"
    assert facts("Calf DVT cannot be excluded.")["location"] == {"distal"}


# -- deep or superficial ----------------------------------------------------------------------------------------------


def test_the_superficial_femoral_vein_is_deep() -> None:
    text = "Occlusive thrombus in the superficial femoral vein."

    assert (result(text), facts(text)["location"]) == ("acute_dvt", {"proximal"})


def test_superficial_thrombosis_needs_a_word_on_the_deep_veins_to_be_the_only_finding() -> None:
    assert result("Thrombosed varicosity at the calf. No DVT.") == "svt_only"
    assert result("Thrombosed varicosity at the calf.") == "none"


def test_a_superficial_thrombus_that_reaches_a_deep_vein_is_deep() -> None:
    assert result("Thrombus in the GSV extending into the common femoral vein.") == "acute_dvt"
    assert result("Superficial thrombophlebitis extending into the posterior tibial vein.") == "acute_dvt"
    assert result("GSV thrombus without extension into the common femoral vein. No DVT.") == "svt_only"
    assert result("GSV thrombus 2 cm below the common femoral vein. No DVT.") == "svt_only"
    assert result("Deep and superficial venous thrombosis.") == "acute_dvt"


def test_lengths_are_in_centimetres() -> None:
    text = "SVT of the SSV, length 35 mm, 20 mm below the SPJ. Deep veins patent."

    assert facts(text)["svt_length_cm"] == {"3.5"}
    assert facts(text)["svt_junction_cm"] == {"2"}
    assert "svt_length_cm" not in facts("SVT of the SSV, length 999999 mm. No DVT.")
    assert "svt_length_cm" not in facts("SVT of the SSV, length cm. No DVT.")
    assert "svt_length_cm" not in facts("GSV diameter 5 mm. No DVT.")


def test_an_artery_is_no_vein() -> None:
    assert result("Popliteal artery occlusion. No DVT.") == "negative"
    assert result("Patent femoral artery.") == "none"


# -- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("veins", "location"),
    [
        ("soleal vein", "distal"),
        ("peroneal and posterior tibial veins", "distal"),
        ("popliteal and peroneal veins", "proximal"),
        ("common femoral and external iliac veins", "iliofemoral"),
        ("IVC and iliac veins", "iliocaval"),
    ],
)
def test_the_location_is_the_uppermost_vein(veins: str, location: str) -> None:
    assert facts(f"Thrombus in the {veins}.")["location"] == {location}


def test_a_denial_about_the_thigh_covers_the_leg_and_one_about_the_calf_does_not() -> None:
    assert result("No DVT in the femoral or popliteal veins.") == "negative"
    assert result("No DVT above the knee.") == "negative"
    assert result("The proximal veins are normal.") == "negative"
    assert result("No DVT in the calf veins.") == "none"
    assert result("No DVT in the popliteal vein.") == "none"
    assert result("No thrombus in the great saphenous vein.") == "none"


def test_a_denial_elsewhere_does_not_contradict() -> None:
    assert result("Thrombosed soleal vein. Otherwise negative.") == "acute_dvt"
    assert result("Peroneal thrombus. No DVT above the knee.") == "acute_dvt"
    assert result("Popliteal thrombus. No thrombus in the femoral and popliteal veins.") == "conflict"
    assert result("No extension of the calf thrombus into the popliteal vein.") == "acute_dvt"


# -- how well it was seen ---------------------------------------------------------------------------------------------


def test_limits_are_read() -> None:
    assert facts("No DVT in the visualized veins. Calf veins not well seen.") == {
        "result": {"negative"},
        "quality": {"limited"},
        "unseen": {"peroneal", "posterior_tibial"},
    }
    assert facts("Limited study. No DVT.")["quality"] == {"limited"}
    assert "quality" not in facts("No limitations. No DVT.")
    assert "quality" not in facts("Not a limited study. No DVT.")
    assert facts("No DVT in the left leg, peroneal veins not seen.", "left")["unseen"] == {"peroneal"}
    assert facts("Popliteal thrombus with peroneal veins not seen.")["unseen"] == {"peroneal"}
    assert facts("PTV seen, peroneal vein not.")["unseen"] == {"peroneal"}


def test_a_study_that_was_stopped_is_nondiagnostic_unless_it_has_a_result() -> None:
    assert result("Exam terminated: patient could not tolerate compression.") == "nondiagnostic"
    assert facts("No DVT. Incomplete exam.") == {"result": {"negative"}, "quality": {"incomplete"}}
    assert facts("The study was not incomplete. No DVT.") == {"result": {"negative"}}


def test_a_study_without_an_answer_is_nondiagnostic_and_a_part_without_one_is_unseen() -> None:
    assert result("Nondiagnostic study.") == "nondiagnostic"
    assert result("The left leg veins were not evaluated.", "left") == "nondiagnostic"
    assert facts("No DVT above the knee. Below-knee veins non-diagnostic.")["unseen"] == {
        "peroneal",
        "posterior_tibial",
    }
    assert result("Indeterminate study for popliteal thrombus.") == "equivocal"


def test_the_protocol_is_read_and_seen_from_the_veins() -> None:
    assert facts("Two-point compression: no DVT.")["protocol"] == {"proximal_only"}
    assert facts("Calf veins not examined per protocol. No DVT.")["protocol"] == {"proximal_only"}
    assert facts("No DVT from common femoral through calf veins.")["protocol"] == {"whole_leg"}
    assert facts("CFV, FV, popliteal, peroneal and posterior tibial veins are compressible.")["protocol"] == {
        "whole_leg"
    }
    assert facts("Whole leg study. Two-point compression. No DVT.")["protocol"] == {"proximal_only"}


def test_nothing_is_taken_from_the_indication() -> None:
    assert read("INDICATION: limited study elsewhere, repeat in 5 days, Baker's cyst.").legs == {}


# -- flow, iliac veins, other findings, advice ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        ("Loss of respiratory phasicity in the common femoral vein.", "continuous"),
        ("Monophasic waveform in the common femoral vein.", "monophasic"),
        ("Asymmetric common femoral waveforms.", "asymmetric"),
        ("Pulsatile venous flow.", "pulsatile"),
        ("Absent flow signal in the CFV.", "absent"),
        ("Normal common femoral waveforms.", "normal"),
        ("Phasic CFV.", "normal"),
        ("CFV Doppler not performed.", "not_assessed"),
        ("Normal phasic flow in the CFV. Continuous flow in the CFV.", "continuous"),
    ],
)
def test_flow_in_the_groin_is_read(text: str, flow: str) -> None:
    assert facts(text)["cfv"] == {flow}


def test_flow_elsewhere_and_denied_flow_is_not() -> None:
    for text in ("Continuous flow in the popliteal vein.", "No asymmetric flow in the CFV.", "Normal phasic flow."):
        assert "cfv" not in facts(text)
    assert "cfv" not in facts("CFV compressible, flow not normal.")


@pytest.mark.parametrize(
    ("text", "iliac"),
    [
        ("Iliac veins not imaged.", "not_imaged"),
        ("Iliac veins not seen.", "inadequate"),
        ("Iliac obstruction cannot be excluded.", "inadequate"),
        ("Iliac veins are patent.", "adequate_negative"),
        ("No thrombus in the iliac vein.", "adequate_negative"),
        ("Iliac vein thrombosis.", "positive"),
    ],
)
def test_iliac_veins_are_read(text: str, iliac: str) -> None:
    assert facts(text)["iliac"] == {iliac}


def test_other_findings_are_read_unless_denied() -> None:
    text = "Baker's cyst. Calf haematoma. Enlarged lymph nodes."

    assert facts(text)["alternative"] == {"bakers_cyst", "hematoma", "lymph_nodes"}
    assert facts("No Baker's cyst. Normal lymph nodes.") == {}
    assert "iliac" not in facts("Iliac obstruction.")
    assert "iliac" not in facts("The IVC is patent.")


def test_advice_to_repeat_is_read() -> None:
    assert "repeat_advised" in facts("Does not conclusively exclude isolated calf DVT; repeat in 5-7 days.")
    assert "repeat_advised" in facts("Suggest re-scan.")
    assert facts("No follow-up imaging recommended. No repeat needed.") == {}
    assert facts("Repeat examination today.") == {}
    assert facts("A repeat examination is not required.") == {}


# -- other studies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "study"),
    [
        ("No evidence of DVT in the upper extremity.", "arm"),
        ("Left internal jugular vein thrombus.", "arm"),
        ("Arterial Doppler: no thrombus.", "arterial"),
        ("Renal transplant Doppler: no thrombus.", "abdomen"),
        ("Saphenous vein mapping: no thrombus.", "mapping"),
        ("Venous reflux study: no DVT.", "reflux"),
    ],
)
def test_another_study_gives_no_result(text: str, study: str) -> None:
    reading = read(text)

    assert reading.other_study == study
    assert not any(each.fact == "result" for reads in reading.legs.values() for each in reads)


def test_a_thrombus_in_a_leg_counts_in_a_study_for_something_else() -> None:
    assert result("Reflux study. Thrombus in the popliteal vein.") == "acute_dvt"
    assert result("Popliteal thrombus. The arm veins were not examined.") == "acute_dvt"
    assert read("Venous duplex: popliteal vein patent. Arterial Doppler normal.").other_study == ""


# -- quotes -----------------------------------------------------------------------------------------------------------


def test_a_quote_is_the_sentence_on_one_line() -> None:
    [quote] = {each.quote for each in read("Comment.\nNo   DVT\nin the   left leg. Thank you.").legs["left"]}

    assert quote == "No DVT in the left leg"


def test_a_quote_is_short_and_holds_what_was_relied_on() -> None:
    text = f"{'The patient was seen by us and ' * 9}there is no DVT {'and was very pleased with it ' * 20}."
    [read_as] = read(text).legs["unsided"]

    assert len(read_as.quote) <= 200
    assert "no DVT" in read_as.quote


def test_a_quote_holds_nothing_that_is_not_seen() -> None:
    for sign in "\x00\x07\x1b\u200b\u202e\u2066\ufeff\u00ad\ud800\U000e0041":
        [read_as] = read(f"No D{sign}VT.").legs["unsided"]

        assert (read_as.value, read_as.quote) == ("negative", "No DVT")
