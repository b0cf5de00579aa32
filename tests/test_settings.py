"""What an operator may set, and what an operator is told."""

from datetime import date
from pathlib import Path

import pytest

from app.settings import Settings, WrongSettings, read_settings


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DVT_{name.upper()}", raising=False)


def test_without_any_setting_only_this_machine_is_served() -> None:
    settings = read_settings()

    assert (settings.host, settings.port, settings.on_loopback) == ("127.0.0.1", 8000, True)
    assert settings.pathways_dir == Path(__file__).parents[1] / "pathways"
    assert settings.max_body_bytes == 5 * 1024 * 1024
    assert settings.clients_dir == Path(__file__).parents[1] / "deploy" / "clients"


def test_the_environment_sets_and_an_option_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVT_PORT", "9000")
    monkeypatch.setenv("DVT_HOST", "10.0.0.1")

    assert read_settings(port=None).port == 9000
    assert read_settings(port=9001).port == 9001
    assert not read_settings().on_loopback


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVT_CORS_ORIGINS", "https://a.example, http://b.example:8080,")

    assert read_settings().cors_origins == ("https://a.example", "http://b.example:8080")


def test_private_networks_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVT_FHIR_ALLOWED_NETWORKS", "10.2.0.0/16,fd12::/32")

    assert [str(each) for each in read_settings().fhir_networks] == ["10.2.0.0/16", "fd12::/32"]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings().port = 1  # type: ignore[misc]  # that is the claim


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DVT_PORT", "http", "must be a port number from 0 (any free port) to 65535"),
        ("DVT_PORT", "65536", "must be a port number from 0 (any free port) to 65535"),
        (
            "DVT_CLOCK",
            "yesterday",
            "must be request (a call may bring its own day, on loopback only), system, or a fixed",
        ),
        ("DVT_CLOCK", "1700000000", "must be request"),
        ("DVT_CLOCK", "2026-02-30", "must be request"),
        ("DVT_UNAPPROVED_PATHWAYS", "loud", "must be marked (cards say that they are a draft) or silent (no cards)"),
        ("DVT_CORS_ORIGINS", "*", "must be a comma-separated list of origins"),
        ("DVT_CORS_ORIGINS", "https://a.example/path", "must be a comma-separated list of origins"),
        ("DVT_CORS_ORIGINS", "null", "must be a comma-separated list of origins"),
        ("DVT_FHIR_ALLOWED_NETWORKS", "10.2.0.1/16", "must be a comma-separated list of private networks"),
        ("DVT_FHIR_ALLOWED_NETWORKS", "0.0.0.0/0", "must be a comma-separated list of private networks"),
        ("DVT_FHIR_ALLOWED_NETWORKS", "127.0.0.0/8", "must be a comma-separated list of private networks"),
        ("DVT_FHIR_ALLOWED_NETWORKS", "169.254.169.254", "must be a comma-separated list of private networks"),
        ("DVT_FHIR_ALLOWED_NETWORKS", "::/0", "must be a comma-separated list of private networks"),
        ("DVT_MAX_BODY_BYTES", "1", "must be a size from 1024 to 104857600 bytes"),
        (
            "DVT_TIME_ZONE",
            "Europe/Vienna",
            "is now the key time_zone of each file in DVT_CLIENTS_DIR",
        ),
        ("DVT_FHIR_ALLOWED_BASES", "https://a.example", "is now the key fhir_bases of each file in DVT_CLIENTS_DIR"),
        ("DVT_FHIR_BUDGET_MS", "1200", "is now the key fhir_budget_ms of each file in DVT_CLIENTS_DIR"),
        ("DVT_PROT", "1", "no such setting; the settings are DVT_HOST, DVT_PORT"),
    ],
)
def test_a_wrong_setting_is_told_its_allowed_values(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(WrongSettings) as wrong:
        read_settings()

    (error,) = wrong.value.exceptions
    assert str(error).startswith(f"{name}: {told}")


def test_all_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVT_PROT", "1")
    monkeypatch.setenv("DVT_CLOCK", "noon")

    with pytest.raises(WrongSettings) as wrong:
        read_settings(port=-1)

    assert [str(error).partition(":")[0] for error in wrong.value.exceptions] == ["DVT_PROT", "DVT_PORT", "DVT_CLOCK"]


def test_a_fixed_day_is_for_this_machine_only() -> None:
    assert read_settings(clock="2026-03-12").clock == date(2026, 3, 12)

    with pytest.raises(WrongSettings) as wrong:
        read_settings(clock="2026-03-12", host="0.0.0.0")  # noqa: S104 -- that is what is refused

    (error,) = wrong.value.exceptions
    assert str(error).startswith("DVT_CLOCK: a fixed date is honoured on a loopback DVT_HOST only")


@pytest.mark.parametrize(
    ("host", "clock", "honoured"),
    [
        ("127.0.0.1", "request", True),
        ("127.9.9.9", "request", True),
        ("::1", "request", True),
        ("localhost", "request", True),
        ("127.0.0.1", "system", False),
        ("0.0.0.0", "request", False),  # noqa: S104 -- that is what is refused
        ("::", "request", False),
        ("ehr.example", "request", False),
    ],
)
def test_a_call_may_bring_its_own_day_on_loopback_only(host: str, clock: str, *, honoured: bool) -> None:
    assert read_settings(host=host, clock=clock).request_may_set_today is honoured
