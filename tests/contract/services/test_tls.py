"""What the service promises over TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from trialbook.client import AsyncClient, Tls, Unavailable
from trialbook.services.bootstrap import running
from trialbook.services.settings import InvalidSettings, Settings


@pytest.fixture
def backend() -> str:
    """None of this comes as far as the database."""
    return "sqlite"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def address(authority: trustme.CA, tmp_path: Path) -> AsyncIterator[str]:
    """A service with a certificate for localhost and a token."""
    issued = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    settings = Settings(
        database=tmp_path / "store" / "trialbook.db",
        address="127.0.0.1:0",
        token="a long random text",
        tls_certificate=certificate,
        tls_key=key,
    )
    async with running(settings) as bound:
        yield bound


def trust(authority: trustme.CA, folder: Path) -> Tls:
    certificates = folder / "ca.pem"
    authority.cert_pem.write_to_path(certificates)
    return Tls(ca=certificates)


async def test_a_client_that_trusts_the_authority_is_served(
    address: str, authority: trustme.CA, tmp_path: Path
) -> None:
    tls = trust(authority, tmp_path)

    async with AsyncClient(address, token="a long random text", tls=tls) as client:
        created = await client.datasets.create("over-tls")

    assert created.name == "projects/default/datasets/over-tls"


async def test_a_client_that_trusts_another_authority_gets_no_answer(
    address: str, tmp_path: Path
) -> None:
    tls = trust(trustme.CA(), tmp_path)

    async with AsyncClient(address, token="a long random text", tls=tls) as client:
        with pytest.raises(Unavailable):
            await client.datasets.get("over-tls")


async def test_a_client_in_plain_text_gets_no_answer(address: str) -> None:
    async with AsyncClient(address, token="a long random text") as client:
        with pytest.raises(Unavailable):
            await client.datasets.get("over-tls")


async def test_a_key_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    settings = Settings(
        database=tmp_path / "trialbook.db",
        address="127.0.0.1:0",
        tls_certificate=missing,
        tls_key=missing,
    )

    with pytest.raises(InvalidSettings, match=r"missing\.pem"):
        async with running(settings):
            pass
