"""Copies of what was accepted reach another collector, whatever becomes of that one."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.contract.otlp.telemetry import (
    Collector,
    new_span,
    new_trace,
    receiving,
    spans,
)
from tests.contract.otlp.test_doors import LOGS, TRACES, as_json, records_as_json
from tests.service import eventually
from trialbook.services.otlp import tee as tee_module
from trialbook.services.otlp.signal import TRACES as TRACES_SIGNAL
from trialbook.services.otlp.signal import Signal
from trialbook.services.otlp.tee import Tee
from trialbook.services.otlp.tee_endpoint import TeeEndpoint


@pytest.fixture
def backend() -> str:
    """The tee has nothing to do with the database."""
    return "sqlite"


def endpoint(collector: Collector, scheme: str) -> str:
    place = collector.addresses.http if scheme == "http" else collector.addresses.grpc
    return f"{scheme}://{place}"


@pytest.mark.parametrize("scheme", ["grpc", "http"])
async def test_what_was_accepted_arrives_at_the_other_collector(
    tmp_path: Path, scheme: str
) -> None:
    trace, other, log = new_trace(), new_trace(), new_trace()
    async with receiving(tmp_path / "other", token="for it") as target:
        async with receiving(
            tmp_path,
            tee_endpoint=endpoint(target, scheme),
            tee_headers="authorization=Bearer%20for%20it",
        ) as collector:
            await collector.export(spans(new_span(trace, "from-grpc"), new_span(b"rejected")))
            await collector.post(TRACES, as_json(other, "json"), content_type="application/json")
            await collector.post(
                LOGS, records_as_json(traceId=log.hex()), content_type="application/json"
            )
            await eventually(lambda: has(target, trace, other, log))

        assert await target.names(trace) == ["from-grpc"]
        assert await target.names(other) == ["json"]
        assert len(await target.stored_logs(log)) == 1


async def has(target: Collector, *traces: bytes) -> bool:
    return all([await target.row(trace) for trace in traces])


@pytest.mark.parametrize("scheme", ["grpc", "http"])
async def test_what_cannot_be_delivered_is_tried_again(tmp_path: Path, scheme: str) -> None:
    trace = new_trace()
    async with receiving(tmp_path / "other") as target:
        place = endpoint(target, scheme)
        addresses = target.addresses
    async with receiving(tmp_path, tee_endpoint=place) as collector:
        await collector.export(spans(new_span(trace)))
        assert await collector.row(trace) is not None, "the acknowledgement does not wait"

        async with receiving(
            tmp_path / "other", address=addresses.grpc, http_address=addresses.http
        ) as target:
            await eventually(lambda: has(target, trace))


async def test_what_is_refused_is_dropped_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving(tmp_path / "other", token="another") as target:
        tee = Tee(TeeEndpoint.parse(endpoint(target, "http"), "authorization=Bearer%20secret"))
        tee.start()
        with caplog.at_level(logging.WARNING, logger=tee_module.__name__):
            for _ in range(3):
                tee.offer(TRACES_SIGNAL, spans(new_span(new_trace())).SerializeToString(), "")
            await eventually(lambda: dropped(tee, 3))
            assert len(caplog.messages) == 1
            await tee.stop(2.0)

    assert len(caplog.messages) == 2
    assert "2 requests were not forwarded" in caplog.messages[1]
    assert "401" in caplog.messages[0]
    assert "secret" not in caplog.text


async def dropped(tee: Tee, count: int) -> bool:
    return tee.dropped == count


async def test_what_finds_no_room_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tee_module, "MOST_QUEUED", 100)
    tee = Tee(TeeEndpoint.parse("http://127.0.0.1:9"))

    tee.offer(TRACES_SIGNAL, b"x" * 60, "")
    tee.offer(TRACES_SIGNAL, b"x" * 60, "")

    assert tee.dropped == 1
    await tee.stop(0.01)
    assert tee.dropped == 2


async def test_a_request_goes_round_a_ring_of_services_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[str] = []
    offer = Tee.offer

    def note(tee: Tee, signal: Signal, body: bytes, hops: str) -> None:
        offered.append(hops)
        offer(tee, signal, body, hops)

    monkeypatch.setattr(Tee, "offer", note)
    trace = new_trace()
    async with receiving(tmp_path / "second") as second:
        place = second.addresses
    async with (
        receiving(tmp_path / "first", tee_endpoint=f"grpc://{place.grpc}") as first,
        receiving(
            tmp_path / "second",
            address=place.grpc,
            http_address=place.http,
            tee_endpoint=f"http://{first.addresses.http}",
        ) as second,
    ):
        await first.export(spans(new_span(trace)))
        await eventually(lambda: came_to(offered, 3))

    # From its sender, at the second service, and back at the first, which let it be.
    assert [len(hops.split(",")) if hops else 0 for hops in offered] == [0, 1, 2]


async def came_to(those: list[str], count: int) -> bool:
    return len(those) >= count
