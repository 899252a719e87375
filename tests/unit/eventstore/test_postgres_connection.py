from __future__ import annotations

import pytest

from trialbook.eventstore import StoreError
from trialbook.eventstore.postgres.connection import Connector

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql://ada:s3cr3t@db.example:5433/book", "postgresql://db.example:5433/book"),
        ("postgres://ada@db.example/book", "postgresql://db.example/book"),
        ("host=db.example user=ada password=s3cr3t", "postgresql://db.example/ada"),
        ("postgresql:///book?host=/run/postgresql", "postgresql:///run/postgresql/book"),
        ("postgresql://a:1,b:2/book", "postgresql://a,b:1,2/book"),
        ("postgresql://", "postgresql://localhost/"),
    ],
)
def test_a_database_is_described_without_its_password(url: str, where: str) -> None:
    described = Connector(url, "trialbook").description

    assert described == f"{where} (namespace trialbook)"


@pytest.mark.parametrize(
    "url",
    [
        "s3cr3t",
        "postgresql://ada:s3cr3t",
        "postgresql://ada:s3@cr3t@db/book",
        "postgresql://ada:s3cr3t@db:port/book",
        "mysql://ada:s3cr3t@db/book",
        "postgresql://db/book?s3cr3t=1",
    ],
)
def test_an_address_that_cannot_be_understood_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(StoreError, match="percent-encoded") as caught:
        Connector(url, "trialbook")

    assert "cr3t" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("namespace", ["", "Upper", "1st", "a-b", "a b", 'a"b', "ä", "a" * 51])
def test_a_namespace_is_a_plain_name(namespace: str) -> None:
    with pytest.raises(ValueError, match="namespace"):
        Connector("postgresql://db/book", namespace)


def test_each_namespace_has_a_lock_and_a_channel_of_its_own() -> None:
    one, other = (Connector("postgresql://db/book", name) for name in ("one", "other"))

    assert one.lock_key != other.lock_key
    assert one.channel != other.channel
    assert -(2**63) <= one.lock_key < 2**63
    assert len(one.channel) < 64
