from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trialbook.services.settings import InvalidSettings, Settings

LOCAL = [
    "127.0.0.1:0",
    "127.8.8.8:50051",
    "localhost:1",
    "[::1]:50051",
    "::1:50051",
    "unix:/run/trialbook.sock",
    "unix:relative",
]
REMOTE = ["0.0.0.0:50051", "[::]:50051", "10.0.0.1:50051", "example.org:443"]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE", "ADDRESS", "TOKEN", "LEASE_DURATION", "DURABILITY"):
        monkeypatch.delenv(f"TRIALBOOK_{name}", raising=False)


def test_the_defaults_are_safe() -> None:
    settings = Settings()

    assert settings.is_local
    assert settings.durability == "full"
    assert settings.database == Path(".trialbook/trialbook.db")
    assert settings.lease_duration == 30.0


@pytest.mark.parametrize("address", LOCAL)
def test_an_address_of_this_machine_needs_no_guard(address: str) -> None:
    assert Settings(address=address).is_local


@pytest.mark.parametrize("address", REMOTE)
def test_an_address_for_others_needs_a_token_or_tls(address: str) -> None:
    with pytest.raises(InvalidSettings, match="set a token or TLS"):
        Settings(address=address)

    assert not Settings(address=address, token="secret").is_local
    assert not Settings(address=address, tls_certificate=Path("c"), tls_key=Path("k")).is_local


@pytest.mark.parametrize(
    "address",
    [
        "",
        "50051",
        ":50051",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
    ],
)
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(InvalidSettings, match="not understood"):
        Settings(address=address)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"durability": "half"}, "neither full nor normal"),
        ({"lease_duration": 0.49}, "out of range"),
        ({"lease_duration": float("nan")}, "out of range"),
        ({"tls_certificate": Path("c")}, "both a certificate and a key"),
        ({"tls_key": Path("k")}, "both a certificate and a key"),
        ({"token": ""}, "empty"),
        ({"token": "sécret"}, "printable ASCII"),
        ({"token": "a\nb"}, "printable ASCII"),
    ],
    ids=lambda value: next(iter(value)) + str(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSettings, match=words):
        Settings(**values)


@pytest.mark.parametrize("lease_duration", [float("inf"), 1e18])
def test_a_lease_that_never_ends_is_refused(lease_duration: float) -> None:
    with pytest.raises(InvalidSettings):
        Settings(lease_duration=lease_duration)


def test_the_shortest_lease_is_allowed() -> None:
    assert Settings(lease_duration=0.5).lease_duration == 0.5


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBOOK_DATABASE", "/data/t.db")
    monkeypatch.setenv("TRIALBOOK_ADDRESS", "localhost:1")
    monkeypatch.setenv("TRIALBOOK_TOKEN", "secret")
    monkeypatch.setenv("TRIALBOOK_LEASE_DURATION", "1.5")
    monkeypatch.setenv("TRIALBOOK_DURABILITY", "normal")

    assert Settings.from_environment() == Settings(
        database=Path("/data/t.db"),
        address="localhost:1",
        token="secret",
        lease_duration=1.5,
        durability="normal",
    )


def test_overrides_win_where_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBOOK_ADDRESS", "localhost:1")

    assert Settings.from_environment(address="localhost:2").address == "localhost:2"
    assert Settings.from_environment(address=None).address == "localhost:1"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBOOK_TOKEN", "")

    assert Settings.from_environment().token is None


def test_a_variable_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBOOK_LEASE_DURATION", "soon")

    with pytest.raises(InvalidSettings, match="TRIALBOOK_LEASE_DURATION='soon'"):
        Settings.from_environment()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().token = "x"  # type: ignore[misc]
