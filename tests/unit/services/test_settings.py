from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from trialbook.services import bootstrap
from trialbook.services.settings import (
    InvalidSettings,
    PostgresUrl,
    Settings,
    database_at,
)

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
    for name in (
        "DATABASE",
        "DATABASE_PASSWORD",
        "NAMESPACE",
        "ADDRESS",
        "TOKEN",
        "LEASE_DURATION",
        "DURABILITY",
    ):
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
        ({"largest_file": 0}, "bytes"),
        ({"http_address": "50052"}, "http_address '50052' is not understood"),
        ({"http_address": "0.0.0.0:4318"}, "set a token or TLS"),
        ({"address": "127.0.0.1:65535"}, "no port after 65535"),
        ({"trace_wait": 0.0}, "trace_wait"),
        ({"trace_wait": float("nan")}, "trace_wait"),
        ({"trace_retention": -1.0}, "trace_retention"),
        ({"trace_retention": float("nan")}, "trace_retention"),
        ({"tee_endpoint": "host:4318"}, "tee_endpoint"),
        ({"tee_headers": "a=b"}, "no tee_endpoint"),
        ({"tee_endpoint": "grpc://h", "tee_headers": "broken"}, "tee_headers"),
        ({"tee_endpoint": "grpc://localhost:50051"}, "is the service itself"),
        ({"tee_endpoint": "http://[::1]:50052"}, "is the service itself"),
        (
            {"address": "0.0.0.0:1", "token": "t", "tee_endpoint": "http://127.0.0.1:2"},
            "is the service itself",
        ),
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


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({}, "127.0.0.1:50052"),
        ({"address": "[::1]:7"}, "[::1]:8"),
        ({"address": "127.0.0.1:0"}, "127.0.0.1:0"),
        ({"address": "unix:/run/socket"}, None),
        ({"address": "unix:/run/socket", "http_address": "localhost:1"}, "localhost:1"),
        ({"http_address": "none"}, None),
    ],
)
def test_http_is_answered_beside_grpc(values: dict[str, Any], place: str | None) -> None:
    assert Settings(**values).http_place == place


def test_copies_may_go_to_another_collector_of_this_machine() -> None:
    settings = Settings(tee_endpoint="http://localhost:4318", tee_headers="key=secret")

    assert str(settings.tee) == "http://localhost:4318"
    assert "secret" not in repr(settings)


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
    monkeypatch.setenv("TRIALBOOK_LARGEST_FILE", "1000")
    monkeypatch.setenv("TRIALBOOK_HTTP_ADDRESS", "none")
    monkeypatch.setenv("TRIALBOOK_TRACE_RETENTION", "0")

    assert Settings.from_environment() == Settings(
        database=Path("/data/t.db"),
        address="localhost:1",
        token="secret",
        lease_duration=1.5,
        durability="normal",
        largest_file=1000,
        http_address="none",
        trace_retention=0.0,
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

    monkeypatch.delenv("TRIALBOOK_LEASE_DURATION")
    monkeypatch.setenv("TRIALBOOK_LARGEST_FILE", "4 GiB")

    with pytest.raises(InvalidSettings, match="TRIALBOOK_LARGEST_FILE='4 GiB'"):
        Settings.from_environment()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().token = "x"  # type: ignore[misc]


def test_a_database_is_a_path_or_a_postgresql_url(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().database == Path(".trialbook/trialbook.db")

    monkeypatch.setenv("TRIALBOOK_DATABASE", "data/trialbook.db")
    assert Settings.from_environment().database == Path("data/trialbook.db")

    for scheme in ("postgresql", "postgres", "PostgreSQL"):
        monkeypatch.setenv("TRIALBOOK_DATABASE", f"{scheme}://user@host:5432/name")
        assert str(Settings.from_environment().database) == "postgresql://user@host:5432/name"


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite:///file.db", "http://host"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="is not supported"):
        database_at(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:sesame@h:5432/n", "postgresql://u@h:5432/n"),
        ("postgresql://:sesame@h/n", "postgresql://@h/n"),
        ("postgresql://u:se%40same@h/n?sslmode=require", "postgresql://u@h/n?sslmode=require"),
        ("postgresql://u:se@same@h/n", "postgresql://u@h/n"),
        ("postgresql://u:se/sa?me@h/n", "postgresql://u@h/n"),
        ("postgresql://u@h/n?password=sesame", "postgresql://u@h/n"),
        ("postgresql://u@h/n?a=1&PASSWORD=sesame&b=2", "postgresql://u@h/n?a=1&b=2"),
        ("postgresql://u@h/n?pass%77ord=sesame", "postgresql://u@h/n"),
        ("postgresql://u@h/n?sslkey=k&sslpassword=sesame", "postgresql://u@h/n?sslkey=k"),
        ("postgresql://u:sesame@h1:1,h2:2/n", "postgresql://u@h1:1,h2:2/n"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    place = PostgresUrl(url)

    assert place.has_password
    assert str(place) == shown
    settings = Settings(database=place, database_password="sesame", token="sesame")
    assert "same" not in repr(settings) + repr(place)


def test_a_url_without_a_password_is_shown_as_it_is() -> None:
    for url in ("postgresql:///n?host=/run/postgresql", "postgresql://u@[::1]:5432/n"):
        assert str(PostgresUrl(url)) == url
        assert not PostgresUrl(url).has_password


@pytest.mark.parametrize("namespace", ["", "A", "1a", "a-b", "pg_own", "a" * 51, 'a"b', "ä"])
def test_a_namespace_that_is_no_plain_name_is_refused(namespace: str) -> None:
    with pytest.raises(InvalidSettings, match="namespace"):
        Settings(namespace=namespace)


def test_an_address_that_the_driver_refuses_is_not_quoted_with_its_password(
    tmp_path: Path,
) -> None:
    settings = Settings(database=PostgresUrl("postgresql://u:sesame@h/n?nonsense=1"))

    with pytest.raises(InvalidSettings) as refused:
        bootstrap.open_database(settings)

    assert "not understood" in str(refused.value)
    assert "sesame" not in "".join(traceback.format_exception(refused.value))


def test_a_missing_driver_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trialbook.eventstore.postgres", None)
    monkeypatch.delitem(sys.modules, "trialbook.eventstore.postgres.database", raising=False)

    with pytest.raises(InvalidSettings, match=r'pip install "trialbook\[postgres\]"'):
        bootstrap.open_database(Settings(database=PostgresUrl("postgresql://h/n")))
