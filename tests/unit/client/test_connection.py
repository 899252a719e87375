from __future__ import annotations

from pathlib import Path

import pytest

from trialbook.client import InvalidConnection, Tls
from trialbook.client.connection import connection, is_local


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADDRESS", "PROJECT", "TOKEN", "TLS_CA"):
        monkeypatch.delenv(f"TRIALBOOK_{name}", raising=False)


def test_defaults_are_this_machine_and_the_default_project() -> None:
    settings = connection()

    assert (settings.address, settings.project) == ("127.0.0.1:50051", "default")
    assert settings.token is None
    assert settings.credentials() is None


def test_the_environment_fills_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBOOK_ADDRESS", "example.org:443")
    monkeypatch.setenv("TRIALBOOK_PROJECT", "p")
    monkeypatch.setenv("TRIALBOOK_TOKEN", "t")
    monkeypatch.setenv("TRIALBOOK_TLS_CA", "/ca.pem")

    settings = connection(project="mine")

    assert (settings.address, settings.project, settings.token) == ("example.org:443", "mine", "t")
    assert settings.tls == Tls(ca=Path("/ca.pem"))


def test_a_token_is_not_sent_in_plain_text_to_another_machine() -> None:
    with pytest.raises(InvalidConnection, match=r"plain text to example\.org:50051"):
        connection("example.org:50051", token="t")


def test_a_token_may_travel_where_it_is_safe_or_allowed() -> None:
    assert connection("127.0.0.1:1", token="t").token == "t"
    assert connection("unix:/run/trialbook.sock", token="t").token == "t"
    assert connection("example.org:1", token="t", tls=True).tls == Tls()
    assert connection("example.org:1", token="t", insecure=True).token == "t"


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("localhost:1", True),
        ("127.8.0.1:1", True),
        ("[::1]:1", True),
        ("dns:///localhost:1", True),
        ("unix:relative.sock", True),
        ("10.0.0.1:1", False),
        ("localhost.example.org:1", False),
        ("example.org", False),
    ],
)
def test_local_addresses_are_recognised(address: str, local: bool) -> None:
    assert is_local(address) is local
