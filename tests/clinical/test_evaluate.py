"""All pathways asked once: the order of their advice, and the settings a site may change."""

import pytest

from app.clinical.evaluate import Config, Evaluation, configure, evaluate, settings_of
from app.errors import CallerError
from tests.clinical.patients import day, exam, facts, symptoms
from tests.front_door import pathways

NEGATIVE = next(pathway for pathway in pathways() if pathway.id == "negative-dvt-ultrasound")


def asked(on: int, config: Config | None = None, status: str = "persistent", **members: object) -> Evaluation:
    """A limited study in a patient whose symptoms persist, unless they do not."""
    patient = facts(exam(protocol="proximal_duplex"), symptoms=symptoms(status, 1), **members)
    return evaluate(pathways(), patient, today=day(on), config=config or {})


def timing(evaluation: Evaluation) -> str:
    """When the leading advice is to be followed."""
    assert evaluation.lead
    return str(evaluation.lead.timing.kind)


def test_the_leading_advice_comes_first_and_knows_its_pathway() -> None:
    found = asked(3)

    lead = found.recommendations[0]
    assert found.lead == lead
    assert found.home_of(lead).id == "negative-dvt-ultrasound"
    assert found.decided(lead).latest == found.facts.exams[0]
    assert found.pathways == tuple(each.pathway for each in found.decisions)


def test_without_advice_nothing_leads() -> None:
    assert evaluate(pathways(), facts(), today=day(0), config={}).lead is None


def test_without_settings_the_pathways_stay_as_they_are() -> None:
    assert configure(pathways(), {}) == pathways()


@pytest.mark.parametrize(("first", "kind"), [(3, "due"), (5, "window")])
def test_a_site_may_move_the_window(first: int, kind: str) -> None:
    assert timing(asked(3, {"repeat_min_day": first})) == kind


def test_a_moved_window_is_said_as_it_is_decided() -> None:
    found = asked(3, {"repeat_min_day": 3, "repeat_max_day": 4})
    because = found.decided(found.recommendations[0]).pathway.because["RU-LIM"]

    assert "3-4 days" in because
    assert "5-7 days" in NEGATIVE.because["RU-LIM"]


def test_a_site_may_choose_between_named_ways() -> None:
    """A limited study is always repeated (SRU), or not once DVT is excluded."""
    excluded = {
        "age": 54,
        "sex": "male",
        "wells": {"score": 0},
        "anticoag": "none",
        "setting": "ed",
        "ddimer": {"value": 200, "unit": "ng/mL FEU", "assay": "high_sensitivity", "collected": "2026-03-02"},
        "risk": {"active_cancer": False},
    }

    def advised(policy: str) -> set[str]:
        made = asked(6, {"limited_us_policy": policy}, "improving", **excluded).recommendations
        return {each.id for each in made}

    assert advised("sru_strict") == {"REPEAT-CDUS", "DVT-EXCLUDED-PTP"}
    assert advised("ptp_adapted") == {"DVT-EXCLUDED-PTP"}


@pytest.mark.parametrize(
    ("config", "code", "where"),
    [
        ({"repeat_min_days": 5}, "config-unknown", "config"),
        ({"ddimer_cut_off": 500}, "config-unknown", "config"),
        ({"repeat_min_day": 2}, "config-invalid", "config.repeat_min_day"),
        ({"repeat_min_day": 11}, "config-invalid", "config.repeat_min_day"),
        ({"repeat_min_day": "5"}, "config-invalid", "config.repeat_min_day"),
        ({"repeat_min_day": 5.5}, "config-invalid", "config.repeat_min_day"),
        ({"repeat_min_day": True}, "config-invalid", "config.repeat_min_day"),
        ({"repeat_min_day": None}, "config-invalid", "config.repeat_min_day"),
        ({"repeat_min_day": 8}, "config-invalid", "config"),
        ({"repeat_max_day": 4}, "config-invalid", "config"),
        ({"persistent_policy": "sometimes"}, "config-invalid", "config.persistent_policy"),
        ({"persistent_policy": ["staged"]}, "config-invalid", "config.persistent_policy"),
        ({"dvt_imaging": False}, "config-invalid", "config.dvt_imaging"),
    ],
    ids=str,
)
def test_a_setting_outside_what_is_declared_is_refused(config: Config, code: str, where: str) -> None:
    with pytest.raises(CallerError) as refused:
        asked(3, config)

    assert (refused.value.status, refused.value.code, refused.value.expression) == (400, code, (where,))
    assert refused.value.change


@pytest.mark.parametrize("value", [3, 10])
def test_the_bounds_belong_to_what_is_allowed(value: int) -> None:
    assert configure(pathways(), {"repeat_min_day": value, "repeat_max_day": value})


def test_what_a_site_may_change_is_declared() -> None:
    assert {*settings_of(NEGATIVE)} == {
        *("persistent_policy", "limited_us_policy", "default_venography"),
        *("repeat_min_day", "repeat_max_day", "lapse_day", "stale_day", "stale_max_day"),
    }
