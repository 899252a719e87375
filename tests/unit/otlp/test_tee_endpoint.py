from __future__ import annotations

import pytest

from trialbook.services.otlp.tee_endpoint import TeeEndpoint


@pytest.mark.parametrize(
    ("text", "host", "port", "path", "shown"),
    [
        ("http://host:4318", "host", 4318, "", "http://host:4318"),
        ("https://host", "host", 443, "", "https://host:443"),
        ("https://host/api/otel/", "host", 443, "/api/otel", "https://host:443/api/otel"),
        ("grpc://host", "host", 4317, "", "grpc://host:4317"),
        ("grpcs://[::1]:7", "::1", 7, "", "grpcs://[::1]:7"),
    ],
)
def test_an_endpoint_is_read(text: str, host: str, port: int, path: str, shown: str) -> None:
    endpoint = TeeEndpoint.parse(text)

    assert (endpoint.host, endpoint.port, endpoint.path) == (host, port, path)
    assert str(endpoint) == shown


@pytest.mark.parametrize(
    "text",
    [
        "host:4318",
        "ftp://host",
        "http://",
        "http://host:port",
        "http://host:70000",
        "grpc://host/path",
        "http://host?x=1",
        "http://user:secret@host",
        "https://user@host/v1?api_key=secret",
    ],
)
def test_what_is_no_endpoint_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="tee_endpoint") as caught:
        TeeEndpoint.parse(text)
    assert "secret" not in str(caught.value) or "user" not in text


def test_headers_are_percent_decoded_and_never_shown() -> None:
    endpoint = TeeEndpoint.parse("http://h", "Authorization=Basic%20c2VjcmV0PQ==, x-team = a ")

    assert endpoint.headers == (("authorization", "Basic c2VjcmV0PQ=="), ("x-team", "a"))
    assert "c2Vj" not in repr(endpoint)


@pytest.mark.parametrize("text", ["secret", "a=b,secret", "a b=secret", "a=secret%0a"])
def test_broken_headers_are_told_without_their_values(text: str) -> None:
    with pytest.raises(ValueError, match="tee_headers") as caught:
        TeeEndpoint.parse("http://h", text)
    assert "secret" not in str(caught.value)
